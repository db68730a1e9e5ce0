"""Several roles at once: when they can all be served by different ones, and by whom.

As bits (whole days at a time) by Hall's theorem: roles can be served by different resources exactly when
every set of roles has, together, at least as many free resources as it asks for. For one start, by
augmenting paths: the same answer, with names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from .needs import Demand, K

Option = tuple[K, ...]


def at_least(rows: Sequence[int], count: int) -> int:
    """Where at least `count` (one or more) of the rows have a bit.

    rows        1 1 0 0
                1 0 1 0
                1 1 0 0
    2 or more   1 1 0 0
    """
    have = [-1, *([0] * count)]
    for row in rows:
        for number in range(count, 0, -1):
            have[number] |= have[number - 1] & row
    return have[count]


def by_kind(demands: Sequence[Demand[K]]) -> list[list[Demand[K]]]:
    """The demands that compete with each other: those of one kind, in their order."""
    ordered = sorted(demands, key=lambda demand: demand.kind)
    return [list(group) for _kind, group in groupby(ordered, key=lambda demand: demand.kind)]


def options_of(demand: Demand[K], *, alone: bool) -> tuple[Option[K], ...]:
    """What may serve the demand: combinations only where no other demand of its kind wants their members."""
    if alone and demand.count == 1:
        return demand.options
    return tuple(option for option in demand.options if len(option) == 1)


def served(group: Sequence[Demand[K]], free: Mapping[str, Mapping[Option[K], int]]) -> int:
    """Where demands of one kind can all be served by different ones; `free` are bits by role and option."""
    if len(group) == 1:
        return at_least(list(free[group[0].role].values()), group[0].count)
    found = -1
    for chosen in range(1, 1 << len(group)):
        part = [demand for place, demand in enumerate(group) if chosen >> place & 1]
        union: dict[Option[K], int] = {}
        for demand in part:
            for option, bits in free[demand.role].items():
                union[option] = union.get(option, 0) | bits
        found &= at_least(list(union.values()), sum(demand.count for demand in part))
    return found


def assign(
    demands: Sequence[Demand[K]], choices: Mapping[str, Sequence[Option[K]]]
) -> dict[str, tuple[Option[K], ...]] | None:
    """Who serves each role, each at most once, the first choices of the first roles preferred; None where nobody can.

    `choices` are the free options by role, best first. Exact: where there is any way, one is found.
    """
    found: dict[str, tuple[Option[K], ...]] = {}
    for group in by_kind(demands):
        seats = [demand.role for demand in group for _n in range(demand.count)]
        if not (taken := _seat(seats, choices)):
            return None
        for role, option in zip(seats, taken, strict=True):
            found[role] = (*found.get(role, ()), option)
    return found


def _seat(seats: Sequence[str], choices: Mapping[str, Sequence[Option[K]]]) -> list[Option[K]] | None:
    """An option for each seat, in lexicographic order of preference."""
    if len(seats) == 1:
        return [choices[seats[0]][0]] if choices[seats[0]] else None
    fixed: list[Option[K]] = []
    for place, role in enumerate(seats):
        rest = seats[place + 1 :]
        for option in choices[role]:
            if option not in fixed and _completes(rest, choices, {*fixed, option}):
                fixed.append(option)
                break
        else:
            return None
    return fixed


def _completes(
    seats: Sequence[str], choices: Mapping[str, Sequence[Option[K]]], gone: set[Option[K]]
) -> bool:
    """Whether every seat still finds one of its own (bipartite matching by augmenting paths)."""
    holder: dict[Option[K], int] = {}

    def place(seat: int, asked: set[Option[K]]) -> bool:
        for option in choices[seats[seat]]:
            if option in gone or option in asked:
                continue
            asked.add(option)
            if option not in holder or place(holder[option], asked):
                holder[option] = seat
                return True
        return False

    return all(place(seat, set()) for seat in range(len(seats)))


def mains(group: Sequence[Demand[K]], choices: Mapping[str, Sequence[Option[K]]]) -> Iterator[Option[K]]:
    """Of the first demand's choices, those with whom the whole group can be served."""
    seats = [demand.role for demand in group for _n in range(demand.count)][1:]
    for option in choices[group[0].role]:
        if not seats or _completes(seats, choices, {option}):
            yield option
