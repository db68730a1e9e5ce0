"""Spans: half-open ranges of time on the UTC line, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range `[start, end)`: holds `start` and every moment before `end`.

    Both ends are aware; whatever their zone, they are kept in UTC, because arithmetic and comparison
    between two datetimes of one zone with daylight saving follow the wall clock and not the time that
    passes. Raises ValueError for a naive end and for a span that would hold no moment.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC:
            object.__setattr__(self, "start", _in_utc(self.start))
        if self.end.tzinfo is not UTC:
            object.__setattr__(self, "end", _in_utc(self.end))
        if self.start >= self.end:
            raise ValueError(f"an empty span: {self.start.isoformat()} to {self.end.isoformat()}")

    @property
    def duration(self) -> timedelta:
        """The time that passes from start to end, more than zero."""
        return self.end - self.start

    def overlaps(self, other: Span) -> bool:
        """Whether at least one moment lies in both.

        self:        [----)
        other:  [---)             False   before
                [----)            False   touches
                   [---)          True
                     [----)       True    equal
                      [--)        True    inside
                   [--------)     True    around
                        [---)     True
                          [--)    False   touches
                           [--)   False   after
        """
        return self.start < other.end and other.start < self.end

    def contains(self, other: Span) -> bool:
        """Whether every moment of `other` lies in self.

        self:        [----)
        other:       [----)       True    equal
                     [--)         True
                      [--)        True
                       [--)       True
                   [----)         False   begins before
                       [----)     False   ends after
                   [--------)     False   around
                          [--)    False   touches
        """
        return self.start <= other.start and other.end <= self.end

    def touches(self, other: Span) -> bool:
        """Whether one begins exactly where the other ends: no moment between them, none in both.

        self:        [----)
        other:  [----)            True
                          [--)    True
                [---)             False   a gap between
                [-----)           False   overlaps
                      [--)        False   inside
                     [----)       False   equal
        """
        return self.end == other.start or other.end == self.start

    def holds(self, moment: datetime) -> bool:
        """Whether the aware `moment` lies in self: the start does, the end does not."""
        return self.start <= moment < self.end

    def widen(self, before: timedelta, after: timedelta) -> Span:
        """Self with buffers: earlier by `before`, later by `after`, neither of them negative.

        before=1, after=2:     [---)
                              [------)
        """
        if before < timedelta(0) or after < timedelta(0):
            raise ValueError("a buffer is not negative")
        return Span(self.start - before, self.end + after)

    def intersection(self, other: Span) -> Span | None:
        """The moments that lie in both, or None where there are none.

        self:   [-----)
        other:     [-----)
                   [--)
        """
        start = max(self.start, other.start)
        end = min(self.end, other.end)
        return Span(start, end) if start < end else None

    def subtract(self, taken: Iterable[Span]) -> tuple[Span, ...]:
        """What is left of self without every moment of `taken`, in order; empty when nothing is.

        self:     [---------------)
        taken:  [---)  [--)     [---)
                        [---)
        left:       [--)    [---)
        """
        left: list[Span] = []
        start = self.start
        for gone in merge(taken):
            if gone.end <= start:
                continue
            if gone.start >= self.end:
                break
            if start < gone.start:
                left.append(Span(start, gone.start))
            start = gone.end
        if start < self.end:
            left.append(Span(start, self.end))
        return tuple(left)


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same moments as `spans`, as the fewest spans, in order: none overlap, none touch.

    spans:  [---)     [--)
               [----)    [--)
    merged: [-------) [-----)
    """
    merged: list[Span] = []
    for span in sorted(spans, key=_start_of):
        if merged and span.start <= merged[-1].end:
            if span.end > merged[-1].end:
                merged[-1] = Span(merged[-1].start, span.end)
        else:
            merged.append(span)
    return tuple(merged)


def _start_of(span: Span) -> datetime:
    return span.start


def _in_utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a span's end without a zone")
    return moment.astimezone(UTC)
