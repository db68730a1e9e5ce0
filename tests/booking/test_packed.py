"""Packed spans: the same spans, and the same cells, as the spans they were packed from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.scope import chain_scope
from tenants.booking.domain.cells import Grid
from tenants.booking.domain.packed import PackedSpans
from tenants.booking.domain.spans import Span
from tests.ground.cast import Cast

ORIGIN = datetime(2026, 5, 1, 3, 25, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
_NEAR = st.integers(-3 * 3600 * 10**6, 6 * 3600 * 10**6)
_SPANS = st.lists(
    st.builds(
        lambda start, unit, length: Span(
            ORIGIN + start // unit * unit * MICRO, ORIGIN + (start // unit + length) * unit * MICRO
        ),
        _NEAR,
        st.sampled_from([1, 10**6, 60 * 10**6, 300 * 10**6]),
        st.integers(1, 40),
    ),
    max_size=12,
)


@given(_SPANS, st.integers(1, 40))
@settings(max_examples=400, deadline=None)
def test_packed_spans_close_the_cells_that_the_spans_close(spans: list[Span], cells: int) -> None:
    grid = Grid(ORIGIN, cells)
    assert grid.lay_busy(PackedSpans.of(spans)) == grid.lay_busy(spans)


@given(_SPANS)
@settings(max_examples=100, deadline=None)
def test_packed_spans_are_the_spans_in_order_of_start(spans: list[Span]) -> None:
    packed = PackedSpans.of(spans)
    assert list(packed) == sorted(spans)
    assert [packed[n] for n in range(len(packed))] == packed[:] == sorted(spans)


def test_the_database_packs_as_they_are_read(cast: Cast) -> None:
    spans = [Span(ORIGIN + n * MICRO, ORIGIN + timedelta(hours=n + 1)) for n in (5, 0, 7)]
    with chain_scope(cast.alpha.info), connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(timestamptz_send(a) || timestamptz_send(b), '')"
            " FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS t (a, b)",
            ([span.start for span in spans], [span.end for span in spans]),
        )
        row: Any = cursor.fetchone()
    assert list(PackedSpans.read(row[0], b"")) == sorted(spans)
    assert list(PackedSpans.read(b"")) == []
