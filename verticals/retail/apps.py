"""The app of the vertical `retail`."""

from django.apps import AppConfig


class RetailConfig(AppConfig):
    """Everything of one industry in one folder."""

    name = "verticals.retail"
    label = "retail"
