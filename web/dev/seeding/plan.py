"""Plausible days: who came, who is due, how full the next two weeks are. Pure and deterministic by seed.

A practitioner's day is tiled with visits from opening to closing; then as many are kept as make the
day as full as it should be, the industry's busy hours first. What is planned never overlaps: claims
include preparation and clean-up, and nobody books twice a day.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tenants.stores.domain.wall import resolve_local

HISTORY_DAYS = 90
AHEAD_DAYS = 14
# Today: minutes worked at least before and after the start, and the longest day that is laid around it.
LEAST = 180
LONGEST_DAY = 720


class Outcome(StrEnum):
    """How a planned booking stands at the moment of seeding; values are booking statuses."""

    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


@dataclass(frozen=True, slots=True)
class PlanService:
    """What the walk needs to know of a service; minutes."""

    key: int
    minutes: int
    prepare: int
    clean_up: int
    step: int
    skill: str

    @property
    def taken(self) -> int:
        """Minutes of the practitioner's day that one visit takes."""
        return self.prepare + self.minutes + self.clean_up


@dataclass(frozen=True, slots=True)
class PlanPerson:
    """A practitioner at a store."""

    key: int
    skills: frozenset[str]
    days_off: frozenset[int]


class Hours(NamedTuple):
    """A span of one day, in local minutes after midnight."""

    opens: int
    closes: int


def hours_around(minute: int, usual: Hours) -> Hours:
    """When people work on the day of the start, so that some of it is over and some to come at any hour.

    The usual hours where `minute` lies well inside them; else a day that begins three hours before it,
    or ends three hours after it, and is no longer than twelve.
    """
    half_hour = minute // 30 * 30
    if minute < usual.opens + LEAST:
        opens = max(0, half_hour - LEAST)
        return Hours(opens, min(max(usual.closes, half_hour + LEAST), opens + LONGEST_DAY))
    if minute > usual.closes - LEAST:
        closes = min(24 * 60, half_hour + 30 + LEAST)
        return Hours(max(min(usual.opens, half_hour - LEAST), closes - LONGEST_DAY), closes)
    return usual


@dataclass(frozen=True, slots=True)
class PlanStore:
    """A store's day in local minutes, its people, and how its industry's week breathes."""

    key: int
    zone: ZoneInfo
    usual: Hours
    today: Hours
    people: tuple[PlanPerson, ...]
    busy_hours: Mapping[int, float]
    busy_weekdays: Mapping[int, float]
    no_show_share: float
    cancel_share: float


@dataclass(frozen=True, slots=True)
class Visit:
    """One planned booking; times are aware UTC, `claim_*` with preparation and clean-up."""

    store: int
    person: int
    service: int
    member: int
    starts_at: datetime
    ends_at: datetime
    claim_starts_at: datetime
    claim_ends_at: datetime
    booked_at: datetime
    outcome: Outcome
    changed_at: datetime


