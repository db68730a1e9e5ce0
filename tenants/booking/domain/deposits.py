"""Deposits: what a booking waits for before it stands, and how far that is.

A member's booking whose terms ask a deposit is a hold until it is paid (payments.py), taken at the desk or
let off (desk_payments.py). Staff book without it: what is unpaid then needs a person (attention.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import (
    COUNTING,
    Booking,
    DepositWaiver,
    HoldPayment,
    Means,
    PaymentRefund,
    PaymentState,
    Status,
)
from tenants.people.domain.rights import Actor
from tenants.stores.domain.money import SpokenMoney

from .checks import Finding
from .holds import HOLD_FOR
from .payment_port import payment_provider
from .terms import terms_of

PAY_WITHIN = HOLD_FOR
# Places that one member may keep from others without having paid.
MOST_UNPAID = 3

DepositState = Literal["none", "due", "asked", "declined", "paid", "partly_returned", "returned", "waived"]
PAID = (PaymentState.BOOKED, PaymentState.CAPTURED)


class DepositDue(Refusal):
    """The booking stands only once its deposit is paid."""

    code = "deposit_due"
    status = 422
    title = _("A deposit is due")
    detail = _("This booking stands once its deposit of %(money)s is paid.")
    fix = _("Pay the deposit, or ask the shop to take it at the desk.")


class DepositsWaiting(Refusal):
    """So many bookings of the member wait for their deposit that no further one is kept."""

    code = "deposits_waiting"
    status = 409
    title = _("Deposits are waiting")
    detail = _("%(count)s bookings are already waiting for their deposit.")
    fix = _("Pay one of them or let it go, then book again.")


class DepositApart(Refusal):
    """Several bookings at once cannot be paid together."""

    code = "deposit_apart"
    status = 422
    title = _("Each needs its own deposit")
    detail = _("This service asks a deposit for each booking.")
    fix = _("Book one at a time, or ask the shop to book them together.")


@dataclass(frozen=True, slots=True)
class Deposit:
    """What was promised and where it stands. Minor units of `currency`; `returned` is part of `paid`.

    `waiting` is what the member has still to fetch at the desk.
    """

    amount: int
    currency: str
    state: DepositState
    paid: int = 0
    returned: int = 0
    means: str = ""
    waiting: int = 0

    @property
    def kept(self) -> int:
        """What stays with the shop of what was paid."""
        return self.paid - self.returned


def wait_for_deposit(booking: Booking, *, by: Actor, now: datetime) -> None:
    """Make a member's booking that is about to be written a hold, where its terms ask a deposit.

    The member's row is locked. Raises PaymentsClosed where nothing can be paid online, DepositsWaiting.
    """
    if by.is_member and booking.status == Status.CONFIRMED and terms_of(booking).deposit:
        payment_provider()
        assert booking.member_id is not None
        require_few_unpaid(booking.member_id, now=now)
        booking.status, booking.expires_at = Status.HELD, now + PAY_WITHIN


def require_few_unpaid(member_id: UUID, *, now: datetime) -> None:
    """Raise DepositsWaiting where a member (row locked) keeps as many unpaid places as one may; offers do not count."""
    held = Booking.objects.filter(
        member_id=member_id, status=Status.HELD, expires_at__gt=now, waiting_offer__isnull=True
    )
    count = sum(1 for one in held if terms_of(one).deposit)
    if count >= MOST_UNPAID:
        raise DepositsWaiting(params={"count": count}, extra={"count": count})


def require_deposit(booking: Booking) -> None:
    """Raise DepositDue for a hold whose deposit is neither paid nor let off."""
    if awaits_deposit(booking):
        money = SpokenMoney(terms_of(booking).deposit, booking.currency)
        raise DepositDue(params={"money": money}, extra={"amount": money.minor, "currency": money.currency})


def awaits_deposit(booking: Booking) -> bool:
    """Whether the booking is a hold of a member whose deposit is not settled. No query without a deposit."""
    if booking.status != Status.HELD or booking.member_id is None or not terms_of(booking).deposit:
        return False
    return deposit_of(booking).state in ("due", "asked", "declined")


def deposit_of(booking: Booking) -> Deposit:
    """Where the booking's deposit stands; two queries, three once some of it went back at the desk, none without one."""
    return deposits_of([booking])[booking.id]


def deposits_of(bookings: Sequence[Booking]) -> dict[UUID, Deposit]:
    """As deposit_of, of many at once."""
    asked = [one.id for one in bookings if terms_of(one).deposit]
    payments: dict[UUID, list[HoldPayment]] = {key: [] for key in asked}
    waived: set[UUID] = set()
    if asked:
        for payment in HoldPayment.objects.filter(booking_id__in=asked).order_by("asked_at", "id"):
            payments[payment.booking_id].append(payment)
        waived = set(DepositWaiver.objects.filter(booking_id__in=asked).values_list("booking_id", flat=True))
    waiting = _waiting_at_desk(one for several in payments.values() for one in several)
    return {
        one.id: replace(_stands(one, payments.get(one.id, []), waived), waiting=waiting.get(one.id, 0))
        for one in bookings
    }


def _waiting_at_desk(payments: Iterable[HoldPayment]) -> dict[UUID, int]:
    """What has not been fetched yet of payments at the desk, by booking; no query where nothing went back."""
    of = {one.id: one.booking_id for one in payments if one.means == Means.DESK and one.returned}
    sums: dict[UUID, int] = {}
    if of:
        rows = PaymentRefund.objects.filter(payment_id__in=of, done_at=None).order_by()
        for payment_id, total in rows.values_list("payment_id").annotate(Sum("amount")):
            sums[of[payment_id]] = sums.get(of[payment_id], 0) + total
    return sums


def _stands(booking: Booking, payments: Iterable[HoldPayment], waived: set[UUID]) -> Deposit:
    amount, currency = terms_of(booking).deposit, booking.currency
    if not amount:
        return Deposit(0, currency, "none")
    if booking.id in waived:  # what was paid online all the same went back
        return Deposit(amount, currency, "waived")
    every = sorted(payments, key=lambda one: one.state in COUNTING)
    last = every[-1] if every else None
    if last is not None and last.state not in (PaymentState.ASKED, PaymentState.DECLINED):
        state: DepositState = "paid"
        if last.returned:
            state = "returned" if last.returned == last.amount else "partly_returned"
        return Deposit(amount, currency, state, last.amount, last.returned, last.means)
    if last is None:
        return Deposit(amount, currency, "due")
    return Deposit(amount, currency, "asked" if last.state == PaymentState.ASKED else "declined")


def find_unpaid(bookings: Sequence[Booking]) -> Mapping[UUID, Iterable[Finding]]:
    """Check `deposits`: bookings that stand though nobody has paid their deposit or let it off."""
    standing = [one for one in bookings if one.status in (Status.CONFIRMED, Status.ARRIVED)]
    found = {}
    for key, deposit in deposits_of(standing).items():
        if deposit.state in ("due", "asked", "declined"):
            money = SpokenMoney(deposit.amount, deposit.currency)
            title = _("Deposit of %(money)s unpaid") % {"money": money}
            found[key] = [Finding("unpaid", "warns", title, _("Take it at the desk, or let it off."))]
    return found
