"""Payments for holds: a place is paid at the price that the hold fixed, and money without a place goes back.

    asked ──declined
      └─approved─▶ booked ──captured            the hold stood, or its place was still free
              └──▶ refund_due ──refunded        somebody else had it: all of the money goes back

What is paid is the deposit of the terms, or the price where they ask none. An approval after a decline counts:
a member may try again on the provider's page. Nothing calls the provider inside a transaction: what is decided
is committed with an event, the outbox makes the call (idempotent by the payment's id) and what came of it is
recorded in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import (
    COUNTING,
    Booking,
    Claim,
    HoldPayment,
    PaymentState,
    PickupWindow,
    RefundCause,
    Session,
    SessionState,
    Status,
    Transition,
)
from tenants.events.domain.record import record_event
from tenants.events.domain.subscribers import Call, Happened
from tenants.people.domain.rights import NOBODY, Action, Actor, NotSeen
from tenants.people.models import Leave

from .answering import answer_hold
from .attempts import Raced, again_on_conflict
from .change import HoldExpired, hold_is_over, lock_booking, visible_booking
from .claims import FULL, ResourceClaim, SlotTaken, Wanted, constraint_of, wanted_of
from .holds import take_claims
from .offer_answers import AWAITS, answer_offer
from .one_at_a_time import lock_member, require_member_free
from .payment_port import Authorisation, payment_provider
from .refunds import REFUND_DUE, give_back, refund_call
from .rules import MemberOverlap
from .terms import terms_of
from .transitions import Move, apply_move, read_booking
from .waiting_state import settle_offer, settle_revived

ASKED, BOOKED = "payment.asked", "payment.booked"
KINDS = frozenset({ASKED, BOOKED, REFUND_DUE})
# What the line of a booking's history says that it was the payment that confirmed it.
PAID_FOR = {"paid": True}


class NothingToPay(Refusal):
    """The hold costs nothing, or is being paid already."""

    code = "nothing_to_pay"
    status = 422
    title = _("Nothing to pay")
    detail = _("There is nothing to pay for this booking.")
    fix = _("Confirm it.")


@again_on_conflict
def ask_payment(booking_id: UUID, *, by: Actor, now: datetime) -> HoldPayment:
    """Ask for the deposit of a hold, or its price; the answer confirms it.

    Raises NotSeen, HoldExpired, PaymentsClosed, NothingToPay where it is being paid already.
    """
    booking = _payable(booking_id, by=by, now=now)
    if booking.payments.filter(state__in=COUNTING).exists():
        raise NothingToPay
    return _ask(booking, now=now)


@again_on_conflict
def open_payment(
    booking_id: UUID, *, by: Actor, now: datetime, details: Mapping[str, Any] | None = None
) -> HoldPayment:
    """As ask_payment, but asked twice it is the same payment: for whoever presses the button again.

    `details` answer what is asked of an offer's hold that nobody has answered yet. Raises DetailsInvalid and what
    plug-ins' rules refuse, too.
    """
    booking = _payable(booking_id, by=by, now=now)
    under_way = booking.payments.filter(state=PaymentState.ASKED).first()
    if under_way is not None:
        return under_way
    if booking.payments.filter(state__in=COUNTING).exists():
        raise NothingToPay
    answered = answer_offer(booking, details or {}, by=by, now=now)
    if answered:
        apply_move(booking, Move.AWAIT_PAYMENT, by=by, now=now, fields=answered, detail=AWAITS)
    return _ask(booking, now=now)


def _payable(booking_id: UUID, *, by: Actor, now: datetime) -> Booking:
    """The hold, locked: one payment at a time is asked."""
    booking = visible_booking(booking_id, by=by, action=Action.CHANGE_BOOKING)
    if booking.status != Status.HELD or hold_is_over(booking, now=now):
        raise HoldExpired
    payment_provider()
    lock_booking(booking)
    return booking


def _ask(booking: Booking, *, now: datetime) -> HoldPayment:
    amount = terms_of(booking).deposit or booking.price_amount
    if amount <= 0:
        raise NothingToPay
    payment = HoldPayment.objects.create(
        booking_id=booking.id, amount=amount, currency=booking.currency, asked_at=now
    )
    _tell(payment, ASKED, booking, now=now)
    return payment


@again_on_conflict
def await_payment(
    booking_id: UUID, *, by: Actor, now: datetime, details: Mapping[str, Any] | None = None
) -> Booking:
    """An offer is wanted, and its deposit is still to be paid: the answers are kept, the hold goes on as long as it did.

    Raises HoldExpired; DetailsInvalid and what plug-ins' rules refuse; PaymentsClosed.
    """
    booking = _payable(booking_id, by=by, now=now)
    fields = answer_hold(booking, details or {}, by_staff=by.is_employee, now=now)
    apply_move(booking, Move.AWAIT_PAYMENT, by=by, now=now, fields=fields, detail=AWAITS)
    return booking


@again_on_conflict
def receive_payment(payment_id: UUID, *, answer: Authorisation, now: datetime) -> HoldPayment:
    """The provider's answer has come: the hold is confirmed, or its place taken again, or the money goes back.

    Told twice, the second changes nothing. Raises NotSeen.
    """
    payment = HoldPayment.objects.select_for_update(no_key=True).filter(id=payment_id).first()
    if payment is None:
        raise NotSeen
    open_still = payment.state == PaymentState.ASKED
    if not open_still and not (payment.state == PaymentState.DECLINED and answer.approved):
        return payment
    booking = read_booking(payment.booking_id)
    assert booking is not None
    payment.reference = answer.reference
    if not answer.approved:
        return _settle(payment, PaymentState.DECLINED, now=now)
    others = booking.payments.filter(state__in=COUNTING).exclude(id=payment.id)
    if others.exists() or not _book(booking, now=now):
        give_back(payment, payment.amount, cause=RefundCause.NO_PLACE, store_id=booking.store_id, now=now)
        return payment
    _settle(payment, PaymentState.BOOKED, now=now)
    _tell(payment, BOOKED, booking, now=now)
    return payment


def _book(booking: Booking, *, now: datetime) -> bool:
    """Make the hold a booking, over its expiry too where its place is still free; whether it is one now."""
    if booking.status == Status.HELD and not hold_is_over(booking, now=now):
        apply_move(booking, Move.CONFIRM, now=now, fields={"expires_at": None}, detail=PAID_FOR)
        settle_offer(booking, now=now)
        return True
    if booking.status not in (Status.HELD, Status.EXPIRED):
        return False
    still_there = _lock_spot(booking)
    if booking.status == Status.HELD:
        apply_move(booking, Move.EXPIRE, now=now)
    if not still_there or booking.member_id is None or booking.ends_at <= now:
        return False
    try:
        with transaction.atomic():
            _revive(booking, booking.member_id, now=now)
    except (SlotTaken, *FULL, MemberOverlap):
        return False
    return True


def _lock_spot(booking: Booking) -> bool:
    """Whether the session or window is still as it was held, its row locked; True for what has none."""
    if booking.session_id is not None:
        session = Session.objects.select_for_update(no_key=True).get(id=booking.session_id)
        held = (booking.starts_at, booking.ends_at, booking.practitioner_id, booking.resource_id)
        stands = (session.starts_at, session.ends_at, session.practitioner_id, session.resource_id)
        return session.state == SessionState.SCHEDULED and stands == held
    if booking.pickup_window_id is not None:
        return PickupWindow.objects.select_for_update(no_key=True).get(id=booking.pickup_window_id).open
    return True


def _require_nobody_away(wanted: Sequence[Wanted]) -> None:
    """Raise SlotTaken where one of the people that are wanted has gone on leave meanwhile; at most one query."""
    away = Q()
    for want in wanted:
        if isinstance(want, ResourceClaim):
            span = want.during
            away |= Q(employee__resource_id=want.resource_id, starts_at__lt=span.end, ends_at__gt=span.start)
    if away and Leave.objects.filter(away).exists():
        raise SlotTaken(params={"name": ""})


def _revive(booking: Booking, member_id: UUID, *, now: datetime) -> None:
    """Take again exactly what the hold let go of."""
    lock_member(member_id)
    ended = Transition.objects.filter(booking_id=booking.id, after=Status.EXPIRED).order_by("-id").first()
    let_go = ended.detail.get("let_go", []) if ended else []
    if not let_go:
        raise SlotTaken(params={"name": ""})
    wanted = wanted_of(Claim.objects.filter(id__in=let_go))
    _require_nobody_away(wanted)
    take_claims(booking.id, wanted=wanted, now=now)
    if booking.pickup_window_id is None:
        require_member_free(member_id, booking, now=now)
    apply_move(booking, Move.REVIVE, by=NOBODY, now=now, fields={"expires_at": None}, detail=PAID_FOR)
    settle_revived(booking, now=now)


def _settle(payment: HoldPayment, state: PaymentState, *, now: datetime) -> HoldPayment:
    """Write what became of it. Raises Raced where another payment of the booking has come to count meanwhile."""
    payment.state, payment.settled_at = state, now
    try:
        payment.save(update_fields=["state", "reference", "settled_at"])
    except IntegrityError as error:
        if constraint_of(error) == "payment_one_that_counts":
            raise Raced from error
        raise
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
    if event.kind == REFUND_DUE:
        return refund_call(event, now=now)
    payment = HoldPayment.objects.filter(id=event.subject_id).first()
    if payment is None:
        return None
    provider, key = payment_provider(), str(payment.id)

    def authorise() -> None:
        answer = provider.authorise(key, amount=payment.amount, currency=payment.currency)
        if answer is not None:
            receive_payment(payment.id, answer=answer, now=now)

    def capture() -> None:
        provider.capture(key, reference=payment.reference, amount=payment.amount)
        HoldPayment.objects.filter(id=payment.id, state=PaymentState.BOOKED).update(
            state=PaymentState.CAPTURED
        )

    expected = {ASKED: (PaymentState.ASKED, authorise), BOOKED: (PaymentState.BOOKED, capture)}
    state, call = expected[event.kind]
    return call if payment.state == state else None


def payment_page(payment: HoldPayment) -> str:
    """Where the member pays it; empty for one that is not being paid any more."""
    return payment_provider().page(str(payment.id)) if payment.state == PaymentState.ASKED else ""
