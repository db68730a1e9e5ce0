"""The app of plans and subscriptions."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Plans and the trial, subscriptions and their payment provider."""

    name = "billing"

    def ready(self) -> None:
        """Chains start on our trial's terms; what is asked of the provider, what it tells, steps in time are due work."""
        from billing.domain.intents import KIND as INTENTS
        from billing.domain.intents import repeat_intents
        from billing.domain.lifecycle import KIND as LIFECYCLE
        from billing.domain.lifecycle import advance_chains, state_of
        from billing.domain.notices import KIND as NOTICES
        from billing.domain.notices import send_notices
        from billing.domain.plans import terms_of_trial
        from billing.domain.refresh import KIND as REFRESH
        from billing.domain.refresh import refresh_due
        from billing.domain.usage import roll_up_usage
        from billing.provider import register_provider
        from billing.stripe_adapter import stripe_from_settings
        from chains.due import register_due
        from chains.ports import register_state_by_payment, register_trial_terms
        from tenants.events.domain.usage import ROLL_UP

        register_trial_terms(terms_of_trial)
        register_state_by_payment(state_of)
        register_provider(stripe_from_settings)
        register_due(INTENTS, repeat_intents)
        register_due(REFRESH, refresh_due)
        register_due(LIFECYCLE, advance_chains)
        register_due(NOTICES, send_notices)
        register_due(ROLL_UP, roll_up_usage)
