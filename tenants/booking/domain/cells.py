"""Cells: time as bits, so that availability is a handful of integer operations.

A grid is a row of 5-minute cells on the UTC line; bit i of an integer is the i-th cell. Daylight saving
and zones enter when spans are laid on the grid (a local day then has 276, 288 or 300 cells) and when a
day's step is laid (`day_starts`), nowhere else. What is free is rounded inward to whole cells and what is
taken outward, so that no cell is ever free that was not free to its last second.

The operations compose: with `fits` a need of several segments is an AND over its segments, "one of these
rooms" is an OR over rooms, and "a therapist and a room" is an AND of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import compress
from zoneinfo import ZoneInfo

from tenants.stores.domain.wall import local_day

from .packed import PackedSpans, micros
from .spans import Span, merge

CELL_MINUTES = 5
CELL = timedelta(minutes=CELL_MINUTES)
_CELL_SECONDS = CELL_MINUTES * 60
_CELL_MICROS = _CELL_SECONDS * 1_000_000
_TRUTH = bytes.maketrans(b"01", b"\x00\x01")


def cells_for(minutes: int) -> int:
    """How many cells `minutes` take, rounded up; not negative."""
    if minutes < 0:
        raise ValueError("a length is not negative")
    return -(-minutes // CELL_MINUTES)


@dataclass(frozen=True, slots=True)
class Grid:
    """`cells` cells in a row, the first begins at `origin` (aware UTC)."""

    origin: datetime
    cells: int

    @classmethod
    def over(cls, days: Sequence[date], zone: ZoneInfo, *, before: int = 0, after: int = 0) -> Grid:
        """A grid from the first to the last of `days` (local days of `zone`, at least one).

        `before` and `after` are cells of margin, for what reaches over the edge: preparation before the
        first midnight, a service that ends after the last.
        """
        start = local_day(min(days), zone).start - before * CELL
        end = local_day(max(days), zone).end
        return cls(start, -((start - end) // CELL) + after)

    @property
    def span(self) -> Span:
        """The time the grid covers: what must be known to lay it. ValueError on a grid of no cell."""
        return Span(self.origin, self.moment(self.cells))

    @property
    def full(self) -> int:
        """The bitmap in which every cell of the grid is set."""
        return (1 << self.cells) - 1

    def moment(self, cell: int) -> datetime:
        """When a cell begins, UTC."""
        return self.origin + cell * CELL

    def floor(self, moment: datetime) -> int:
        """The cell that holds `moment`, or that begins with it; may lie outside the grid."""
        passed = moment - self.origin
        return (passed.days * 86400 + passed.seconds) // _CELL_SECONDS

    def ceil(self, moment: datetime) -> int:
        """The first cell that begins at or after `moment`; may lie outside the grid."""
        return -((self.origin - moment) // CELL)

    def between(self, first: int, end: int) -> int:
        """The cells `[first, end)`, as far as they lie on the grid."""
        first, end = max(first, 0), min(end, self.cells)
        return ((1 << (end - first)) - 1) << first if first < end else 0

    def lay_free(self, spans: Iterable[Span]) -> int:
        """Cells that lie wholly in the union of `spans`: hours, shifts."""
        bits = 0
        for span in merge(spans):
            bits |= self.between(self.ceil(span.start), self.floor(span.end))
        return bits

    def lay_busy(self, spans: Iterable[Span]) -> int:
        """Cells of which any moment lies in one of `spans`: leave, claims."""
        if isinstance(spans, PackedSpans):
            return self._lay_packed(spans)
        bits, last, origin = 0, self.cells, self.origin
        for span in spans:
            # `floor` and `ceil` written out: this loop is what a search of a month spends its time in.
            begin, close = span.start - origin, span.end - origin
            first = (begin.days * 86400 + begin.seconds) // _CELL_SECONDS
            end = -(-(close.days * 86400 + close.seconds + (close.microseconds > 0)) // _CELL_SECONDS)
            if first < 0:
                first = 0
            if end > last:
                end = last
            if first < end:
                bits |= ((1 << (end - first)) - 1) << first
        return bits

    def _lay_packed(self, spans: PackedSpans) -> int:
        """The same from numbers alone; claims in a row are laid as one."""
        base, cells = micros(self.origin), self.cells
        bits, begin, end = 0, 0, 0
        for start, close in spans.pairs:
            first = (start - base) // _CELL_MICROS
            if first > end:
                if begin < end:  # `between` written out: claims mostly lie apart
                    bits |= ((1 << (end - begin)) - 1) << begin
                begin = end = first
            last = -((base - close) // _CELL_MICROS)
            if last > end:
                end = last if last < cells else cells
        return bits | self.between(begin, end)

    def lay_window(self, earliest: datetime, latest: datetime) -> int:
        """Cells that begin in `[earliest, latest]`, both ends included."""
        return self.between(self.ceil(earliest), self.floor(latest) + 1)

    def day_cells(self, day: date, zone: ZoneInfo) -> range:
        """The cells that begin in a local day; none for a date that the calendar skips."""
        place = local_day(day, zone)
        return range(self.ceil(place.start), self.ceil(place.end))

    def starts_at_step(self, days: Iterable[date], zone: ZoneInfo, step: int) -> int:
        """Cells that begin when the wall clock shows a multiple of `step` minutes past midnight.

        `step` is a multiple of 5 that divides a day. In a fold both moments of a wall time count, in a
        gap none does.
        """
        bits = 0
        for day in days:
            place = local_day(day, zone)
            first = self.floor(place.start)
            # A zone that changed by odd minutes (none since 1972) puts a day off the grid: offer nothing.
            if place.exists and self.moment(first) == place.start:
                starts = day_starts(day, zone, step)
                bits |= starts << first if first >= 0 else starts >> -first
        return bits & self.full


@lru_cache(maxsize=4096)
def day_starts(day: date, zone: ZoneInfo, step: int) -> int:
    """As `Grid.starts_at_step` for one day: bit 0 is the day's first cell."""
    if step <= 0 or step % CELL_MINUTES or 1440 % step:
        raise ValueError(f"a step of {step} minutes is not a multiple of 5 that divides a day")
    place = local_day(day, zone)
    if place.steady:
        return _every(step // CELL_MINUTES, 1440 // step)
    bits = 0
    for cell in range(-((place.start - place.end) // CELL)):
        shown = (place.start + cell * CELL).astimezone(zone)
        on_step = (shown.hour * 60 + shown.minute) % step == 0 and shown.second == 0
        if on_step and shown.date() == day:
            bits |= 1 << cell
    return bits


def _every(gap: int, count: int) -> int:
    """`count` bits, `gap` apart, the first of them bit 0: a geometric sum."""
    return ((1 << gap * count) - 1) // ((1 << gap) - 1)


def runs(free: int, count: int) -> int:
    """Where `count` free cells in a row begin (`count` ≥ 1), by log₂ `count` shifts.

    free         0 1 1 1 1 0 1 1        (cell 0 on the left)
    runs, 3      0 1 1 0 0 0 0 0
    """
    if count < 1:
        raise ValueError("a run has at least one cell")
    have = 1
    while have < count:
        more = min(have, count - have)
        free &= free >> more
        have += more
    return free


def fits(free: int, first: int, count: int) -> int:
    """Starts from which the cells `[start + first, start + first + count)` are all free.

    `first` is where a segment lies relative to the start: negative for preparation before it, positive
    for a segment that begins later ("a room from minute 10 to 50": first=2, count=8).
    Bits may lie past the grid's end where `first` is negative; AND with starts on the grid.

    free            0 1 1 1 1 0 1 1
    fits, -1, 3     0 0 1 1 0 0 0 0     preparation of one cell, service of two
    fits,  1, 2     1 1 1 0 0 1 0 0     a segment of two cells, one cell after the start
    """
    begin = runs(free, count)
    return begin << -first if first < 0 else begin >> first


def positions(bits: int) -> list[int]:
    """The set bits of a non-negative integer, ascending."""
    truth = f"{bits:b}"[::-1].encode().translate(_TRUTH)
    return list(compress(range(len(truth)), truth))


def columns(bits: int, length: int) -> bytes:
    """The bits as one byte of 0 or 1 a cell, `length` of them (at least the bits' own length)."""
    return f"{bits:0{length}b}"[::-1].encode().translate(_TRUTH)


def moments(bits: int, grid: Grid) -> list[datetime]:
    """When each set cell begins, UTC, ascending."""
    return [grid.moment(cell) for cell in positions(bits)]
