"""The app of the vertical `dining`."""

from django.apps import AppConfig


class DiningConfig(AppConfig):
    """Everything of one industry in one folder."""

    name = "verticals.dining"
    label = "dining"
