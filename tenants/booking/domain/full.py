"""A session or window that is full refuses with what near it is not, before anything is written if that is seen."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from chains.anew import hear_writes
from chains.postgresql.ask import Question, ask_all
from tenants.booking.models import PickupWindow, Session

from .claims import refusal_of_pool
from .pickups import window_slots, windows_question
from .sessions import session_slots, sessions_question

# The holds first: they are few, for each is swept a minute after its end at the latest.
_OVERDUE = """
SELECT EXISTS (
  SELECT FROM (SELECT id FROM booking_booking WHERE status = 'held' AND expires_at <= %s OFFSET 0) b CROSS JOIN LATERAL (
    SELECT FROM booking_claim c WHERE c.booking_id = b.id AND c.active AND c.pool_id = %s OFFSET 0) held)
"""
Slots = list[dict[str, object]]


def refuse_when_full(
    row: Session | PickupWindow, units: int, *, zone: ZoneInfo, seats: int, now: datetime
) -> None:
    """Raise SessionFull or WindowFull, with alternatives, where the pool as it was read has not that many units left.

    Where a hold whose time is over may make room, whoever writes is to find out: those writes are heard at once.
    """
    pool = row.pool
    if pool.taken + units <= pool.capacity:
        return
    hear_writes()
    overdue, near = ask_all(
        [_overdue_question(pool.id, now=now), near_question(row, zone, seats=seats, now=now)]
    )
    if not overdue:
        refusal = refusal_of_pool(pool, units)
        refusal.extra["alternatives"] = near
        raise refusal


def near_question(
    row: Session | PickupWindow, zone: ZoneInfo, *, seats: int, now: datetime
) -> Question[Slots]:
    """Others of the same kind with room near that time, as slots of the API."""
    if isinstance(row, Session):
        sessions = sessions_question(
            row.service_id, store_id=row.store_id, around=row.starts_at, seats=seats, now=now, but=row.id
        )
        return Question(sessions.sql, sessions.params, lambda rows: session_slots(sessions.read(rows), zone))
    windows = windows_question(row.store_id, around=row.starts_at, now=now, but=row.id)
    return Question(windows.sql, windows.params, lambda rows: window_slots(windows.read(rows), zone))


def _overdue_question(pool_id: UUID, *, now: datetime) -> Question[bool]:
    return Question(_OVERDUE, (now, pool_id), lambda rows: bool(rows[0][0]))
