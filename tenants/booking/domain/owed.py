"""Money that waits to go back to members: who hands it over or lets it go, and when.

paid        goes back by              is listed
at the desk a person                  from when it is owed
online      the provider, unasked     once that has taken LATE: nobody waits for it in vain

What is owed does not expire: the list reads past the history that a plan shows (history.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import Means, PaymentRefund
from tenants.events.domain.again import Waits, read_waits, try_sooner
from tenants.events.domain.record import record_event
from tenants.people.domain.rights import Action, Actor, NotSeen, require, sees_store
from tenants.stores.domain.money import SpokenMoney
from tenants.stores.domain.spoken import spoken
from tenants.stores.models import Store

from .attempts import again_on_conflict
from .desk_payments import NothingToReturn, tell_settled
from .refunds import PROVIDER, REFUND_DUE, note_returned

# The outbox has tried eight times by then.
LATE = timedelta(minutes=5)
ORDER = ("asked_at", "id")


class GivenBackAlready(Refusal):
    """Somebody else has handed it over."""

    code = "given_back_already"
    status = 409
    title = _("Given back already")
    detail = _("%(who)s gave back %(money)s (%(at)s).")
    fix = _("Hand over nothing more; ask who gave it back.")


class GoesBackOnline(Refusal):
    """It was paid online and goes back the same way; handed over too, it would go back twice."""

    code = "goes_back_online"
    status = 409
    title = _("It goes back online")
    detail = _("%(money)s was paid online and goes back the same way.")
    fix = _("Hand over nothing at the desk; have the provider asked again.")


class GoesBackAtDesk(Refusal):
    """It was paid to a person; no provider can be asked for it."""

    code = "goes_back_at_desk"
    status = 409
    title = _("It goes back at the desk")
    detail = _("%(money)s was paid at the desk and goes back there.")
    fix = _("Hand it over, and note it as given back.")


class WentBack(Refusal):
    """The provider has let it go meanwhile."""

    code = "went_back"
    status = 409
    title = _("It has gone back already")
    detail = _("%(money)s has gone back to whoever paid it.")
    fix = _("Nothing more needs to be done.")


@dataclass(frozen=True, slots=True)
class Owed:
    """What waits of one store in one currency: how many times, and the sum in minor units."""

    count: int
    amount: int
    currency: str


def list_owed(store_id: UUID, *, by: Actor, now: datetime) -> QuerySet[PaymentRefund]:
    """The store's money that waits, in ORDER (the longest first), with booking, service, member and payer read.

    Raises NotSeen, Forbidden.
    """
    require(by, Action.TAKE_PAYMENT, store_id=store_id)
    if not Store.objects.filter(id=store_id).exists():
        raise NotSeen
    return _with_booking(_waiting(now).filter(payment__booking__store_id=store_id)).order_by(*ORDER)


def sum_owed(store_ids: Collection[UUID], *, now: datetime) -> dict[UUID, list[Owed]]:
    """The sums of some stores, those without any left out; one query."""
    rows = (
        _waiting(now)
        .filter(payment__booking__store_id__in=store_ids)
        .order_by("payment__currency")
        .values_list("payment__booking__store_id", "payment__currency")
        .annotate(Count("id"), Sum("amount"))
    )
    found: dict[UUID, list[Owed]] = {}
    for store_id, currency, count, amount in rows:
        found.setdefault(store_id, []).append(Owed(count, amount, currency))
    return found


def read_tries(refunds: Sequence[PaymentRefund]) -> dict[UUID, Waits]:
    """How the provider was asked for those that go back online, by id; one query, none where none does."""
    keys = {str(one.id): one.id for one in refunds if one.payment.means == Means.ONLINE}
    found = read_waits(PROVIDER, kind=REFUND_DUE, name="refund", values=keys) if keys else {}
    return {keys[key]: waits for key, waits in found.items()}


@again_on_conflict
def give_back_at_desk(refund_id: UUID, *, by: Actor, now: datetime) -> PaymentRefund:
    """It was handed over; noted with who did. Of two at once one has done it, and the other is told.

    Raises NotSeen, Forbidden, GoesBackOnline, GivenBackAlready.
    """
    refund = _seen(refund_id, by=by)
    if refund.payment.means != Means.DESK:
        raise GoesBackOnline(params={"money": _money(refund)})
    if not note_returned(refund, by=by, now=now):
        raise _given_already(refund_id, now=now)
    tell_settled(refund.payment.booking, now=now)
    return refund


@again_on_conflict
def ask_provider_again(refund_id: UUID, *, by: Actor, now: datetime) -> PaymentRefund:
    """Have the provider asked at once instead of after the pause; pressed again it is no second refund.

    Raises NotSeen, Forbidden, GoesBackAtDesk, WentBack.
    """
    refund = _seen(refund_id, by=by)
    if refund.payment.means == Means.DESK:
        raise GoesBackAtDesk(params={"money": _money(refund)})
    if refund.done_at is not None:
        raise WentBack(params={"money": _money(refund)})
    asked = {"kind": REFUND_DUE, "name": "refund", "value": str(refund.id)}
    if not try_sooner(PROVIDER, **asked, now=now):
        # nothing is on its way any more: told anew, which the refund's key makes the same refund
        record_event(
            REFUND_DUE,
            subject_id=refund.payment_id,
            store_id=refund.payment.booking.store_id,
            version=1,
            payload={"state": refund.payment.state, "refund": str(refund.id), "again": True},
            now=now,
        )
    return refund


def _waiting(now: datetime) -> QuerySet[PaymentRefund]:
    late = Q(payment__means=Means.ONLINE, asked_at__lte=now - LATE)
    return PaymentRefund.objects.filter(Q(payment__means=Means.DESK) | late, done_at=None)


def _with_booking(refunds: QuerySet[PaymentRefund]) -> QuerySet[PaymentRefund]:
    return refunds.select_related(
        "payment__booking__store",
        "payment__booking__service",
        "payment__booking__member",
        "payment__booking__payer",
        "done_by",
    )


def _seen(refund_id: UUID, *, by: Actor) -> PaymentRefund:
    """Money that goes back, for who may give it back. Raises NotSeen, Forbidden."""
    if not by.is_employee:
        require(by, Action.TAKE_PAYMENT)
    refund = _with_booking(PaymentRefund.objects.filter(id=refund_id)).first()
    if refund is None or not sees_store(by, refund.payment.booking.store_id):
        raise NotSeen
    require(by, Action.TAKE_PAYMENT, store_id=refund.payment.booking.store_id)
    return refund


def _given_already(refund_id: UUID, *, now: datetime) -> Refusal:
    """Who was quicker, and when."""
    refund = _with_booking(PaymentRefund.objects.filter(id=refund_id)).get()
    if refund.done_by is None or refund.done_at is None:
        return NothingToReturn()
    zone = ZoneInfo(refund.payment.booking.store.time_zone)
    return GivenBackAlready(
        params={
            "who": refund.done_by.name,
            "money": _money(refund),
            "at": spoken(refund.done_at, zone=zone, now=now),
        }
    )


def _money(refund: PaymentRefund) -> SpokenMoney:
    return SpokenMoney(refund.amount, refund.payment.currency)
