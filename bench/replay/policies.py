"""Three ways to recommend: ours, the soonest three, and the member's most frequent slot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bench.replay.shop import DAY, SHORTEST, Shop, Treatment
from tenants.booking.domain.cells import Grid, cells_for
from tenants.booking.domain.recommend import recommend
from tenants.booking.domain.recommend_gaps import Floor, Timeline
from tenants.booking.domain.recommend_habit import Visit, read_habit
from tenants.booking.domain.search import Slot
from tenants.booking.domain.spans import Span

EPOCH = datetime(2026, 1, 5, tzinfo=UTC)
ZONE = ZoneInfo("UTC")
Pick = tuple[int, str]


@dataclass(frozen=True)
class Came:
    """A visit in somebody's history."""

    start: int
    person: str
    what: Treatment
    asked: int


@dataclass(frozen=True)
class Moment:
    """All that may be known when somebody opens the page: never what they wish."""

    now: int
    what: Treatment
    starts: dict[int, list[str]]
    history: Sequence[Came]
    shop: Shop
    days: int


class Policy(Protocol):
    """Up to three (start, person) for a moment."""

    def __call__(self, moment: Moment) -> list[Pick]: ...


def earliest_first(moment: Moment) -> list[Pick]:
    """The three soonest."""
    return [(start, names[0]) for start, names in list(moment.starts.items())[:3]]


def most_frequent(moment: Moment) -> list[Pick]:
    """The member's most frequent weekday and time in the next three weeks, each or the nearest that day.

    With the person who served most often, where free; the soonest three for who never came.
    """
    if not moment.history:
        return earliest_first(moment)
    slots = Counter((came.start // DAY % 7, came.start % DAY) for came in reversed(moment.history))
    (weekday, minute), _times = slots.most_common(1)[0]
    person = Counter(came.person for came in moment.history).most_common(1)[0][0]
    picks: list[Pick] = []
    for day in range(moment.now // DAY, moment.now // DAY + moment.days + 1):
        if day % 7 != weekday or len(picks) == 3:
            continue
        there = [start for start in moment.starts if start // DAY == day]
        if there:
            start = min(there, key=lambda one: (abs(one % DAY - minute), one))
            names = moment.starts[start]
            picks.append((start, person if person in names else names[0]))
    return picks


def ours(moment: Moment) -> list[Pick]:
    """What `tenants.booking.domain.recommend` says."""
    found = recommend(
        [
            Slot(at(start), at(start + moment.what.length), tuple(names))
            for start, names in moment.starts.items()
        ],
        read_habit(
            [
                Visit(at(came.start), came.person, came.what == moment.what, at(came.asked))
                for came in moment.history
            ],
            zone=ZONE,
        ),
        _floor(moment),
        now=at(moment.now),
        busy=[
            Span(at(came.start), at(came.start + came.what.length))
            for came in moment.history
            if came.start > moment.now
        ],
    )
    return [(minute_of(one.slot.starts_at), one.practitioner) for one in found]


POLICIES: dict[str, Policy] = {
    "recommended": ours,
    "earliest first": earliest_first,
    "most frequent slot": most_frequent,
}


def _floor(moment: Moment) -> Floor[str]:
    first = moment.now // DAY
    days = [date_of(day) for day in range(first, first + moment.days + 1)]
    grid = Grid.over(days, ZONE)
    coming = grid.full & ~grid.between(0, grid.floor(at(moment.now)))
    staff = {}
    for name in moment.shop.staff:
        works = [
            Span(at(shift[0]), at(shift[1]))
            for day in range(first, first + moment.days + 1)
            if (shift := moment.shop.shifts.get((name, day)))
        ]
        free = [
            Span(at(begin), at(end))
            for day in range(first, first + moment.days + 1)
            for begin, end in moment.shop.runs(name, day)
        ]
        staff[name] = Timeline(grid.lay_free(works), grid.lay_free(free) & coming)
    return Floor(grid, staff, 0, cells_for(moment.what.whole), cells_for(SHORTEST))


def at(minute: int) -> datetime:
    """The moment that a minute of the replay is."""
    return EPOCH + timedelta(minutes=minute)


def minute_of(moment: datetime) -> int:
    """The other way round."""
    return int((moment - EPOCH).total_seconds()) // 60


def date_of(day: int) -> date:
    """The date of a day of the replay."""
    return (EPOCH + timedelta(days=day)).date()
