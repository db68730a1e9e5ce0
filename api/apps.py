"""The app of the REST API."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Tokens, idempotency keys, problems, v1."""

    name = "api"

    def ready(self) -> None:
        """Say who forgets old answers, and that tokens end with the employment."""
        from api.domain.tokens import revoke_tokens_of  # models are loaded only now
        from api.idempotency import DUE_KIND, forget_answers
        from chains.due import register_due
        from tenants.people.domain.departures import register_departure

        register_due(DUE_KIND, forget_answers)
        register_departure("tokens", revoke_tokens_of)
