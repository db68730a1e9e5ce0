"""A session or window that is seen to be full refuses before anything is written, unless a hold on it is over."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chains.anew import hear_writes
from chains.postgresql.ask import Question, ask
from tenants.booking.models import Pool

from .claims import refusal_of_pool

# The holds first: they are few, for each is swept a minute after its end at the latest.
_OVERDUE = """
SELECT EXISTS (
  SELECT FROM (SELECT id FROM booking_booking WHERE status = 'held' AND expires_at <= %s OFFSET 0) b CROSS JOIN LATERAL (
    SELECT FROM booking_claim c WHERE c.booking_id = b.id AND c.active AND c.pool_id = %s OFFSET 0) held)
"""


def refuse_when_full(pool: Pool, units: int, *, now: datetime) -> None:
    """Raise SessionFull or WindowFull where the pool, as it was read, has not that many units left.

    Where a hold whose time is over may make room, whoever writes is to find out: those writes are heard at once.
    """
    if pool.taken + units <= pool.capacity:
        return
    hear_writes()
    if not ask(_overdue_question(pool.id, now=now)):
        raise refusal_of_pool(pool, units)


def _overdue_question(pool_id: UUID, *, now: datetime) -> Question[bool]:
    return Question(_OVERDUE, (now, pool_id), lambda rows: bool(rows[0][0]))
