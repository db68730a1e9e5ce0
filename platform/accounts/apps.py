"""The app of sign-in identities."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, and the closed door of the library's own sign-up."""

    name = "accounts"
    verbose_name = "Accounts"
