"""What stands against claims, asked after their resources are locked: others' claims, and plans that have changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from chains.postgresql.ask import Question, ask, named

if TYPE_CHECKING:
    from .claims import ResourceClaim

# In place of a claim's number: one of them was chosen from a plan that has changed since.
OUTDATED = 0


@dataclass(frozen=True, slots=True)
class AsRead:
    """From which state of plans a claim was chosen: the store's hours and closures, the person's shifts and leave.

    Whoever changes a person's plan holds the lock of their resource, as whoever claims it does, and counts
    the change (`plan_version`, of a store `calendar_version`): once locked, a number that still stands
    means that what was read still stands.
    """

    store_id: UUID
    calendar_version: int
    plan_version: int | None = None


# Others' claims (bookings' and sessions') on a wanted resource then; a practitioner's at another store with the way there.
_AGAINST = """
WITH w AS (
  SELECT * FROM unnest(%(resources)s::uuid[], %(starts)s::timestamptz[], %(ends)s::timestamptz[], %(stores)s::uuid[],
    %(shops)s::uuid[], %(calendars)s::int[], %(plans)s::int[])
  WITH ORDINALITY AS w (resource_id, starts_at, ends_at, store_id, shop, calendar, plan, place))
SELECT w.place, near.booking_id FROM w CROSS JOIN LATERAL (
  SELECT c.booking_id FROM booking_claim c WHERE c.active AND c.resource_id = w.resource_id
  AND c.during && tstzrange(w.starts_at, w.ends_at) AND coalesce(c.booking_id, c.session_id) <> %(but)s OFFSET 0) near
UNION
SELECT w.place, far.booking_id FROM w JOIN stores_travel t ON t.store_id = w.store_id CROSS JOIN LATERAL (
  SELECT c.booking_id FROM booking_claim c LEFT JOIN booking_booking b ON b.id = c.booking_id
  LEFT JOIN booking_session s ON s.id = c.session_id WHERE c.active AND c.resource_id = w.resource_id
  AND coalesce(b.store_id, s.store_id) = t.other_id AND coalesce(c.booking_id, c.session_id) <> %(but)s
  AND c.during && tstzrange(
    w.starts_at - t.minutes * interval '1 minute', w.ends_at + t.minutes * interval '1 minute') OFFSET 0) far
UNION
SELECT 0, NULL FROM w WHERE
  EXISTS (SELECT FROM people_employee e WHERE e.resource_id = w.resource_id AND e.plan_version <> w.plan)
  OR EXISTS (SELECT FROM stores_store s WHERE s.id = w.shop AND s.calendar_version <> w.calendar)
ORDER BY 1
"""


_SQL, _NAMES = named(_AGAINST)
Against = tuple[int, UUID | None]


def read_against(wanted: Sequence[ResourceClaim], *, but: UUID) -> list[Against]:
    """Which of `wanted` (by place, from 1) which other bookings stand against; None is a session.

    OUTDATED stands for all of them where one was chosen from a plan that has changed since. One query.
    """
    return ask(against_question(wanted, but=but))


def against_question(wanted: Sequence[ResourceClaim], *, but: UUID) -> Question[list[Against]]:
    """What read_against reads; asked behind the lock of the resources, it sees all that was committed before."""
    told = {
        "resources": [want.resource_id for want in wanted],
        "starts": [want.during.start for want in wanted],
        "ends": [want.during.end for want in wanted],
        "stores": [want.store_id for want in wanted],
        "shops": [want.read.store_id if want.read else None for want in wanted],
        "calendars": [want.read.calendar_version if want.read else None for want in wanted],
        "plans": [want.read.plan_version if want.read else None for want in wanted],
        "but": but,
    }
    return Question(_SQL, [told[name] for name in _NAMES], lambda rows: [(row[0], row[1]) for row in rows])
