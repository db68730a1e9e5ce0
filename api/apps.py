"""The app of the REST API."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Tokens, idempotency keys, problems, v1."""

    name = "api"