@dataclass
class Planner:
    """Walks the days of one store. `members` is how many there are; they are known by number."""

    rng: random.Random
    store: PlanStore
    services: Sequence[PlanService]
    members: int
    now: datetime
    # members who have a visit on a day; shared by the planners of one chain
    busy: dict[date, set[int]] = field(default_factory=dict)

    def days(self, back: int = HISTORY_DAYS) -> Iterator[Visit]:
        """Every visit from so many days ago to 14 days ahead, in order of day and person."""
        today = self.now.astimezone(self.store.zone).date()
        for offset in range(-back, AHEAD_DAYS + 1):
            day = today + timedelta(days=offset)
            for person in self.store.people:
                if day.isoweekday() not in person.days_off:
                    hours = self.store.usual if offset else self.store.today
                    yield from self._walk(person, day, hours=hours, fill=self._fill(day, offset))

    def _fill(self, day: date, offset: int) -> float:
        """How full a person's day is, as a share of the shift: 30–80 % ahead, by weekday and distance."""
        aimed = 0.72 if offset <= 0 else 0.74 - 0.36 * (offset - 1) / (AHEAD_DAYS - 1)
        weight = self.store.busy_weekdays.get(day.isoweekday(), 1.0)
        return float(min(0.78, max(0.43, aimed * weight**0.4))) + self.rng.uniform(-0.03, 0.01)

    def _walk(self, person: PlanPerson, day: date, *, hours: Hours, fill: float) -> Iterator[Visit]:
        room = fill * (hours.closes - hours.opens)
        kept = []
        for service, start in self._most_wanted(person, hours):
            if room < service.taken / 2:
                break
            room -= service.taken
            kept.append((service, start))
        for service, start in sorted(kept, key=lambda tile: tile[1]):
            visit = self._visit(person, service, day, start)
            if visit is not None:
                yield visit

    def _most_wanted(self, person: PlanPerson, hours: Hours) -> list[tuple[PlanService, int]]:
        """The day's tiles (service, start in local minutes), the busiest hours likeliest to come first."""
        able = [service for service in self.services if service.skill in person.skills]
        tiles: list[tuple[float, PlanService, int]] = []
        minute = hours.opens
        while able:
            service = self.rng.choice(able)
            start = -(-(minute + service.prepare) // service.step) * service.step
            if start + service.minutes + service.clean_up > hours.closes:
                break
            weight = self.store.busy_hours.get(start // 60, 0.3)
            # weighted order without replacement: Efraimidis and Spirakis, 2006
            tiles.append((self.rng.random() ** (1 / weight), service, start))
            minute = start + service.minutes + service.clean_up
        tiles.sort(key=lambda tile: -tile[0])
        return [(service, start) for _rank, service, start in tiles]

    def _visit(self, person: PlanPerson, service: PlanService, day: date, start: int) -> Visit | None:
        member = self._member(person, day)
        if member is None:
            return None
        starts_at = resolve_local(day, start, self.store.zone)
        ends_at = starts_at + timedelta(minutes=service.minutes)
        ahead = timedelta(hours=self.rng.triangular(0.5, 24 * 9, 30))
        booked_at = min(starts_at, self.now) - ahead
        outcome, changed_at = self._outcome(starts_at, ends_at, booked_at)
        return Visit(
            store=self.store.key,
            person=person.key,
            service=service.key,
            member=member,
            starts_at=starts_at,
            ends_at=ends_at,
            claim_starts_at=starts_at - timedelta(minutes=service.prepare),
            claim_ends_at=ends_at + timedelta(minutes=service.clean_up),
            booked_at=booked_at,
            outcome=outcome,
            changed_at=changed_at,
        )

    def _member(self, person: PlanPerson, day: date) -> int | None:
        """A member who has nothing else that day; regulars come back to the same person and weekday."""
        taken = self.busy.setdefault(day, set())
        candidates = [self.rng.randrange(self.members) for _draw in range(6)]
        free = [member for member in candidates if member not in taken]
        if not free:
            return None
        people = len(self.store.people)
        chosen = max(
            free,
            key=lambda member: (
                (member % people == person.key % people) + (member % 7 + 1 == day.isoweekday())
            ),
        )
        taken.add(chosen)
        return chosen

    def _outcome(
        self, starts_at: datetime, ends_at: datetime, booked_at: datetime
    ) -> tuple[Outcome, datetime]:
        draw = self.rng.random()
        if draw < self.store.cancel_share:
            until = min(starts_at - timedelta(hours=5), self.now)
            if until > booked_at:
                return Outcome.CANCELLED, booked_at + (until - booked_at) * self.rng.random()
        if ends_at <= self.now - timedelta(minutes=20):
            if draw > 1 - self.store.no_show_share:
                return Outcome.NO_SHOW, starts_at + timedelta(minutes=30)
            return Outcome.COMPLETED, ends_at + timedelta(minutes=self.rng.randrange(0, 10))
        if starts_at <= self.now - timedelta(minutes=2):
            # somebody is late: the workbench has something that needs a person
            late = self.now - starts_at < timedelta(minutes=40) and draw > 0.75
            return (Outcome.CONFIRMED, booked_at) if late else (Outcome.ARRIVED, starts_at)
        return Outcome.CONFIRMED, booked_at
