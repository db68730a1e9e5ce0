"""What a claim does to somebody's day: remnants too short to sell, gaps closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tenants.booking.domain.cells import Grid
from tenants.booking.domain.recommend_gaps import Fit, Floor, Timeline, fit_of

ORIGIN = datetime(2026, 11, 23, 9, tzinfo=UTC)


def floor_of(free: str, *, before: int = 0, claimed: int = 2, useful: int = 3) -> Floor[str]:
    bits = sum(1 << place for place, sign in enumerate(free) if sign == "x")
    grid = Grid(ORIGIN, len(free))
    return Floor(grid, {"ya": Timeline(grid.full, bits)}, before, claimed, useful)


@pytest.mark.parametrize(
    ("free", "cell", "fit"),
    [
        ("..xxxxxx..", 2, Fit(0, fills=False, joins=True)),
        ("..xxxxxx..", 3, Fit(1, fills=False, joins=False)),
        ("..xxxxxx..", 4, Fit(4, fills=False, joins=False)),
        ("..xxxxxx..", 6, Fit(0, fills=False, joins=True)),
        ("..xx......", 2, Fit(0, fills=True, joins=True)),
        ("xxxxxxxxxx", 4, Fit(0, fills=False, joins=False)),
        ("xxxxxxxxxx", 0, Fit(0, fills=False, joins=True)),
        ("xxxxxxxxxx", 1, Fit(1, fills=False, joins=False)),
        ("xxxxxxxxxx", 8, Fit(0, fills=False, joins=True)),
    ],
)
def test_a_remnant_is_lost_where_nothing_sold_fits_in_it(free: str, cell: int, fit: Fit) -> None:
    assert fit_of(floor_of(free), "ya", ORIGIN + cell * timedelta(minutes=5)) == fit


def test_preparation_counts_to_the_claim() -> None:
    floor = floor_of("..xxxx....", before=1, claimed=4)
    assert fit_of(floor, "ya", ORIGIN + timedelta(minutes=15)) == Fit(0, fills=True, joins=True)


def test_on_shift_counts_everybody_who_works_then_free_or_not() -> None:
    grid = Grid(ORIGIN, 4)
    floor = Floor(grid, {"ya": Timeline(0b1111, 0), "lin": Timeline(0b0011, 0b0011)}, 0, 1, 1)
    assert [floor.on_shift(grid.moment(cell)) for cell in range(4)] == [2, 2, 1, 1]
