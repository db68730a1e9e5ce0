"""The app `tenants.booking`."""

from django.apps import AppConfig


class BookingConfig(AppConfig):
    """Claims, bookings, redemptions, availability."""

    name = "tenants.booking"
    label = "booking"

    def ready(self) -> None:
        """Register due work (holds, figures) and subscribers (the members' texts, the count of bookings)."""
        from chains.chores import register_chore
        from chains.due import register_due
        from chains.ports import register_starter
        from tenants.booking.domain.figures import FIGURES, push_figures, start_figures
        from tenants.booking.domain.holds import HOLDS, expire_holds, sweep_holds
        from tenants.booking.domain.metering import COUNTED_KINDS, count_booking
        from tenants.booking.domain.notices import KINDS, tell_member
        from tenants.booking.domain.plugged import HOOKS
        from tenants.booking.domain.visitor_holds import forget_visitor_holds
        from tenants.events.domain.subscribers import register_subscriber
        from tenants.events.domain.usage import MESSAGES
        from tenants.extension.registry import register_core

        register_due(HOLDS, expire_holds)
        register_due(FIGURES, push_figures)
        register_starter("figures", order=50, run=start_figures)
        register_chore("overdue holds", sweep_holds)
        register_chore("visitors' holds", forget_visitor_holds)
        register_subscriber("member_text", tell_member, kinds=KINDS, meter=MESSAGES)
        register_subscriber("booking_count", count_booking, kinds=COUNTED_KINDS)
        register_core("booking", HOOKS)
