"""One person's week as a grid: seven dates side by side, rows by the wall clock."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.utils.translation import get_language

from tenants.booking.domain.spans import Span
from tenants.booking.domain.week import PersonDay, read_person_week, week_around
from tenants.booking.models import Status
from web.formats import format_day
from web.workbench.access import Desk
from web.workbench.asked import Asked
from web.workbench.day import Day, held_claims, row_of
from web.workbench.frame import here
from web.workbench.grid import HOUR, MOST_ROWS, Column, Grid, Timeline
from web.workbench.timeline import Drawing, hours_on, now_on


def draw_week(page: Day, desk: Desk, asked: Asked, *, chosen: UUID | None = None) -> Timeline | None:
    """The week around the day asked for, of the person asked for, else of who looks or the first on shift.

    None where nobody works at the store that day and nobody is asked for. Eight queries.
    """
    who = asked.filters.who or _first(page, desk)
    if who is None:
        return None
    days = read_person_week(desk.store.id, who, week_around(asked.on), by=desk.actor, now=desk.now)
    prefetch_related_objects([booking for day in days for booking in day.bookings], held_claims())
    opens, rows = _bounds(days)
    columns, now = [], None
    for day in days:
        grid = Grid(day.span.start + opens, rows)
        now = now or now_on(grid, desk)
        columns.append(_column(day, desk, Drawing(desk, grid, asked.filters, chosen), asked))
    first = Grid(days[0].span.start + opens, rows)
    services = {one.service_id: one.service.name for day in days for one in day.bookings}
    services |= {one.service_id: one.service.name for day in days for one in day.sessions}
    booked = [one for day in days for one in day.bookings]
    return Timeline(
        first,
        hours_on(first, desk, now),
        now,
        columns,
        services=services,
        days=[day.day for day in days],
        count=len(booked),
        done=sum(one.status == Status.COMPLETED for one in booked),
    )


def _first(page: Day, desk: Desk) -> UUID | None:
    if desk.actor.employee_id in page.people:
        return desk.actor.employee_id
    return next(iter(page.people), None)


def _bounds(days: list[PersonDay]) -> tuple[timedelta, int]:
    """How long after midnight the grid begins and how many rows it has: whole hours around all that is in it."""
    inside: list[tuple[timedelta, timedelta]] = []
    for day in days:
        spans = [*day.presence.shifts, *(Span(one.starts_at, one.ends_at) for one in day.bookings)]
        spans += [Span(one.starts_at, one.ends_at) for one in day.sessions]
        inside += [(span.start - day.span.start, span.end - day.span.start) for span in spans]
    opens = max(timedelta(), min((start for start, _end in inside), default=9 * HOUR) // HOUR * HOUR)
    closes = max((end for _start, end in inside), default=21 * HOUR)
    hours = min(24, max(1, -((opens - closes) // HOUR)))
    return opens, min(MOST_ROWS, hours * 12)


def _column(day: PersonDay, desk: Desk, draw: Drawing, asked: Asked) -> Column:
    rows = [row_of(booking, desk) for booking in day.bookings]
    name = format_day(day.day, language=get_language() or "en", today=desk.today)
    return draw.column(
        day.day.isoformat(),
        name,
        [row for row in rows if not row.is_scheduled],
        presence=day.presence,
        taken=day.sessions,
        mine=day.day == desk.today,
        place="calendar",
        person=str(day.presence.id),
        url=f"{here('day', desk)}?{urlencode({'on': day.day.isoformat(), 'view': 'people'})}",
    )
