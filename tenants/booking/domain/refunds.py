"""Money that goes back: all of it where a paid place was gone, and what is not owed once a booking has come to nothing.

a paid booking                       kept                        goes back
cancelled in time, or by the shop    nothing                     all
cancelled late, or a no-show         the fee, at most what was   the rest
                                     paid
… and the fee let off                nothing                     all that was kept
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from tenants.booking.models import (
    HoldPayment,
    Means,
    PaymentRefund,
    PaymentState,
    Penalty,
    PenaltyKind,
    RefundCause,
    Status,
)
from tenants.events.domain.record import record_event
from tenants.events.domain.subscribers import Call, Happened
from tenants.people.domain.rights import NOBODY, Actor

from .deposits import PAID
from .payment_port import payment_provider
from .transitions import read_booking

REFUND_DUE = "payment.refund_due"
# Whom the outbox tells to make the call.
PROVIDER = "payments"
# What can make a part of the money no longer owed.
KINDS = frozenset({"booking.cancelled", "booking.no_show", "penalty.waived"})


def give_back(
    payment: HoldPayment, amount: int, *, cause: RefundCause, store_id: UUID, now: datetime
) -> PaymentRefund:
    """So much of the payment goes back: written with the event that makes the call. The caller holds the row."""
    payment.returned += amount
    if payment.returned == payment.amount:
        payment.state = PaymentState.REFUND_DUE
    payment.settled_at = payment.settled_at or now
    payment.save(update_fields=["returned", "state", "reference", "settled_at"])
    refund = PaymentRefund.objects.create(payment_id=payment.id, amount=amount, cause=cause, asked_at=now)
    record_event(
        REFUND_DUE,
        subject_id=payment.id,
        store_id=store_id,
        version=1,
        payload={"state": payment.state, "refund": str(refund.id)},
        now=now,
    )
    return refund


def settle_ended(event: Happened, *, now: datetime) -> Call | None:
    """Subscriber `deposits`: what the booking's end, or a waiver, leaves unowed goes back. Told twice, nothing more."""
    booking = read_booking(event.subject_id)
    if booking is None or booking.status not in (Status.CANCELLED, Status.NO_SHOW):
        return None
    payment = HoldPayment.objects.select_for_update(no_key=True).filter(booking_id=booking.id, state__in=PAID)
    for paid in payment:
        back = paid.amount - paid.returned - fees_owed(booking.id)
        if back > 0:
            cause = RefundCause.WAIVED if event.kind == "penalty.waived" else RefundCause.ENDED
            give_back(paid, back, cause=cause, store_id=booking.store_id, now=now)
    return None


def fees_owed(booking_id: UUID) -> int:
    """What the booking's end costs its member and was not let off; minor units of the booking's currency."""
    fees = Penalty.objects.filter(booking_id=booking_id, kind=PenaltyKind.FEE, waiver=None)
    total: int | None = fees.aggregate(total=Sum("amount"))["total"]
    return total or 0


def refund_call(event: Happened, *, now: datetime) -> Call | None:
    """The call that lets the money go, and the record that it went; nothing for what a person gives back."""
    refund = PaymentRefund.objects.select_related("payment").filter(id=event.payload.get("refund")).first()
    if refund is None or refund.done_at is not None or refund.payment.means == Means.DESK:
        return None
    provider, payment = payment_provider(), refund.payment

    def call() -> None:
        reference = payment.reference
        if payment.state != PaymentState.CAPTURED and refund.amount < payment.amount:
            # a part goes back of what may be only set aside: the whole is taken first, once by its key
            provider.capture(str(payment.id), reference=reference, amount=payment.amount)
            HoldPayment.objects.filter(id=payment.id, state=PaymentState.BOOKED).update(
                state=PaymentState.CAPTURED
            )
        provider.refund(str(refund.id), reference=reference, amount=refund.amount)
        note_returned(refund, now=now)

    return call


@transaction.atomic
def note_returned(refund: PaymentRefund, *, by: Actor = NOBODY, now: datetime) -> bool:
    """The money is back; once nothing of the payment is under way it is refunded. False for what was noted before.

    The payment's row is locked: the last two refunds of one, noted at once, must see each other.
    """
    payment = HoldPayment.objects.select_for_update(no_key=True).get(id=refund.payment_id)
    waiting = PaymentRefund.objects.filter(id=refund.id, done_at=None)
    if not waiting.update(done_at=now, done_by_id=by.employee_id):
        return False
    refund.done_at, refund.done_by_id = now, by.employee_id
    still = PaymentRefund.objects.filter(payment_id=payment.id, done_at=None).exists()
    if payment.state == PaymentState.REFUND_DUE and not still:
        payment.state = PaymentState.REFUNDED
        payment.save(update_fields=["state"])
    return True
