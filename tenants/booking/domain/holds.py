"""Holds: a place kept for a time. They free it within seconds of their expiry, and at once on demand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from chains.due import mark_due
from tenants.booking.models import Booking, Status

from .claims import FULL, Holder, ResourceClaim, SlotTaken, Wanted, holders_of, set_claims
from .fresh import lock_free
from .transitions import Move, apply_move

HOLDS = "holds"
HOLD_FOR = timedelta(minutes=10)
BATCH = 200


def expire_holds(*, now: datetime) -> None:
    """Due work `holds`: expire every hold whose time is over, 200 at a time.

    Rows that somebody is working on are skipped and looked at again a moment later.
    """
    overdue = Booking.objects.filter(status=Status.HELD, expires_at__lte=now)
    for booking in overdue.order_by("expires_at").select_for_update(skip_locked=True)[:BATCH]:
        apply_move(booking, Move.EXPIRE, now=now)
    if overdue.exists():
        mark_due(HOLDS, now + timedelta(seconds=2))


def sweep_holds(*, now: datetime) -> bool:
    """Housekeeping: mark overdue holds due again, should their rows have been lost. False: it is done."""
    if Booking.objects.filter(status=Status.HELD, expires_at__lte=now).exists():
        mark_due(HOLDS, now)
    return False


def expire_holds_among(booking_ids: Iterable[UUID], *, now: datetime) -> bool:
    """Expire those of the bookings that are holds whose time is over; whether there was one.

    For whoever wants their place now. A row somebody else is changing is left to them: nobody waits.
    """
    overdue = Booking.objects.filter(id__in=list(booking_ids), status=Status.HELD, expires_at__lte=now)
    found = list(overdue.order_by("id").select_for_update(skip_locked=True))
    for booking in found:
        apply_move(booking, Move.EXPIRE, now=now)
    return bool(found)


def take_claims(
    holder_id: UUID,
    *,
    wanted: Sequence[Wanted],
    now: datetime,
    fresh: bool = False,
    holder: Holder = "booking",
) -> None:
    """As claims.set_claims, after holds whose time is over have made room, if they stood in the way."""
    try:
        set_claims(holder_id, wanted=wanted, fresh=fresh, holder=holder)
    except (SlotTaken, *FULL):
        if not expire_holds_among(holders_of(wanted, but=holder_id), now=now):
            raise
        set_claims(holder_id, wanted=wanted, fresh=fresh, holder=holder)


def lock_claims(holder_id: UUID, *, wanted: Sequence[ResourceClaim], now: datetime) -> None:
    """As claims.lock_free, after holds whose time is over have made room, if they stood in the way."""
    try:
        lock_free(holder_id, wanted)
    except SlotTaken:
        if not expire_holds_among(holders_of(wanted, but=holder_id), now=now):
            raise
        lock_free(holder_id, wanted)
