"""The day as a grid of people and five-minute rows, in the shape of ui/timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from tenants.booking.domain.attention import Presence
from tenants.booking.domain.spans import Span
from web.formats import format_clock, format_clocks, format_countdown, format_duration
from web.workbench.access import Desk
from web.workbench.day import Day, Row

ROW = timedelta(minutes=5)
HOUR = timedelta(hours=1)
MOST_ROWS = 288
# An hour's label so near to the time of now would lie under it.
NEAR_NOW = 2
MOST_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the grid: the row it begins at, how many rows, its words."""

    row: int
    span: int = 1
    label: str = ""
    lane: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A booking on the grid."""

    id: str
    row: int
    span: int
    lane: int | None
    status: str
    detail: str
    name: str
    line1: str
    line2: str
    url: str
    current: bool
    panel_target: str = "#panel"


@dataclass(frozen=True, slots=True)
class Column:
    """One person's day; `key` is the employee's id, or `nobody` for what nobody is assigned to."""

    key: str
    name: str
    second: str
    mine: bool
    lanes: int | None
    aways: list[Mark]
    buffers: list[Mark]
    blocks: list[Block]
    place: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """The grid's first moment and number of rows."""

    start: datetime
    rows: int

    def row(self, moment: datetime) -> int:
        """The row in which a moment lies, kept on the grid."""
        return max(0, min(self.rows, (moment - self.start) // ROW))

    def mark(self, span: Span, label: str = "", lane: int | None = None) -> Mark | None:
        """A span's place on the grid, rounded outward; None where nothing of it is on the grid."""
        first = self.row(span.start)
        end = max(0, min(self.rows, -((self.start - span.end) // ROW)))
        return Mark(first, end - first, label, lane) if end > first else None


@dataclass(frozen=True, slots=True)
class Timeline:
    """What ui/timeline draws."""

    grid: Grid
    hours: list[Mark]
    now: Mark | None
    columns: list[Column]

    @property
    def rows(self) -> int:
        """How many five-minute rows."""
        return self.grid.rows


def draw_timeline(day: Day, desk: Desk, *, chosen: UUID | None = None) -> Timeline:
    """The timeline of a day already read: people on shift and people with bookings; no further queries."""
    grid = _grid(day)
    inside = grid.start <= desk.now < grid.start + grid.rows * ROW
    now = Mark(grid.row(desk.now), 1, format_clock(desk.now.astimezone(desk.zone))) if inside else None
    hours = [
        Mark(at, 1, format_clock((grid.start + at * ROW).astimezone(desk.zone)))
        for at in range(12, grid.rows, 12)
        if now is None or abs(at - now.row) > NEAR_NOW
    ]
    columns = [_column(person, day, desk, grid, chosen) for person in _people(day, desk)]
    if any(row.booking.practitioner_id is None for row in day.every) and day.who is None:
        columns.append(_column(None, day, desk, grid, chosen))
    return Timeline(grid, hours, now, columns[:MOST_COLUMNS])


def _people(day: Day, desk: Desk) -> list[Presence]:
    """On shift or booked; the one who looks first, then by name."""
    chosen = [person for person in day.people.values() if day.who in (None, person.id)]
    return sorted(chosen, key=lambda person: (person.id != desk.actor.employee_id, person.name))


def _grid(day: Day) -> Grid:
    """Whole hours around shifts and bookings, else opening hours; nine to nine on a day with none."""
    place = day.store_day.span
    spans = [span for person in day.people.values() for span in person.shifts]
    spans += [row.claimed for row in day.every]
    spans = spans or list(day.store_day.openings)
    first = max(place.start, min((span.start for span in spans), default=place.start + 9 * HOUR))
    last = min(place.end, max((span.end for span in spans), default=place.start + 21 * HOUR))
    start = place.start + (first - place.start) // HOUR * HOUR
    hours = max(1, -((start - last) // HOUR))
    return Grid(start, min(MOST_ROWS, hours * 12))


def _column(person: Presence | None, day: Day, desk: Desk, grid: Grid, chosen: UUID | None) -> Column:
    key = person.id if person is not None else None
    rows = [row for row in day.every if row.booking.practitioner_id == key]
    lanes = _lanes(rows)
    most = max(lanes.values(), default=1)
    shifts = person.shifts if person is not None else ()
    count = ngettext("%(count)s booking", "%(count)s bookings", len(rows)) % {"count": len(rows)}
    second = " · ".join([*(_clocks(shift, desk) for shift in shifts), count])
    lane_of = lanes if most > 1 else {}
    return Column(
        key=str(key) if key else "nobody",
        name=person.name if person is not None else _("Nobody yet"),
        second=second,
        mine=key is not None and key == desk.actor.employee_id,
        lanes=most if most > 1 else None,
        aways=_kept(_aways(person, desk, grid)) if person is not None else [],
        buffers=_kept(mark for row in rows for mark in _buffers(row, grid, lane_of.get(row.key))),
        blocks=[_block(row, desk, grid, lane_of.get(row.key), chosen) for row in rows],
        place="" if person is not None else "users",
    )


def _kept(marks: Iterable[Mark | None]) -> list[Mark]:
    return [mark for mark in marks if mark is not None]


def _lanes(rows: list[Row]) -> dict[str, int]:
    """Side by side where a no-show's time was given to someone else."""
    ends: list[datetime] = []
    lanes: dict[str, int] = {}
    for row in rows:
        at = next((number for number, end in enumerate(ends) if end <= row.starts), len(ends))
        if at == len(ends):
            ends.append(row.ends)
        ends[at] = row.ends
        lanes[row.key] = min(at + 1, 6)
    return lanes


def _buffers(row: Row, grid: Grid, lane: int | None) -> Iterable[Mark | None]:
    if row.claimed.start < row.booking.starts_at:
        yield grid.mark(Span(row.claimed.start, row.booking.starts_at), lane=lane)
    if row.booking.ends_at < row.claimed.end:
        yield grid.mark(Span(row.booking.ends_at, row.claimed.end), lane=lane)


def _aways(person: Presence, desk: Desk, grid: Grid) -> Iterable[Mark | None]:
    end = grid.start + grid.rows * ROW
    cursor = grid.start
    for number, shift in enumerate(person.shifts):
        if shift.start > cursor:
            words = _("Starts %(time)s") if number == 0 else _("Break")
            yield grid.mark(Span(cursor, shift.start), words % {"time": _clock(shift.start, desk)})
        cursor = max(cursor, shift.end)
    if cursor < end:
        words = _("Leaves %(time)s") % {"time": _clock(cursor, desk)} if person.shifts else _("No shift")
        yield grid.mark(Span(cursor, end), words)
    for leave in person.leave:
        if leave.start < end and grid.start < leave.end:
            yield grid.mark(leave, _("On leave"))


def _clock(moment: datetime, desk: Desk) -> str:
    return format_clock(moment.astimezone(desk.zone))


def _clocks(span: Span, desk: Desk) -> str:
    return format_clocks(
        span.start.astimezone(desk.zone), span.end.astimezone(desk.zone), language=get_language() or "en"
    )


def _block(row: Row, desk: Desk, grid: Grid, lane: int | None, chosen: UUID | None) -> Block:
    language = get_language() or "en"
    detail = ""
    if row.late:
        detail = format_duration(row.late, language=language)
    elif row.hold_left is not None:
        detail = format_countdown(row.hold_left)
    first = grid.row(row.booking.starts_at)
    end = grid.row(row.booking.ends_at)
    name = row.name
    if row.booking.party_size > 1:
        name = _("%(name)s · %(count)s people") % {"name": name, "count": row.booking.party_size}
    return Block(
        id=row.key,
        row=first,
        span=max(1, end - first),
        lane=lane,
        status=row.shown,
        detail=detail,
        name=name,
        line1=row.booking.service.name,
        line2=format_clocks(row.starts, row.ends, language=language),
        url=reverse("workbench:booking", args=[desk.store.id, row.booking.id]),
        current=row.booking.id == chosen,
    )
