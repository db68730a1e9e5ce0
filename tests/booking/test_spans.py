"""Spans: predicates by example, and their laws on random spans."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.booking.domain.spans import Span, merge

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def span(start: int, end: int) -> Span:
    return Span(NOON + timedelta(minutes=start), NOON + timedelta(minutes=end))


@st.composite
def random_spans(draw: st.DrawFn) -> Span:
    start = draw(st.integers(0, 30))
    return span(start, start + draw(st.integers(1, 12)))


some_spans = st.lists(random_spans(), max_size=8)
quick = settings(max_examples=150, deadline=None)


def minutes_of(spans: Iterable[Span]) -> set[int]:
    """The minutes that lie in the spans, as the obvious model of them."""
    return {
        minute
        for one in spans
        for minute in range(
            (one.start - NOON) // timedelta(minutes=1), (one.end - NOON) // timedelta(minutes=1)
        )
    }


@pytest.mark.parametrize(
    ("start", "end"),
    [(NOON, NOON), (NOON, NOON - timedelta(seconds=1))],
    ids=["empty", "backwards"],
)
def test_a_span_that_holds_no_moment_is_refused(start, end):
    with pytest.raises(ValueError, match="empty"):
        Span(start, end)


def test_a_naive_end_is_refused():
    naive = datetime(2026, 5, 1, 12)  # noqa: DTZ001
    with pytest.raises(ValueError, match="zone"):
        Span(naive, NOON)
    with pytest.raises(ValueError, match="zone"):
        Span(NOON, naive)


def test_ends_of_any_zone_are_kept_in_utc():
    shanghai = NOON.astimezone(timezone(timedelta(hours=8)))
    kept = Span(shanghai, shanghai + timedelta(hours=1))
    assert (kept.start.tzinfo, kept.end.tzinfo) == (UTC, UTC)
    assert kept == Span(NOON, NOON + timedelta(hours=1))


def test_duration_is_the_time_that_passes_and_not_the_wall_clocks():
    berlin = ZoneInfo("Europe/Berlin")
    before, after = datetime(2026, 3, 29, 1, tzinfo=berlin), datetime(2026, 3, 29, 4, tzinfo=berlin)
    assert after - before == timedelta(hours=3)
    assert Span(before, after).duration == timedelta(hours=2)


@pytest.mark.parametrize("predicate", [Span.overlaps, Span.contains, Span.touches])
def test_the_truth_tables_in_the_docstrings_are_true(predicate):
    """A picture's columns are minutes: `[` stands at the start, `)` at the end."""
    picture = [
        (span(line.index("["), line.index(")")), line.split(")")[1].split())
        for line in (predicate.__doc__ or "").splitlines()
        if "[-" in line
    ]
    (one, _), *rows = picture
    assert len(rows) >= 6
    for other, told in rows:
        assert (predicate(one, other), other) == (told[0] == "True", other)


def test_a_span_holds_its_start_and_not_its_end():
    one = span(10, 15)
    assert [one.holds(moment) for moment in (one.start, one.end - timedelta(microseconds=1), one.end)] == [
        True,
        True,
        False,
    ]


def test_widen_adds_buffers_and_refuses_negative_ones():
    assert span(10, 15).widen(timedelta(minutes=5), timedelta(minutes=10)) == span(5, 25)
    with pytest.raises(ValueError, match="buffer"):
        span(10, 15).widen(timedelta(minutes=-1), timedelta(0))


def test_subtract_leaves_the_pieces_between():
    assert span(0, 30).subtract([span(20, 40), span(-5, 3), span(8, 12), span(10, 14)]) == (
        span(3, 8),
        span(14, 20),
    )
    assert span(0, 30).subtract([span(-1, 31)]) == ()
    assert span(0, 30).subtract([]) == (span(0, 30),)


@given(random_spans(), random_spans())
@quick
def test_predicates_agree_with_sets_of_minutes(one, other):
    mine, theirs = minutes_of([one]), minutes_of([other])
    assert one.overlaps(other) == other.overlaps(one) == bool(mine & theirs)
    assert one.contains(other) == (theirs <= mine)
    assert one.touches(other) == (not mine & theirs and len(merge([one, other])) == 1)
    shared = one.intersection(other)
    assert shared == other.intersection(one)
    assert minutes_of([shared] if shared else []) == mine & theirs


@given(some_spans)
@quick
def test_merge_keeps_the_moments_in_the_fewest_spans(spans):
    merged = merge(spans)
    assert minutes_of(merged) == minutes_of(spans)
    assert all(before.end < after.start for before, after in pairwise(merged))
    assert merge(reversed(merged)) == merged


@given(random_spans(), some_spans)
@quick
def test_subtract_agrees_with_sets_of_minutes(one, taken):
    left = one.subtract(taken)
    assert minutes_of(left) == minutes_of([one]) - minutes_of(taken)
    assert merge(left) == left
