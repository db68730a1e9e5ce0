"""Cells: the bit operations against their obvious meaning, and how spans and days are laid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.booking.domain.cells import (
    CELL,
    Grid,
    cells_for,
    columns,
    day_starts,
    fits,
    moments,
    positions,
    runs,
)
from tenants.booking.domain.spans import Span

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
GAP, FOLD = date(2026, 3, 29), date(2026, 10, 25)
ORIGIN = datetime(2026, 5, 1, tzinfo=UTC)
GRID = Grid(ORIGIN, 12)
quick = settings(max_examples=150, deadline=None)


def at(minutes: float) -> datetime:
    return ORIGIN + timedelta(minutes=minutes)


def row(text: str) -> int:
    """Bits as the docstrings draw them: cell 0 on the left."""
    return int(text.replace(" ", "")[::-1], 2)


@pytest.mark.parametrize(("minutes", "cells"), [(0, 0), (1, 1), (5, 1), (6, 2), (60, 12)])
def test_lengths_are_rounded_up_to_cells(minutes, cells):
    assert cells_for(minutes) == cells


def test_the_truth_tables_of_runs_and_fits():
    free = row("0 1 1 1 1 0 1 1")
    assert runs(free, 3) == row("0 1 1 0 0 0 0 0")
    assert fits(free, -1, 3) == row("0 0 1 1 0 0 0 0")
    assert fits(free, 1, 2) == row("1 1 1 0 0 1 0 0")


@given(st.integers(0, 2**80 - 1), st.integers(1, 85))
@quick
def test_runs_are_the_starts_of_cells_in_a_row(free, count):
    truth = [start for start in range(80) if all(free >> cell & 1 for cell in range(start, start + count))]
    assert positions(runs(free, count)) == truth


@given(st.integers(0, 2**60 - 1), st.integers(-12, 12), st.integers(1, 20))
@quick
def test_fits_are_the_starts_whose_segment_is_free(free, first, count):
    def is_free(cell: int) -> bool:
        return cell >= 0 and bool(free >> cell & 1)

    truth = [start for start in range(80) if all(is_free(start + first + n) for n in range(count))]
    assert positions(fits(free, first, count)) == truth


@given(st.integers(0, 2**300 - 1))
@quick
def test_positions_and_columns_read_the_bits(bits):
    truth = [cell for cell in range(300) if bits >> cell & 1]
    assert positions(bits) == truth
    assert [cell for cell, present in enumerate(columns(bits, 300)) if present] == truth
    assert len(columns(bits, 300)) == 300
    assert moments(bits, GRID) == [ORIGIN + cell * CELL for cell in truth]


def test_free_is_rounded_inward_and_busy_outward():
    span = [Span(at(7), at(23))]
    assert GRID.lay_free(span) == row("0 0 1 1 0 0 0 0 0 0 0 0")
    assert GRID.lay_busy(span) == row("0 1 1 1 1 0 0 0 0 0 0 0")


def test_a_microsecond_makes_a_cell_busy_and_not_free():
    tick = timedelta(microseconds=1)
    assert GRID.lay_busy([Span(at(10) - tick, at(15) + tick)]) == row("0 1 1 1 0 0 0 0 0 0 0 0")
    assert GRID.lay_free([Span(at(10) + tick, at(20) - tick)]) == row("0 0 0 0 0 0 0 0 0 0 0 0")


def test_free_spans_that_touch_inside_a_cell_are_one():
    assert GRID.lay_free([Span(at(12), at(20)), Span(at(5), at(12))]) == row("0 1 1 1 0 0 0 0 0 0 0 0")


def test_what_lies_off_the_grid_is_cut_off():
    around = [Span(at(-500), at(500))]
    assert GRID.lay_free(around) == GRID.lay_busy(around) == GRID.full
    off = [Span(at(-20), at(0)), Span(at(60), at(90))]
    assert GRID.lay_free(off) == GRID.lay_busy(off) == 0
    assert GRID.lay_window(at(-500), at(500)) == GRID.full
    assert GRID.lay_window(at(61), at(5)) == 0


def test_a_window_holds_both_its_ends():
    assert GRID.lay_window(at(10), at(20)) == row("0 0 1 1 1 0 0 0 0 0 0 0")
    assert GRID.lay_window(at(11), at(19)) == row("0 0 0 1 0 0 0 0 0 0 0 0")


@given(st.integers(-900, 4500), st.integers(0, 1))
@quick
def test_floor_and_ceil_surround_a_moment(seconds, micro):
    moment = ORIGIN + timedelta(seconds=seconds, microseconds=micro)
    floor, ceil = GRID.floor(moment), GRID.ceil(moment)
    assert GRID.moment(floor) <= moment < GRID.moment(floor + 1)
    assert GRID.moment(ceil - 1) < moment <= GRID.moment(ceil)


@pytest.mark.parametrize(("day", "cells"), [(GAP, 276), (FOLD, 300), (date(2026, 5, 1), 288)])
def test_a_day_has_as_many_cells_as_its_clock_says(day, cells):
    grid = Grid.over([day], BERLIN)
    assert (grid.cells, grid.day_cells(day, BERLIN)) == (cells, range(cells))


def test_days_of_a_longer_grid_lie_side_by_side():
    days = [GAP + timedelta(days=n) for n in (-1, 0, 1)]
    grid = Grid.over(days, BERLIN, before=3, after=10)
    assert [grid.day_cells(day, BERLIN) for day in days] == [range(3, 291), range(291, 567), range(567, 855)]
    assert (grid.cells, grid.span.duration) == (865, 865 * CELL)


@pytest.mark.parametrize(
    ("day", "hourly"),
    [(GAP, [0, 1, 3, 4]), (FOLD, [0, 1, 2, 2]), (date(2026, 5, 1), [0, 1, 2, 3])],
)
def test_starts_lie_on_the_wall_clocks_step(day, hourly):
    grid = Grid.over([day], BERLIN)
    starts = moments(grid.starts_at_step([day], BERLIN, 60), grid)
    assert [start.astimezone(BERLIN).hour for start in starts[:4]] == hourly
    assert {start.astimezone(BERLIN).minute for start in starts} == {0}


def test_the_step_follows_the_wall_clock_after_a_change_by_half_an_hour():
    lord_howe, day = ZoneInfo("Australia/Lord_Howe"), date(2026, 10, 4)
    grid = Grid.over([day], lord_howe)
    starts = moments(grid.starts_at_step([day], lord_howe, 60), grid)
    assert [start.astimezone(lord_howe).hour for start in starts] == [0, 1, *range(3, 24)]


def test_a_skipped_date_has_neither_cells_nor_starts():
    apia, skipped = ZoneInfo("Pacific/Apia"), date(2011, 12, 30)
    grid = Grid.over([skipped - timedelta(days=1), skipped + timedelta(days=1)], apia)
    assert (len(grid.day_cells(skipped, apia)), day_starts(skipped, apia, 15)) == (0, 0)
    assert (grid.cells, grid.starts_at_step([skipped], apia, 15)) == (576, 0)


@pytest.mark.parametrize("step", [0, -15, 7, 25, 1445])
def test_a_step_that_does_not_divide_a_day_into_cells_is_refused(step):
    with pytest.raises(ValueError, match="step"):
        day_starts(GAP, SHANGHAI, step)


def test_needs_of_several_segments_and_resources_are_ands_and_ors_of_fits():
    """A therapist for 4 cells, one of two rooms from the second cell to the third."""
    therapist = row("0 1 1 1 1 1 1 1 1 0 0 0")
    rooms = [row("0 0 1 1 1 0 0 0 0 0 0 0"), row("0 0 0 0 0 0 1 1 0 0 0 0")]
    some_room = fits(rooms[0], 1, 2) | fits(rooms[1], 1, 2)
    assert positions(fits(therapist, 0, 4) & some_room) == [1, 2, 5]
