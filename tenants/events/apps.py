"""The app `tenants.events`."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Events, their outbox, and the relay that empties it."""

    name = "tenants.events"
    label = "events"

    def ready(self) -> None:
        """Register the relay as due work and the live pages as a subscriber."""
        from chains.chores import register_chore
        from chains.due import register_due
        from tenants.events.domain.record import OUTBOX
        from tenants.events.domain.relay import (
            forget_effects,
            relay_deliveries,
            repeat_hint,
            sweep_deliveries,
        )
        from tenants.events.domain.subscribers import register_subscriber
        from tenants.events.domain.usage import sweep_usage

        register_due(OUTBOX, relay_deliveries)
        register_chore("usage not told", sweep_usage)
        register_chore("late deliveries", sweep_deliveries)
        register_chore("effects", forget_effects)
        register_subscriber("live", repeat_hint, hint=True)
