"""The app of the operators' console."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Superadmin on django-unfold."""

    name = "console"
    verbose_name = "Console"
