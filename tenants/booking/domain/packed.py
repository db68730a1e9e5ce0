"""Spans as the database packs them: numbers, made into Span only where somebody looks at one.

Claims are what a busy calendar has thousands of, and nearly all of them are only laid on a grid.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import overload

from .spans import Span

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds from 2000 (UTC) to an aware moment, as PostgreSQL counts."""
    return (moment - EPOCH) // MICROSECOND


class PackedSpans(Sequence[Span]):
    """Spans in order of start, kept as their two ends in microseconds since 2000; they may overlap."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self.pairs = sorted(pairs)

    @classmethod
    def of(cls, spans: Iterable[Span]) -> PackedSpans:
        """The same spans, packed."""
        return cls((micros(span.start), micros(span.end)) for span in spans)

    @classmethod
    def read(cls, *packed: bytes) -> PackedSpans:
        """From `timestamptz_send(start) || timestamptz_send(end)` of each, one after the other."""
        numbers = array("q", b"".join(packed))
        if sys.byteorder == "little":
            numbers.byteswap()
        return cls(zip(numbers[::2], numbers[1::2], strict=True))

    def __len__(self) -> int:
        return len(self.pairs)

    @overload
    def __getitem__(self, index: int) -> Span: ...
    @overload
    def __getitem__(self, index: slice) -> list[Span]: ...
    def __getitem__(self, index: int | slice) -> Span | list[Span]:
        if isinstance(index, slice):
            return [_span(*pair) for pair in self.pairs[index]]
        return _span(*self.pairs[index])

    def __iter__(self) -> Iterator[Span]:
        return (_span(*pair) for pair in self.pairs)


def _span(start: int, end: int) -> Span:
    return Span(EPOCH + start * MICROSECOND, EPOCH + end * MICROSECOND)
