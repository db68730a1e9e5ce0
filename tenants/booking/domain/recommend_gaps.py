"""What a booking does to a practitioner's day: the remnants it leaves, the gaps it closes. Bits only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from .cells import Grid

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Timeline:
    """One practitioner's cells on the grid: on shift, and of those the ones nothing takes."""

    works: int
    free: int


# Generic, so without slots (see search.Inputs).
@dataclass(frozen=True)
class Floor(Generic[K]):
    """The shop as a recommendation sees it, in cells of `grid`.

    A service claims `claimed` cells from `before` cells ahead of its start. A free run shorter than
    `useful` cells (the shortest claim the shop sells) can no longer be sold.
    """

    grid: Grid
    staff: Mapping[K, Timeline]
    before: int
    claimed: int
    useful: int

    def on_shift(self, starts_at: datetime) -> int:
        """How many people work at that moment, free or not."""
        cell = self.grid.floor(starts_at)
        return sum(one.works >> cell & 1 for one in self.staff.values()) if cell >= 0 else 0


@dataclass(frozen=True, slots=True)
class Fit:
    """How a claim sits in its free run: cells of it lost for good, and whether it touches bookings.

    `lost` counts the cells of remnants too short to be sold. `fills`: the run is used to the last cell
    between two things that stood there. `joins`: no remnant is lost, and one side touches.
    """

    lost: int
    fills: bool
    joins: bool


def fit_of(floor: Floor[K], who: K, starts_at: datetime) -> Fit:
    """How the claim of a service from `starts_at` sits in that person's day.

    free run    . . x x x x x x . .        useful 3, claimed 2
    claim       . . C C _ _ _ _ . .        lost 0, joins
    claim       . . _ C C _ _ _ . .        lost 1 (the left remnant; three are left on the right)
    claim       . . _ _ C C _ _ . .        lost 4
    """
    timeline = floor.staff[who]
    first = floor.grid.floor(starts_at) - floor.before
    left = _ones_below(timeline.free, first, floor.useful)
    right = _ones_from(timeline.free, first + floor.claimed, floor.useful)
    lost = sum(side for side in (left, right) if side < floor.useful)
    return Fit(
        lost=lost,
        fills=left == 0 and right == 0,
        joins=lost == 0 and 0 in (left, right),
    )


def _ones_from(bits: int, cell: int, most: int) -> int:
    """How many set cells follow from `cell` on, counted up to `most`."""
    window = ~(bits >> max(cell, 0)) & ((1 << most) - 1)
    return (window & -window).bit_length() - 1 if window else most


def _ones_below(bits: int, cell: int, most: int) -> int:
    """How many set cells precede `cell`, counted up to `most`."""
    if cell <= 0:
        return 0
    shift = cell - most
    window = (bits >> shift if shift >= 0 else bits << -shift) & ((1 << most) - 1)
    return most - (~window & ((1 << most) - 1)).bit_length()
