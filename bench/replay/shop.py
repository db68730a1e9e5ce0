"""A made-up shop: chairs with shifts, bookings as minute intervals, and what is free. Plain minutes, no cells.

Minute 0 is the midnight that begins day 0, a Monday.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from random import Random

DAY = 1440


@dataclass(frozen=True)
class Treatment:
    """A service: minutes with the guest, minutes to tidy up after, the grid its starts lie on."""

    name: str
    length: int
    tidy: int
    grid: int

    @property
    def whole(self) -> int:
        """Minutes that it takes of somebody's day."""
        return self.length + self.tidy


TREATMENTS = (
    Treatment("short", 25, 5, 15),
    Treatment("classic", 50, 10, 15),
    Treatment("long", 80, 10, 30),
)
SHORTEST = min(one.whole for one in TREATMENTS)


@dataclass
class Shop:
    """Who works when, and what is booked: sorted (from, to) of each person and day."""

    shifts: dict[tuple[str, int], tuple[int, int]]
    booked: dict[tuple[str, int], list[tuple[int, int]]] = field(default_factory=dict)

    def copy(self) -> Shop:
        """The same shop, to go on with separately."""
        return Shop(self.shifts, {key: list(taken) for key, taken in self.booked.items()})

    @property
    def staff(self) -> list[str]:
        """Everybody, in order of name."""
        return sorted({name for name, _day in self.shifts})

    def runs(self, name: str, day: int) -> list[tuple[int, int]]:
        """The free stretches of somebody's day, as absolute minutes."""
        shift = self.shifts.get((name, day))
        if shift is None:
            return []
        at, found = shift[0], []
        for begin, end in self.booked.get((name, day), []):
            if begin > at:
                found.append((at, begin))
            at = max(at, end)
        if at < shift[1]:
            found.append((at, shift[1]))
        return found

    def starts(self, what: Treatment, *, now: int, days: int) -> dict[int, list[str]]:
        """Every free start from two hours after `now`, for so many days, with who is free for it."""
        found: dict[int, list[str]] = {}
        for day in range(now // DAY, now // DAY + days + 1):
            for name in self.staff:
                for begin, end in self.runs(name, day):
                    first = -(-max(begin, now + 120) // what.grid) * what.grid
                    for start in range(first, end - what.whole + 1, what.grid):
                        found.setdefault(start, []).append(name)
        return dict(sorted(found.items()))

    def take(self, name: str, start: int, what: Treatment) -> None:
        """Book it; an error where it is not free."""
        span = (start, start + what.whole)
        assert any(begin <= span[0] and span[1] <= end for begin, end in self.runs(name, start // DAY))
        insort(self.booked.setdefault((name, start // DAY), []), span)

    def stranded(self, days: range) -> tuple[int, int, int]:
        """Minutes of free stretches too short for anything; minutes booked; minutes on shift."""
        lost = booked = works = 0
        for (name, day), (begin, end) in self.shifts.items():
            if day not in days:
                continue
            works += end - begin
            booked += sum(to - since for since, to in self.booked.get((name, day), []))
            lost += sum(to - since for since, to in self.runs(name, day) if to - since < SHORTEST)
        return lost, booked, works


def make_shop(dice: Random, *, chairs: int, days: int) -> Shop:
    """Early and late people with two days off a week each; the shop is closed on Mondays."""
    shifts = {}
    for chair in range(chairs):
        name = f"chair {chair + 1}"
        early, off = chair % 2 == 0, dice.randint(1, 4)
        for day in range(days):
            if day % 7 in (0, off):
                continue
            begin = 600 if early or day % 7 == 6 else 750
            shifts[name, day] = (day * DAY + begin, day * DAY + begin + 510)
    return Shop(shifts)
