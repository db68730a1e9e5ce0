"""Deposits at the desk: taken there, let off for a reason, and given back there.

All three are told to whoever looks at the booking; a hold that waited for its deposit stands from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import (
    Booking,
    DepositWaiver,
    HoldPayment,
    Means,
    PaymentRefund,
    PaymentState,
    Status,
)
from tenants.events.domain.record import record_event
from tenants.people.domain.access import note_access
from tenants.people.domain.rights import Action, Actor
from tenants.stores.domain.money import SpokenMoney

from .attempts import again_on_conflict
from .change import HoldExpired, hold_is_over, lock_booking, visible_booking
from .deposits import deposit_of
from .offer_answers import answer_offer
from .penalties import REASON_LENGTH, ReasonMissing
from .refunds import note_returned
from .terms import terms_of
from .transitions import STATUS_WORDS, Move, StatusForbids, apply_move
from .waiting_state import settle_offer

# Open pages of the day hear of it, by the booking.
SETTLED = "deposit.settled"
STANDING = (Status.HELD, Status.CONFIRMED, Status.ARRIVED)


class DepositSettled(Refusal):
    """The deposit is paid or let off, or there never was one."""

    code = "deposit_settled"
    status = 409
    title = _("No deposit is due")
    detail = _("The deposit of this booking is paid or let off, or none was asked.")
    fix = _("Read the booking again.")


class NothingToReturn(Refusal):
    """No money is waiting to be given back at the desk."""

    code = "nothing_to_return"
    status = 409
    title = _("Nothing to give back")
    detail = _("No money of this booking is waiting to be given back at the desk.")
    fix = _("Read the booking again.")


@again_on_conflict
def take_deposit(
    booking_id: UUID, *, by: Actor, now: datetime, details: Mapping[str, Any] | None = None
) -> HoldPayment:
    """The deposit was paid to the employee at the desk: a hold is confirmed, the booking is paid.

    A payment that was under way online goes back should it still arrive. `details` answer what is asked of an
    offer's hold that nobody has answered yet. Raises NotSeen, Forbidden, DepositSettled, HoldExpired, StatusForbids;
    DetailsInvalid and what plug-ins' rules refuse.
    """
    booking = _due_here(booking_id, by=by, action=Action.TAKE_PAYMENT, now=now)
    payment = HoldPayment.objects.create(
        booking_id=booking.id,
        state=PaymentState.CAPTURED,
        means=Means.DESK,
        amount=terms_of(booking).deposit,
        currency=booking.currency,
        taken_by_id=by.employee_id,
        asked_at=now,
        settled_at=now,
    )
    _stand(booking, details or {}, by=by, now=now)
    return payment


@again_on_conflict
def waive_deposit(
    booking_id: UUID, *, reason: str, by: Actor, now: datetime, details: Mapping[str, Any] | None = None
) -> DepositWaiver:
    """The booking stands without its deposit, for a reason; noted for the owner.

    Raises as take_deposit does, and ReasonMissing.
    """
    booking = _due_here(booking_id, by=by, action=Action.WAIVE_PENALTY, now=now)
    reason = reason.strip()[:REASON_LENGTH]
    if not reason:
        raise ReasonMissing
    waiver = DepositWaiver.objects.create(booking_id=booking.id, by_id=by.employee_id, reason=reason, at=now)
    note_access(by, "deposit_waived", "booking", booking.id, now=now)
    _stand(booking, details or {}, by=by, now=now)
    return waiver


class SumChanged(Refusal):
    """Another sum waits by now than the one that was counted out."""

    code = "sum_changed"
    status = 409
    title = _("The sum has changed")
    detail = _("%(money)s is waiting to be given back by now.")
    fix = _("Count it again before you hand it over.")


@again_on_conflict
def note_given_back(
    booking_id: UUID, *, by: Actor, now: datetime, amount: int | None = None
) -> list[PaymentRefund]:
    """All that waits at the desk for the booking was handed over, however long ago the booking was.

    `amount` is what was counted out, in minor units of its currency. Raises NotSeen, Forbidden, NothingToReturn,
    SumChanged where another sum waits.
    """
    booking = visible_booking(booking_id, by=by, action=Action.TAKE_PAYMENT)
    # as note_returned does, so that the list and the panel wait for each other instead of both for the other
    payments = HoldPayment.objects.filter(booking_id=booking.id, means=Means.DESK).order_by("id")
    if not list(payments.select_for_update(no_key=True).values_list("id")):
        raise NothingToReturn
    waiting = list(refunds_at_desk(booking.id))
    total = sum(one.amount for one in waiting)
    if waiting and amount not in (None, total):
        money = SpokenMoney(total, booking.currency)
        raise SumChanged(params={"money": money}, extra={"amount": total, "currency": booking.currency})
    if not [one for one in waiting if note_returned(one, by=by, now=now)]:
        raise NothingToReturn
    tell_settled(booking, now=now)
    return waiting


def refunds_at_desk(booking_id: UUID) -> QuerySet[PaymentRefund]:
    """What a person still has to give back."""
    return PaymentRefund.objects.filter(
        payment__booking_id=booking_id, payment__means=Means.DESK, done_at=None
    ).order_by("asked_at", "id")


def _due_here(booking_id: UUID, *, by: Actor, action: Action, now: datetime) -> Booking:
    """The booking whose deposit is still due, locked; a payment under way online counts no more."""
    booking = visible_booking(booking_id, by=by, action=action)
    if booking.status == Status.EXPIRED or hold_is_over(booking, now=now):
        raise HoldExpired
    if booking.status not in STANDING or booking.member_id is None:
        raise StatusForbids(params={"status": STATUS_WORDS[Status(booking.status)]})
    lock_booking(booking)
    if deposit_of(booking).state not in ("due", "asked", "declined"):
        raise DepositSettled
    HoldPayment.objects.filter(booking_id=booking.id, state=PaymentState.ASKED).update(
        state=PaymentState.DECLINED, settled_at=now
    )
    return booking


def _stand(booking: Booking, details: Mapping[str, Any], *, by: Actor, now: datetime) -> None:
    if booking.status == Status.HELD:
        fields = {"expires_at": None, **answer_offer(booking, details, by=by, now=now)}
        apply_move(booking, Move.CONFIRM, by=by, now=now, fields=fields)
        settle_offer(booking, now=now)
    tell_settled(booking, now=now)


def tell_settled(booking: Booking, *, now: datetime) -> None:
    """Open pages of the day hear that something about the booking's deposit is settled."""
    record_event(
        SETTLED,
        subject_id=booking.id,
        store_id=booking.store_id,
        version=booking.version,
        payload={"status": booking.status},
        now=now,
    )
