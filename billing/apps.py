"""The app of plans and subscriptions."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Plans and the trial; subscriptions follow."""

    name = "billing"

    def ready(self) -> None:
        """Chains start on our trial's terms."""
        from billing.domain.plans import terms_of_trial
        from chains.ports import register_trial_terms

        register_trial_terms(terms_of_trial)
