"""A member's habit, read from their visits: weekday and hour, practitioner, and the rhythm between visits.

Everything here is plain arithmetic over a handful of visits; docs/recommendations.md has the formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from math import exp
from statistics import median
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

K = TypeVar("K")

# A visit counts half as much as one that is three visits younger: habits drift.
HALF_LIFE = 3
# A visit for another service says less of this one.
OTHER_SERVICE = 0.4
# How far from an hour still feels like that hour, in minutes (the standard deviation of a bell).
HOUR_SPREAD = 40
# How alike two weekdays are: the same, of the same kind (work day or weekend), of the other kind.
SAME_DAY, SAME_KIND, OTHER_KIND = 1.0, 0.3, 0.05
# The interval somebody without a rhythm yet is assumed to have, and how little is known of it.
FIRST_INTERVAL, FIRST_SPREAD = 28, 14.0
# A rhythm is never known more exactly than this: days, and share of the interval.
LEAST_SPREAD, SPREAD_SHARE = 2.0, 0.15
# How exactly somebody keeps to the time they book ahead: days, and share of it.
LEAST_LEAD_SPREAD, LEAD_SHARE = 0.7, 0.5
SATURDAY = 6


@dataclass(frozen=True, slots=True)
class Visit(Generic[K]):
    """A visit that was or will be: when it begins (aware UTC), who serves, whether it is this very service.

    `booked_at` is when it was asked for; None where that says nothing (the desk moved it, an import).
    """

    starts_at: datetime
    practitioner: K | None
    same_service: bool = True
    booked_at: datetime | None = None

    @property
    def lead(self) -> float | None:
        """Days between asking and coming."""
        return (self.starts_at - self.booked_at).total_seconds() / 86400 if self.booked_at else None


# Generic, so without slots (see search.Inputs).
@dataclass(frozen=True)
class Habit(Generic[K]):
    """What a member's visits say. Empty for somebody who never came."""

    zone: ZoneInfo
    visits: tuple[Visit[K], ...]
    weights: tuple[float, ...]
    last: date | None
    interval: float
    spread: float
    rhythmic: bool
    _hours: dict[tuple[int, int], float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def known(self) -> bool:
        """Whether there is any visit to go by."""
        return bool(self.visits)

    def hour_share(self, starts_at: datetime) -> float:
        """0 to 1: how much of the member's visits were at such a weekday and hour, recent ones first."""
        shown = starts_at.astimezone(self.zone)
        weekday, minute = shown.isoweekday(), shown.hour * 60 + shown.minute
        key = (weekday, minute)
        share = self._hours.get(key)
        if share is None:
            share = self._hours[key] = self._hour_share(weekday, minute)
        return share

    def _hour_share(self, weekday: int, minute: int) -> float:
        total = 0.0
        for visit, weight in zip(self.visits, self.weights, strict=True):
            was = visit.starts_at.astimezone(self.zone)
            apart = abs(was.hour * 60 + was.minute - minute)
            total += weight * day_likeness(was.isoweekday(), weekday) * bell(apart, HOUR_SPREAD)
        return total

    def person_share(self, practitioner: K) -> float:
        """0 to 1: how much of the member's visits that practitioner served, recent ones first."""
        return sum(
            weight
            for visit, weight in zip(self.visits, self.weights, strict=True)
            if visit.practitioner == practitioner
        )

    def rhythm_share(self, day: date, *, today: date) -> float:
        """0 to 1: how well a visit on `day` keeps the member's interval; once overdue, sooner is better."""
        if self.last is None:
            return 0.0
        due = max(self.last.toordinal() + self.interval, float(today.toordinal()))
        return bell(day.toordinal() - due, self.spread)

    def lead_share(self, starts_at: datetime, *, now: datetime) -> float:
        """0 to 1: how much of the member's visits were asked for about so long ahead, recent ones first."""
        ahead = (starts_at - now).total_seconds() / 86400
        return sum(
            weight * bell(ahead - visit.lead, max(LEAST_LEAD_SPREAD, LEAD_SHARE * visit.lead))
            for visit, weight in zip(self.visits, self.weights, strict=True)
            if visit.lead is not None
        )

    def came_at(self, starts_at: datetime) -> int:
        """How many of the visits were on that weekday within an hour of that time."""
        shown = starts_at.astimezone(self.zone)
        minute = shown.hour * 60 + shown.minute
        local = (visit.starts_at.astimezone(self.zone) for visit in self.visits)
        return sum(
            was.isoweekday() == shown.isoweekday() and abs(was.hour * 60 + was.minute - minute) <= 60
            for was in local
        )


def read_habit(visits: Sequence[Visit[K]], *, zone: ZoneInfo) -> Habit[K]:
    """The habit in those visits (in any order), on the clock of `zone`.

    Weights fall by half every HALF_LIFE visits and sum to 1. The interval is the median number of days
    between visits of this service on different days, its spread their median deviation; of less than
    three visits it is FIRST_INTERVAL, hardly known.
    """
    ordered = tuple(sorted(visits, key=lambda visit: visit.starts_at, reverse=True))
    raw = [
        0.5 ** (rank / HALF_LIFE) * (1.0 if visit.same_service else OTHER_SERVICE)
        for rank, visit in enumerate(ordered)
    ]
    total = sum(raw)
    same = sorted({visit.starts_at.astimezone(zone).date() for visit in ordered if visit.same_service})
    gaps = [(later - earlier).days for earlier, later in pairwise(same)][-2 * HALF_LIFE :]
    interval, spread = float(FIRST_INTERVAL), FIRST_SPREAD
    if len(gaps) >= 2:
        interval = float(median(gaps))
        # 1.4826 makes of a median deviation a standard deviation
        spread = 1.4826 * float(median(abs(gap - interval) for gap in gaps))
        spread = max(spread, LEAST_SPREAD, SPREAD_SHARE * interval)
    return Habit(
        zone=zone,
        visits=ordered,
        weights=tuple(weight / total for weight in raw),
        last=same[-1] if same else None,
        interval=interval,
        spread=spread,
        rhythmic=len(gaps) >= 2,
    )


def day_likeness(one: int, other: int) -> float:
    """How alike two ISO weekdays are, 0 to 1."""
    if one == other:
        return SAME_DAY
    return SAME_KIND if (one >= SATURDAY) == (other >= SATURDAY) else OTHER_KIND


def bell(apart: float, spread: float) -> float:
    """1 for nothing apart, 0.61 for one spread, 0.14 for two."""
    return exp(-0.5 * (apart / spread) ** 2)
