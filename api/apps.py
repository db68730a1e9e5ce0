"""The app of the REST API."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Tokens, idempotency keys, problems, v1."""

    name = "api"

    def ready(self) -> None:
        """Say who forgets old answers."""
        from api.idempotency import DUE_KIND, forget_answers  # models are loaded only now
        from chains.due import register_due

        register_due(DUE_KIND, forget_answers)
