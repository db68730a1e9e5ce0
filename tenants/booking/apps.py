"""The app `tenants.booking`."""

from django.apps import AppConfig


class BookingConfig(AppConfig):
    """Claims, bookings, redemptions, availability, the waiting list."""

    name = "tenants.booking"
    label = "booking"

    def ready(self) -> None:
        """Register what is due by the clock, and who is told of what happens."""
        _register_work()
        _register_subscribers()
        _plug_in()


def _register_work() -> None:
    from django.conf import settings

    from chains.chores import register_chore
    from chains.due import register_due
    from chains.ports import register_starter
    from tenants.booking.domain.checks import register_check
    from tenants.booking.domain.credits import register_credits
    from tenants.booking.domain.deposits import find_unpaid
    from tenants.booking.domain.fake_payments import FakePayments
    from tenants.booking.domain.figures import FIGURES, push_figures, start_figures
    from tenants.booking.domain.holds import HOLDS, expire_holds, sweep_holds
    from tenants.booking.domain.payment_port import register_payments
    from tenants.booking.domain.pickups import lay_all_windows
    from tenants.booking.domain.pool_credits import PoolCredits
    from tenants.booking.domain.visitor_holds import forget_visitor_holds
    from tenants.booking.domain.waiting import sweep_waiting
    from tenants.booking.domain.waiting_events import wake_waiting
    from tenants.booking.domain.wishes import WAITING, forget_wishes
    from tenants.stores.domain.plans import register_plan_listener

    register_due(HOLDS, expire_holds)
    register_due(FIGURES, push_figures, whole=True)
    register_due(WAITING, sweep_waiting)
    register_starter("figures", order=50, run=start_figures)
    register_chore("overdue holds", sweep_holds)
    register_chore("visitors' holds", forget_visitor_holds)
    register_chore("old wishes", forget_wishes)
    register_chore("pickup windows", lay_all_windows)
    register_plan_listener(wake_waiting)
    register_credits(PoolCredits())
    register_check("deposits", find_unpaid)
    # a provider that only pretends has no business where people pay
    if settings.IS_DEMO:
        register_payments(FakePayments(slow=True))


def _register_subscribers() -> None:
    from tenants.booking.domain.late import KIND as LATE
    from tenants.booking.domain.late import tell_member_late
    from tenants.booking.domain.metering import COUNTED_KINDS, count_booking
    from tenants.booking.domain.notices import KINDS, tell_member
    from tenants.booking.domain.payment_notices import KINDS as REFUNDS
    from tenants.booking.domain.payment_notices import tell_of_refund
    from tenants.booking.domain.payments import KINDS as PAYMENTS
    from tenants.booking.domain.payments import call_provider
    from tenants.booking.domain.refunds import KINDS as ENDS
    from tenants.booking.domain.refunds import PROVIDER, settle_ended
    from tenants.booking.domain.rota_notices import KINDS as ROTA_KINDS
    from tenants.booking.domain.rota_notices import tell_of_rota
    from tenants.booking.domain.session_notices import KINDS as SESSION_KINDS
    from tenants.booking.domain.session_notices import tell_of_session
    from tenants.booking.domain.staff_notices import KINDS as STAFF_KINDS
    from tenants.booking.domain.staff_notices import tell_practitioner
    from tenants.booking.domain.waiting_events import KINDS as WAKES
    from tenants.booking.domain.waiting_events import serve_waiting
    from tenants.booking.domain.waiting_notices import KINDS as OFFER_KINDS
    from tenants.booking.domain.waiting_notices import tell_of_offer
    from tenants.events.domain.subscribers import register_subscriber
    from tenants.events.domain.usage import MESSAGES

    register_subscriber("member_text", tell_member, kinds=KINDS, meter=MESSAGES)
    register_subscriber("late_text", tell_member_late, kinds=frozenset({LATE}), meter=MESSAGES)
    register_subscriber("waiting_text", tell_of_offer, kinds=OFFER_KINDS, meter=MESSAGES)
    register_subscriber("practitioner_note", tell_practitioner, kinds=STAFF_KINDS, meter=MESSAGES)
    register_subscriber("session_note", tell_of_session, kinds=SESSION_KINDS, meter=MESSAGES)
    register_subscriber("rota_note", tell_of_rota, kinds=ROTA_KINDS, meter=MESSAGES)
    register_subscriber(PROVIDER, call_provider, kinds=PAYMENTS)
    register_subscriber("deposits", settle_ended, kinds=ENDS)
    register_subscriber("payment_text", tell_of_refund, kinds=REFUNDS, meter=MESSAGES)
    register_subscriber("booking_count", count_booking, kinds=COUNTED_KINDS)
    register_subscriber("waiting", serve_waiting, kinds=WAKES)


def _plug_in() -> None:
    from tenants.booking.domain.plugged import HOOKS
    from tenants.extension.registry import register_core

    register_core("booking", HOOKS)
