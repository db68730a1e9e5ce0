"""The app of the REST API."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Tokens, idempotency keys, problems, v1."""

    name = "api"

    def ready(self) -> None:
        """Say who lets go of old answers and tokens, and that tokens end with the employment."""
        from api.domain.tokens import forget_tokens, revoke_tokens_of  # models are loaded only now
        from api.idempotency import forget_answers
        from chains.chores import register_chore
        from tenants.people.domain.departures import register_departure

        register_chore("answers", forget_answers)
        register_chore("tokens", forget_tokens)
        register_departure("tokens", revoke_tokens_of)
