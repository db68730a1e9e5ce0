"""Made-up members and what they want: each visit is a wish for a moment, felt some time before.

Four kinds. *habitual*: one weekday, hour and person, every few weeks. *drifting*: the same, but life changes
once or twice and all of it with it. *opportunistic*: comes when there is time, nobody in particular, decided
shortly before. *new*: never seen in the history that is learned from.
What they want costs them: days and hours off the wish, another person. They take the cheapest free start,
or leave if even that is too dear.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from bench.replay.shop import DAY, TREATMENTS, Treatment

KINDS = ("habitual", "drifting", "opportunistic", "new")


@dataclass(frozen=True)
class Wish:
    """A visit somebody would like: decided at `felt`, ideally at `ideal` (minutes), with `person` or anybody."""

    felt: int
    member: int
    kind: str
    what: Treatment
    ideal: int
    person: str | None
    day_cost: float
    hour_cost: float
    person_cost: float
    patience: float

    def cost(self, start: int, name: str) -> float:
        """How far a start with somebody is from the wish; 0 is the wish itself."""
        days = abs(start // DAY - self.ideal // DAY)
        hours = abs(start % DAY - self.ideal % DAY) / 60
        other = self.person_cost if self.person not in (None, name) else 0.0
        return days * self.day_cost + hours * self.hour_cost + other

    def best(self, starts: dict[int, list[str]]) -> tuple[int, str] | None:
        """The start they would find themselves; None where they leave."""
        priced = [(self.cost(start, name), start, name) for start, names in starts.items() for name in names]
        dearest = min(priced, default=None)
        return (dearest[1], dearest[2]) if dearest and dearest[0] <= self.patience else None


def make_wishes(dice: Random, *, members: int, staff: list[str], days: int, held_out: int) -> list[Wish]:
    """The wishes of all members over `days`, in the order in which they are felt.

    New members appear from day `held_out` on.
    """
    wishes: list[Wish] = []
    for member in range(members):
        kind = dice.choices(KINDS, weights=(42, 20, 23, 15))[0]
        what = dice.choices(TREATMENTS, weights=(3, 5, 2))[0]
        if kind == "opportunistic":
            wishes += _whenever(dice, member, what, days)
        elif kind == "new":
            wishes += _newcomer(dice, member, what, staff, held_out, days)
        else:
            changes = dice.randint(1, 2) if kind == "drifting" else 0
            wishes += _regular(dice, member, kind, what, staff, days, changes)
    return sorted(wishes, key=lambda wish: (wish.felt, wish.member))


def _regular(
    dice: Random, member: int, kind: str, what: Treatment, staff: list[str], days: int, changes: int
) -> Iterable[Wish]:
    turns = sorted(dice.randrange(days // 5, days) for _ in range(changes))
    weekday, minute, person = _life(dice, staff)
    every = dice.choice((7, 14, 14, 21, 21, 28, 35))
    day = float(dice.randrange(every))
    while day < days:
        while turns and day >= turns[0]:
            turns.pop(0)
            weekday, minute, person = _life(dice, staff)
            every = max(7, every + dice.choice((-7, 0, 7)))
        # the weekday of their life that is nearest to when they are due
        due = round(day + dice.gauss(0, 0.12 * every))
        due += (weekday - due + 3) % 7 - 3
        ideal = due * DAY + minute + round(dice.gauss(0, 15))
        felt = ideal - round(dice.uniform(0.15, 0.8) * every * DAY)
        if felt >= 0 and due < days:
            yield Wish(felt, member, kind, what, ideal, person, 1.6, 1.0, dice.uniform(0.5, 2.0), 6.0)
        day += every


def _whenever(dice: Random, member: int, what: Treatment, days: int) -> Iterable[Wish]:
    day = dice.expovariate(1 / 20)
    while day < days:
        ideal = int(day) * DAY + _some_minute(dice)
        felt = ideal - round(dice.uniform(0.2, 2.5) * DAY)
        if felt >= 0:
            yield Wish(felt, member, "opportunistic", what, ideal, None, 0.7, 0.35, 0.0, 4.0)
        day += 4 + dice.expovariate(1 / 20)


def _newcomer(
    dice: Random, member: int, what: Treatment, staff: list[str], first: int, days: int
) -> Iterable[Wish]:
    day = dice.randrange(first, days)
    minute = _some_minute(dice)
    for turn in range(dice.choice((1, 1, 2))):
        due = day + 21 * turn
        ideal = due * DAY + minute
        felt = ideal - round(dice.uniform(0.2, 4) * DAY)
        if due < days and felt >= first * DAY:
            yield Wish(felt, member, "new", what, ideal, None, 0.9, 0.5, 0.0, 4.5)


def _life(dice: Random, staff: list[str]) -> tuple[int, int, str]:
    """A weekday (1 to 6 of days from Monday 0; Mondays are closed), a minute of the day, somebody."""
    weekday = dice.choices(range(1, 7), weights=(2, 2, 3, 4, 5, 4))[0]
    return weekday, _some_minute(dice), dice.choice(staff)


def _some_minute(dice: Random) -> int:
    """Before noon, in the afternoon, after work; on the quarter."""
    centre = dice.choices((660, 870, 1050), weights=(3, 3, 5))[0]
    return min(1170, max(600, round(dice.gauss(centre, 70) / 15) * 15))
