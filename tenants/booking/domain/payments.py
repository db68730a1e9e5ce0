"""Payments for holds: a place is paid at the price that the hold fixed, and money without a place goes back.

    asked ──declined
      └─approved─▶ booked ──captured            the hold stood, or its place was still free
              └──▶ refund_due ──refunded        somebody else had it: all of the money goes back

Nothing calls the provider inside a transaction: what is decided is committed with an event, the outbox makes
the call (idempotent by the payment's id) and what came of it is recorded in a transaction of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import Booking, Claim, HoldPayment, PaymentState, Status, Transition
from tenants.events.domain.record import record_event
from tenants.events.domain.subscribers import Call, Happened
from tenants.people.domain.rights import NOBODY, Action, Actor, NotSeen

from .attempts import again_on_conflict
from .change import HoldExpired, hold_is_over, visible_booking
from .claims import FULL, SlotTaken, wanted_of
from .holds import take_claims
from .one_at_a_time import lock_member, require_member_free
from .rules import MemberOverlap
from .transitions import Move, apply_move, read_booking

ASKED, BOOKED, REFUND_DUE = "payment.asked", "payment.booked", "payment.refund_due"
KINDS = frozenset({ASKED, BOOKED, REFUND_DUE})


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What a provider says of a payment: its own name for it, and whether the money is set aside."""

    reference: str
    approved: bool


class Payments(Protocol):
    """A payment provider. Every call is repeatable: the same key has the same effect once. Minor units."""

    def authorise(self, key: str, *, amount: int, currency: str) -> Authorisation | None:
        """Set the money aside; None where the answer comes later, by receive_payment. Raises where unreachable."""

    def capture(self, key: str, *, reference: str, amount: int) -> None:
        """Take the money that was set aside. Raises where unreachable."""

    def refund(self, key: str, *, reference: str, amount: int) -> None:
        """Let all of it go, set aside or taken. Raises where unreachable."""


_provider: list[Payments] = []


def register_payments(provider: Payments) -> None:
    """Whoever registers last is paid through."""
    _provider[:] = [provider]


class NothingToPay(Refusal):
    """The hold costs nothing, or is being paid already."""

    code = "nothing_to_pay"
    status = 422
    title = _("Nothing to pay")
    detail = _("There is nothing to pay for this booking.")
    fix = _("Confirm it.")


@again_on_conflict
def ask_payment(booking_id: UUID, *, by: Actor, now: datetime) -> HoldPayment:
    """Ask for the price of a hold; the answer confirms it. Raises NotSeen, HoldExpired, NothingToPay."""
    booking = visible_booking(booking_id, by=by, action=Action.CHANGE_BOOKING)
    if booking.status != Status.HELD or hold_is_over(booking, now=now):
        raise HoldExpired
    # one at a time: the hold's row is the lock
    Booking.objects.select_for_update(no_key=True).get(id=booking_id)
    counting = (PaymentState.ASKED, PaymentState.BOOKED, PaymentState.CAPTURED)
    if booking.price_amount <= 0 or booking.payments.filter(state__in=counting).exists():
        raise NothingToPay
    payment = HoldPayment.objects.create(
        booking_id=booking_id, amount=booking.price_amount, currency=booking.currency, asked_at=now
    )
    _tell(payment, ASKED, booking, now=now)
    return payment


@again_on_conflict
def receive_payment(payment_id: UUID, *, answer: Authorisation, now: datetime) -> HoldPayment:
    """The provider's answer has come: the hold is confirmed, or its place taken again, or the money goes back.

    Told twice, the second changes nothing. Raises NotSeen.
    """
    payment = HoldPayment.objects.select_for_update(no_key=True).filter(id=payment_id).first()
    if payment is None:
        raise NotSeen
    if payment.state != PaymentState.ASKED:
        return payment
    booking = read_booking(payment.booking_id)
    assert booking is not None
    payment.reference = answer.reference
    if not answer.approved:
        return _settle(payment, PaymentState.DECLINED, booking, now=now)
    booked = _book(booking, now=now)
    return _settle(payment, PaymentState.BOOKED if booked else PaymentState.REFUND_DUE, booking, now=now)


def _book(booking: Booking, *, now: datetime) -> bool:
    """Make the hold a booking, over its expiry too where its place is still free; whether it is one now."""
    if booking.status == Status.HELD and booking.expires_at is not None and booking.expires_at <= now:
        apply_move(booking, Move.EXPIRE, now=now)
    if booking.status == Status.HELD:
        apply_move(booking, Move.CONFIRM, now=now, fields={"expires_at": None})
        return True
    if booking.status != Status.EXPIRED or booking.member_id is None or booking.ends_at <= now:
        return False
    try:
        with transaction.atomic():
            _revive(booking, booking.member_id, now=now)
    except (SlotTaken, *FULL, MemberOverlap):
        return False
    return True


def _revive(booking: Booking, member_id: UUID, *, now: datetime) -> None:
    """Take again exactly what the hold let go of."""
    lock_member(member_id)
    ended = Transition.objects.filter(booking_id=booking.id, after=Status.EXPIRED).order_by("-id").first()
    let_go = ended.detail.get("let_go", []) if ended else []
    if not let_go:
        raise SlotTaken(params={"name": ""})
    take_claims(booking.id, wanted=wanted_of(Claim.objects.filter(id__in=let_go)), now=now)
    if booking.pickup_window_id is None:
        require_member_free(member_id, booking, now=now)
    apply_move(booking, Move.REVIVE, by=NOBODY, now=now, fields={"expires_at": None})


def _settle(payment: HoldPayment, state: PaymentState, booking: Booking, *, now: datetime) -> HoldPayment:
    payment.state, payment.settled_at = state, now
    payment.save(update_fields=["state", "reference", "settled_at"])
    if state != PaymentState.DECLINED:
        _tell(payment, BOOKED if state == PaymentState.BOOKED else REFUND_DUE, booking, now=now)
    return payment


def _tell(payment: HoldPayment, kind: str, booking: Booking, *, now: datetime) -> None:
    record_event(
        kind,
        subject_id=payment.id,
        store_id=booking.store_id,
        version=1,
        payload={"state": payment.state},
        now=now,
    )


def call_provider(event: Happened, *, now: datetime) -> Call | None:
    """Subscriber `payments`: the call that an event of a payment asks for, and the record of its answer."""
    payment = HoldPayment.objects.filter(id=event.subject_id).first()
    if payment is None:
        return None
    provider, key = _provider[0], str(payment.id)

    def authorise() -> None:
        answer = provider.authorise(key, amount=payment.amount, currency=payment.currency)
        if answer is not None:
            receive_payment(payment.id, answer=answer, now=now)

    def capture() -> None:
        provider.capture(key, reference=payment.reference, amount=payment.amount)
        _record(payment.id, PaymentState.BOOKED, PaymentState.CAPTURED)

    def refund() -> None:
        provider.refund(key, reference=payment.reference, amount=payment.amount)
        _record(payment.id, PaymentState.REFUND_DUE, PaymentState.REFUNDED)

    expected = {
        ASKED: (PaymentState.ASKED, authorise),
        BOOKED: (PaymentState.BOOKED, capture),
        REFUND_DUE: (PaymentState.REFUND_DUE, refund),
    }
    state, call = expected[event.kind]
    return call if payment.state == state else None


def _record(payment_id: UUID, before: PaymentState, after: PaymentState) -> None:
    HoldPayment.objects.filter(id=payment_id, state=before).update(state=after)
