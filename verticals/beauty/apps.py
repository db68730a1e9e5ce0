"""The app of the vertical `beauty`."""

from django.apps import AppConfig


class BeautyConfig(AppConfig):
    """Everything of one industry in one folder."""

    name = "verticals.beauty"
    label = "beauty"
