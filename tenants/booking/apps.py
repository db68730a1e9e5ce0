"""The app `tenants.booking`."""

from django.apps import AppConfig


class BookingConfig(AppConfig):
    """Claims, bookings, redemptions, availability."""

    name = "tenants.booking"
    label = "booking"

    def ready(self) -> None:
        """Register the expiry of holds and the figures as due work, and the members' texts as a subscriber."""
        from chains.chores import register_chore
        from chains.due import register_due
        from chains.ports import register_starter
        from tenants.booking.domain.credits import register_credits
        from tenants.booking.domain.fake_payments import FakePayments
        from tenants.booking.domain.figures import FIGURES, push_figures, start_figures
        from tenants.booking.domain.holds import HOLDS, expire_holds, sweep_holds
        from tenants.booking.domain.notices import KINDS, tell_member
        from tenants.booking.domain.payments import KINDS as PAYMENTS
        from tenants.booking.domain.payments import call_provider, register_payments
        from tenants.booking.domain.pickups import lay_all_windows
        from tenants.booking.domain.pool_credits import PoolCredits
        from tenants.booking.domain.visitor_holds import forget_visitor_holds
        from tenants.events.domain.subscribers import register_subscriber

        register_due(HOLDS, expire_holds)
        register_due(FIGURES, push_figures)
        register_starter("figures", order=50, run=start_figures)
        register_chore("overdue holds", sweep_holds)
        register_chore("visitors' holds", forget_visitor_holds)
        register_chore("pickup windows", lay_all_windows)
        register_credits(PoolCredits())
        # nothing is paid online before the till's issue puts a provider here
        register_payments(FakePayments())
        register_subscriber("payments", call_provider, kinds=PAYMENTS)
        register_subscriber("member_text", tell_member, kinds=KINDS)
