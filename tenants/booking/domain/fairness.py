"""Who serves, where any will do: the least loaded that day, then who served longest ago, then the least skilled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection

from tenants.stores.domain.wall import local_date, local_day

from .calendar import Calendar
from .spans import Span

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def order_candidates(calendar: Calendar, employees: Sequence[UUID], *, starts_at: datetime) -> list[UUID]:
    """The employees in the order in which they are to be asked for a booking at `starts_at`.

    Load is the time claimed on that local day, buffers included. Of those who never served, whoever can
    do least besides comes first: specialists stay free for what only they can do. Equal in everything,
    the id decides, so that the order is the same wherever it is computed.
    """
    if len(employees) < 2:
        return list(employees)
    place = local_day(local_date(starts_at, calendar.offering.zone), calendar.offering.zone)
    day = Span(place.start, place.end)
    served = last_served(employees, before=starts_at)

    def burden(employee: UUID) -> tuple[timedelta, datetime, int, UUID]:
        busy = calendar.inputs.person(employee).busy
        shared = (day.intersection(span) for span in busy)
        load = sum((span.duration for span in shared if span is not None), timedelta())
        return load, served.get(employee, _LONG_AGO), len(calendar.team[employee].skills), employee

    return sorted(employees, key=burden)


def last_served(employees: Sequence[UUID], *, before: datetime) -> dict[UUID, datetime]:
    """When each of them last began to serve somebody before that time; who never did is left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.id, b.starts_at FROM unnest(%s::uuid[]) AS p (id) CROSS JOIN LATERAL ("
            " SELECT starts_at FROM booking_booking WHERE practitioner_id = p.id AND starts_at < %s"
            " AND status IN ('confirmed', 'arrived', 'completed')"
            " ORDER BY starts_at DESC LIMIT 1) b",
            (list(employees), before),
        )
        return dict(cursor.fetchall())
