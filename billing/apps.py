"""The app of plans and subscriptions."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Plans and the trial, subscriptions and their payment provider."""

    name = "billing"

    def ready(self) -> None:
        """Chains start on our trial's terms; what is asked of the provider, what it tells, steps in time are due work."""
        import billing.domain.wishes  # noqa: F401  (its kinds of intents register themselves)
        from billing.domain.events import forget_events
        from billing.domain.intents import KIND as INTENTS
        from billing.domain.intents import repeat_intents
        from billing.domain.lifecycle import KIND as LIFECYCLE
        from billing.domain.lifecycle import advance_chains, ensure_steps, hear_of_act, state_of
        from billing.domain.notices import KIND as NOTICES
        from billing.domain.notices import send_notices
        from billing.domain.own import own_cause
        from billing.domain.plans import terms_of_trial
        from billing.domain.reconciliation import (
            CATCH_UP,
            RECONCILE,
            catch_up_due,
            ensure_rounds,
            forget_differences,
            forget_intents,
            reconcile_due,
        )
        from billing.domain.refresh import KIND as REFRESH
        from billing.domain.refresh import refresh_due
        from billing.domain.usage import roll_up_usage
        from billing.provider import register_provider
        from billing.stripe_adapter import stripe_from_settings
        from chains.chores import register_platform_chore
        from chains.due import register_due
        from chains.ports import (
            register_act_listener,
            register_state_by_payment,
            register_trial_terms,
            register_unpaid_cause,
        )
        from tenants.events.domain.usage import ROLL_UP

        register_trial_terms(terms_of_trial)
        register_state_by_payment(state_of)
        register_unpaid_cause(own_cause)
        register_act_listener(hear_of_act)
        register_provider(stripe_from_settings)
        register_due(INTENTS, repeat_intents)
        register_due(REFRESH, refresh_due)
        register_due(CATCH_UP, catch_up_due)
        register_due(RECONCILE, reconcile_due)
        register_platform_chore("billing rounds", ensure_rounds)
        register_platform_chore("billing events", forget_events)
        register_platform_chore("billing intents", forget_intents)
        register_platform_chore("billing differences", forget_differences)
        register_platform_chore("steps by payment", ensure_steps)
        register_due(LIFECYCLE, advance_chains)
        register_due(NOTICES, send_notices)
        register_due(ROLL_UP, roll_up_usage, whole=True)
