"""Looking at a chain's customer at the provider, and writing down what is there now.

Order-safe: what gives reason to look only raises `Customer.asked`. A look notes how far it covers before it
reads, one look at a time holds the lease, and what it read is written only while it still does. So the last
thing written was always read after the last reason to look, in whatever order and number those came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Min, Q
from django.db.models.functions import Coalesce, Greatest

from billing.domain.mirror import apply_customer
from billing.models import Customer, EventState, StripeEvent
from billing.port import CustomerSnapshot
from billing.provider import provider
from chains.due import mark_platform_due
from chains.scope import platform_scope

log = structlog.get_logger("billing")

KIND = "billing.refresh"
BATCH = 20
LEASE = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(minutes=10)
# From here on an operator is shown that it fails; it is tried on all the same.
SHOWN_AS_FAILED = 8


@dataclass(frozen=True, slots=True)
class Look:
    """A look that may be taken until its lease runs out; it covers the first `covers` reasons."""

    chain_id: UUID
    stripe_id: str
    covers: int
    failures: int
    leased_until: datetime


def ask_refresh(chain_id: UUID, *, now: datetime) -> int:
    """Give reason to look, within the platform's transaction; the number of this reason (0: it is no customer)."""
    if not Customer.objects.filter(chain_id=chain_id).update(asked=F("asked") + 1, due_at=now):
        return 0
    mark_platform_due(KIND, now)
    return Customer.objects.values_list("asked", flat=True).get(chain_id=chain_id)


def refresh_now(chain_id: UUID, *, now: datetime) -> bool:
    """Look at once, outside any transaction; whether our mirror is now as fresh as this call.

    False where another look is under way: that one, or its successor, covers this reason too. Raises what
    the port raises; the reason stays and is seen to in the background.
    """
    with platform_scope():
        if not Customer.objects.filter(chain_id=chain_id).exclude(stripe_id="").exists():
            return False
        ask_refresh(chain_id, now=now)
        looks = _lease(Customer.objects.filter(chain_id=chain_id), now=now)
    if not looks:
        return False
    try:
        _take(looks[0], now=now)
    except Exception as error:
        _put_off(looks[0], error, now=now)
        raise
    return True


def refresh_due(*, now: datetime) -> None:
    """Due work `billing.refresh`: lease the customers that wait for a look, look after the commit."""
    looks = _lease(Customer.objects.filter(due_at__lte=now).order_by("due_at"), now=now)
    if looks:
        transaction.on_commit(partial(_take_all, looks, now=now))
    mark_rest_due(now=now, mine=[look.chain_id for look in looks])


def mark_rest_due(*, now: datetime, mine: list[UUID]) -> None:
    """If customers other than `mine` wait for a look, mark it due for when the first can be taken."""
    free_at = Min(Greatest("due_at", Coalesce("leased_until", "due_at")))
    waiting = Customer.objects.filter(due_at__isnull=False).exclude(chain_id__in=mine)
    earliest = waiting.aggregate(at=free_at)["at"]
    if earliest is not None:
        mark_platform_due(KIND, max(earliest, now))


def _lease(rows: object, *, now: datetime) -> list[Look]:
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    waiting = rows.filter(free, asked__gt=F("seen")).exclude(stripe_id="")  # type: ignore[attr-defined]
    found = list(waiting.select_for_update(skip_locked=True)[:BATCH])
    until = now + LEASE
    Customer.objects.filter(chain_id__in=[one.chain_id for one in found]).update(leased_until=until)
    return [Look(one.chain_id, one.stripe_id, one.asked, one.failures, until) for one in found]


def _take_all(looks: list[Look], *, now: datetime) -> None:
    for look in looks:
        try:
            _take(look, now=now)
        except Exception as error:
            log.warning("refresh_failed", chain=str(look.chain_id), error=type(error).__name__)
            _put_off(look, error, now=now)


def _take(look: Look, *, now: datetime) -> None:
    snapshot = provider().fetch_customer(look.stripe_id)
    record_look(look, snapshot, now=now)


def record_look(look: Look, snapshot: CustomerSnapshot, *, now: datetime) -> bool:
    """Write what a look has read, unless its lease has passed to another; whether it was written."""
    with platform_scope():
        customer = Customer.objects.select_for_update().get(chain_id=look.chain_id)
        if customer.leased_until != look.leased_until or customer.stripe_id != look.stripe_id:
            log.warning("look_too_late", chain=str(look.chain_id))
            return False
        apply_customer(look.chain_id, snapshot, now=now)
        more = customer.asked > look.covers
        Customer.objects.filter(chain_id=look.chain_id).update(
            seen=look.covers, leased_until=None, failures=0, due_at=now if more else None
        )
        if more:
            mark_platform_due(KIND, now)
        StripeEvent.objects.filter(
            chain_id=look.chain_id,
            ticket__lte=look.covers,
            state__in=(EventState.RECEIVED, EventState.FAILED),
        ).update(state=EventState.HANDLED, handled_at=now, attempts=F("attempts") + 1, error="")
    return True


def _put_off(look: Look, error: Exception, *, now: datetime) -> None:
    """Again after 5, 10, 20 … seconds, at most ten minutes; never given up."""
    due_at = now + min(timedelta(seconds=5 * 2 ** min(look.failures, 10)), LONGEST_PAUSE)
    said = f"{type(error).__name__}: {error}"[:500]
    with platform_scope():
        Customer.objects.filter(chain_id=look.chain_id, leased_until=look.leased_until).update(
            leased_until=None, failures=look.failures + 1, due_at=due_at
        )
        waiting = StripeEvent.objects.filter(
            chain_id=look.chain_id, state__in=(EventState.RECEIVED, EventState.FAILED)
        )
        waiting.update(attempts=F("attempts") + 1, error=said)
        if look.failures + 1 >= SHOWN_AS_FAILED:
            waiting.update(state=EventState.FAILED)
        mark_platform_due(KIND, due_at)
