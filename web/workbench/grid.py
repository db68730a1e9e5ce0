"""The grid of the day in the shape of ui/timeline: rows of five minutes, columns, what stands in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from tenants.booking.domain.spans import Span

ROW = timedelta(minutes=5)
HOUR = timedelta(hours=1)
MOST_ROWS = 288


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the grid: the row it begins at, how many rows, its words."""

    row: int
    span: int = 1
    label: str = ""
    lane: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A booking or session on the grid. `can` says what may be done by hand: `move`, `resize`, both, or nothing.

    `place` is where a drop of it is sent, where that is not the grid's own address.
    """

    id: str
    booking: str
    version: int
    can: str
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
    place: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One person's, room's or date's day. `key` is stable: an id, or `nobody`, `noroom`, a date.

    `start` is the moment (ISO 8601) of its first row; `person` and `room` whose it is, where a booking dropped
    here is given to them; `drop` whether anything may be dropped at all.
    """

    key: str
    name: str
    second: str
    mine: bool
    lanes: int | None
    aways: list[Mark]
    buffers: list[Mark]
    blocks: list[Block]
    place: str = ""
    start: str = ""
    person: str = ""
    room: str = ""
    drop: bool = True
    url: str = ""


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
    """What ui/timeline draws; `services` are those of more than the day itself, by id, for the filters.

    Of a person's week `days` are its dates, `count` its bookings and `done` those that were served.
    """

    grid: Grid
    hours: list[Mark]
    now: Mark | None
    columns: list[Column]
    rooms: bool = False
    services: Mapping[UUID, str] = field(default_factory=dict)
    days: Sequence[date] = ()
    count: int = 0
    done: int = 0

    @property
    def rows(self) -> int:
        """How many five-minute rows."""
        return self.grid.rows
