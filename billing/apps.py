"""The app of plans and subscriptions."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Plans and the trial; subscriptions follow."""

    name = "billing"
