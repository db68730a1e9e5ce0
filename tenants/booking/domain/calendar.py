"""Reads all that availability depends on, in a fixed number of queries however much there is of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection

from tenants.people.models import Leave
from tenants.stores.domain.wall import local_date

from .offering import Offering
from .rota import opening_spans, shift_spans
from .search import Inputs, StaffInputs, reach
from .spans import Span

# Staff book a walk-in that began a moment ago, and further ahead than members do.
STAFF_BACK = timedelta(minutes=15)
STAFF_AHEAD = timedelta(days=400)
# No claim is longer: how far before a window one that reaches into it can begin.
LONGEST_CLAIM = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A practitioner who can do the service and works at the store."""

    employee_id: UUID
    resource_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """The inputs of a search, and who the people in it are. Inputs are keyed by employee."""

    offering: Offering
    inputs: Inputs[UUID]
    candidates: dict[UUID, Candidate]


_CANDIDATES = """
SELECT e.id, e.resource_id, e.name FROM people_employee e
JOIN stores_resource r ON r.id = e.resource_id AND r.active
WHERE e.active AND (%(only)s::uuid IS NULL OR e.id = %(only)s::uuid)
  AND NOT EXISTS (
    SELECT FROM catalogue_service_skills n WHERE n.service_id = %(service)s AND NOT EXISTS (
      SELECT FROM people_employee_skills h WHERE h.employee_id = e.id AND h.skill_id = n.skill_id))
  AND (EXISTS (SELECT FROM people_weeklyshift w WHERE w.employee_id = e.id AND w.store_id = %(store)s)
    OR EXISTS (SELECT FROM people_dayshift d WHERE d.employee_id = e.id AND d.store_id = %(store)s))
ORDER BY e.name, e.id
"""

_BUSY = """
SELECT c.resource_id, c.starts_at, c.ends_at FROM booking_claim c
WHERE c.active AND c.resource_id = ANY(%(resources)s)
  AND c.starts_at < %(until)s AND c.starts_at > %(since)s AND c.ends_at > %(start)s
  AND c.booking_id <> ALL(%(but)s)
  AND c.booking_id NOT IN (
    SELECT id FROM booking_booking WHERE status = 'held' AND expires_at <= %(now)s)
ORDER BY c.starts_at
"""


def read_calendar(
    offering: Offering,
    days: Sequence[date],
    *,
    now: datetime,
    practitioner_id: UUID | None = None,
    by_staff: bool = False,
    but: UUID | None = None,
) -> Calendar:
    """All that decides when the service can begin on `days` (local dates), in seven queries.

    `practitioner_id` leaves nobody else; `but` is a booking whose own claims do not count. Holds that
    have expired count as free. Staff may begin at any five minutes, without lead time or horizon.
    """
    candidates = read_candidates(offering, practitioner_id=practitioner_id)
    window = reach(days, offering.zone, offering.need) if days else None
    hours: Sequence[Span] = ()
    staff: dict[UUID, StaffInputs] = {}
    if window is not None:
        dates = _dates_in(window, offering)
        hours = opening_spans(offering.store_id, dates, offering.zone)
        shifts = shift_spans(list(candidates), offering.store_id, dates, offering.zone)
        away = read_leave(list(candidates), window)
        busy = read_busy([one.resource_id for one in candidates.values()], window, now=now, but=but)
        staff = {
            one.employee_id: StaffInputs(
                shifts=shifts.get(one.employee_id, ()),
                busy=busy.get(one.resource_id, ()),
                leave=away.get(one.employee_id, ()),
            )
            for one in candidates.values()
        }
    inputs = Inputs(
        zone=offering.zone,
        need=offering.need,
        hours=hours,
        staff=staff,
        earliest=now - STAFF_BACK if by_staff else now + offering.lead,
        latest=now + (STAFF_AHEAD if by_staff else offering.horizon),
    )
    return Calendar(offering, inputs, candidates)


def read_candidates(offering: Offering, *, practitioner_id: UUID | None = None) -> dict[UUID, Candidate]:
    """Who can do the service at the store, by employee id, in the order of their names."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CANDIDATES,
            {"service": offering.service_id, "store": offering.store_id, "only": practitioner_id},
        )
        return {row[0]: Candidate(*row) for row in cursor.fetchall()}


def read_busy(
    resource_ids: Sequence[UUID], window: Span, *, now: datetime, but: UUID | None = None
) -> dict[UUID, list[Span]]:
    """What is claimed of each resource within the window, buffers included, at any store."""
    found: dict[UUID, list[Span]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            _BUSY,
            {
                "resources": list(resource_ids),
                "start": window.start,
                "since": window.start - LONGEST_CLAIM,
                "until": window.end,
                "but": [but] if but is not None else [],
                "now": now,
            },
        )
        for resource_id, starts_at, ends_at in cursor.fetchall():
            found[resource_id].append(Span(starts_at, ends_at))
    return found


def read_leave(employee_ids: Sequence[UUID], window: Span) -> dict[UUID, list[Span]]:
    """When each of them is away within the window."""
    found: dict[UUID, list[Span]] = defaultdict(list)
    rows = Leave.objects.filter(
        employee_id__in=employee_ids, starts_at__lt=window.end, ends_at__gt=window.start
    )
    for employee_id, starts_at, ends_at in rows.values_list("employee_id", "starts_at", "ends_at"):
        found[employee_id].append(Span(starts_at, ends_at))
    return found


def _dates_in(window: Span, offering: Offering) -> list[date]:
    """The local dates whose hours or shifts can reach into the window."""
    first = local_date(window.start, offering.zone) - timedelta(days=1)
    last = local_date(window.end, offering.zone)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
