"""The app of the pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates, static files, template tags, pages."""

    name = "web"
