"""Search: every time a service can begin, with who is free for it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property, reduce
from itertools import compress
from operator import or_
from typing import Generic, NamedTuple
from zoneinfo import ZoneInfo

from .cells import CELL, Grid, cells_for, columns, fits, positions
from .joint import at_least, by_kind, options_of, served
from .needs import MAIN_ROLE, PRACTITIONER, Demand, K, Part
from .spans import Span

DESK_STEP = 15


@dataclass(frozen=True, slots=True)
class Need:
    """What a service takes, in minutes; `step` is the wall clock's grid that it begins on.

    `prepare` and `clean_up` are the practitioner's, around the service and not part of it; of a service
    with stated needs, as far as any of their claims reaches. Raises ValueError for a length that is not positive, a negative buffer, or a step that is not a
    multiple of 5 dividing a day.
    """

    minutes: int
    prepare: int = 0
    clean_up: int = 0
    step: int = 15

    def __post_init__(self) -> None:
        if self.minutes <= 0 or self.prepare < 0 or self.clean_up < 0:
            raise ValueError("a service takes time, and its buffers are not negative")
        if self.step <= 0 or self.step % 5 or 1440 % self.step:
            raise ValueError(f"a step of {self.step} minutes is not a multiple of 5 that divides a day")

    @property
    def before(self) -> int:
        """Cells claimed before the start."""
        return cells_for(self.prepare)

    @property
    def served(self) -> int:
        """Cells from the start to the end of the service."""
        return cells_for(self.minutes)

    @property
    def claimed(self) -> int:
        """Cells claimed in all."""
        return self.before + cells_for(self.minutes + self.clean_up)

    def service_span(self, starts_at: datetime) -> Span:
        """The time the member is served."""
        return Span(starts_at, starts_at + timedelta(minutes=self.minutes))

    def claim_span(self, starts_at: datetime) -> Span:
        """The time the practitioner is claimed: with preparation and clean-up."""
        return self.service_span(starts_at).widen(
            timedelta(minutes=self.prepare), timedelta(minutes=self.clean_up)
        )


@dataclass(frozen=True, slots=True)
class StaffInputs:
    """One practitioner at this store: when they work, and when they cannot.

    `busy` are claims, exactly as kept: with their own preparation and clean-up, at any store, whether
    confirmed, pending or held.
    """

    shifts: Sequence[Span]
    busy: Sequence[Span] = ()
    leave: Sequence[Span] = ()


# Generic, so without slots: `Inputs[UUID](…)` would not work with them on Python 3.11.
@dataclass(frozen=True)
class Inputs(Generic[K]):
    """All that availability depends on, as `search` and `why` read it.

    `hours` are the store's opening spans with closures already taken out. `staff` are the practitioners
    who can do the service, by id; the order is kept in answers. `earliest` (now plus lead time) and
    `latest` (now plus horizon) bound the start, both included. Spans must be known over
    `reach(days, zone, need)`; what lies outside it does no harm.

    `demands` empty is one practitioner of `staff` for the whole service. Else the first demand of people
    is the main one and is served by `staff`; further ones by `helpers` (who may be the same people), the
    others by `things`: when each room, table or station is busy. `longest` are the minutes of the longest
    opening of the weekly timetable, where it is known.
    """

    zone: ZoneInfo
    need: Need
    hours: Sequence[Span]
    staff: Mapping[K, StaffInputs]
    earliest: datetime
    latest: datetime
    demands: tuple[Demand[K], ...] = ()
    helpers: Mapping[K, StaffInputs] = field(default_factory=dict)
    things: Mapping[K, Sequence[Span]] = field(default_factory=dict)
    longest: int | None = None

    @cached_property
    def roles(self) -> tuple[Demand[K], ...]:
        """Every demand, the main one with all of `staff` for options."""
        if not self.demands:
            part = Part(0, self.need.minutes, self.need.prepare, self.need.clean_up)
            return (Demand(MAIN_ROLE, PRACTITIONER, (part,), tuple((key,) for key in self.staff)),)
        main = self.main
        return tuple(
            replace(demand, options=tuple((key,) for key in self.staff)) if demand is main else demand
            for demand in self.demands
        )

    @property
    def main(self) -> Demand[K] | None:
        """The first stated demand of people; None where no need, or no need of people, is stated."""
        return next((demand for demand in self.demands if demand.of_people), None)

    def person(self, key: K) -> StaffInputs:
        """What is known of a practitioner of any role."""
        return self.staff[key] if key in self.staff else self.helpers[key]

    def unbooked(self) -> Inputs[K]:
        """The same had nobody booked anything."""
        return replace(
            self,
            staff={key: replace(one, busy=()) for key, one in self.staff.items()},
            helpers={key: replace(one, busy=()) for key, one in self.helpers.items()},
            things=dict.fromkeys(self.things, ()),
        )


class Slot(NamedTuple, Generic[K]):
    """A service's time, half-open, UTC, and which main practitioners are free for it.

    `staff` is empty only where the service needs no practitioner; then `left` says how many rooms, tables
    or stations could still serve it (the fewest of its roles). Else `left` is None.
    """

    starts_at: datetime
    ends_at: datetime
    staff: tuple[K, ...]
    left: int | None = None


class DaySlots(NamedTuple, Generic[K]):
    """A local date and its slots, in order of start; none on a closed or full day."""

    day: date
    slots: list[Slot[K]]


def grid_over(days: Sequence[date], zone: ZoneInfo, need: Need) -> Grid:
    """The grid on which services that begin in `days` lie wholly, buffers included."""
    return Grid.over(days, zone, before=need.before, after=need.claimed)


def reach(days: Sequence[date], zone: ZoneInfo, need: Need) -> Span:
    """The time over which hours, shifts, leave and claims must be read to search `days`."""
    return grid_over(days, zone, need).span


def search(days: Sequence[date], inputs: Inputs[K]) -> list[DaySlots[K]]:
    """Every slot that begins in `days` (local dates of the zone), one entry per date in their order.

    A start is offered when the wall clock shows a multiple of the need's step, and nothing closes it:

    1. the calendar: the zone skips that date or that wall time (a repeated wall time is offered twice);
    2. the store's hours: `[start, end)` does not lie within one opening, closures taken out. Buffers may
       lie outside the hours;
    3. notice: the start is before `earliest` (now + lead) or after `latest` (now + horizon);
    4. the practitioner's shift: the claim `[start - prepare, end + clean_up)` does not lie within it.
       Shifts that touch count as one;
    5. leave: the claim meets it;
    6. other claims: the claim meets one, their own buffers included;
    7. nobody is left;
    8. other roles of the service: rules 4 to 7 hold for each of them, served by different ones; a room,
       table or station has neither shift nor leave.

    Whatever is free is rounded inward to 5-minute cells and whatever is not, outward: no slot is offered
    that is not free to the second, and one is lost only where an input lies off the 5 minutes.
    A local day is sought as a whole: a service may run past midnight if hours and shift do.
    """
    if not days:
        return []
    need = inputs.need
    grid = grid_over(days, inputs.zone, need)
    starts = open_starts(days, grid, inputs)
    if not inputs.demands:
        # who share their shifts (see rota.lay_plans) share what is laid of them
        laid: dict[int, int] = {}
        free = []
        for person in inputs.staff.values():
            works = laid.get(id(person.shifts))
            if works is None:
                works = laid[id(person.shifts)] = grid.lay_free(person.shifts)
            free.append(_free_starts(grid, need, person, works) & starts)
        slots = list(_slots(grid, need, list(inputs.staff), free))
    else:
        slots = list(_slots_of_roles(grid, inputs, starts))
    begins = [slot.starts_at for slot in slots]
    found = []
    for day in days:
        cells = grid.day_cells(day, inputs.zone)
        first = bisect_left(begins, grid.moment(cells.start))
        end = bisect_left(begins, grid.moment(cells.stop))
        found.append(DaySlots(day, slots[first:end]))
    return found


def desk_step(step: int) -> int:
    """Minutes between the starts a desk is shown: the service's own, every quarter of an hour at most."""
    return max(DESK_STEP, step)


def thin(slots: Sequence[Slot[K]], *, zone: ZoneInfo, step: int, now: datetime) -> list[Slot[K]]:
    """Of slots in order: the first that has not begun a cell or longer ago, and those on the wall clock's step.

    The soonest is kept whatever minute it falls on: that is a walk-in's. `step` in minutes.

    slots at 12:05   12:05 12:10 12:15 12:20 12:25 12:30    step 15
    kept             x           x                 x
    """
    kept: list[Slot[K]] = []
    for slot in slots:
        if slot.starts_at <= now - CELL:
            continue
        local = slot.starts_at.astimezone(zone)
        if not kept or (local.hour * 60 + local.minute) % step == 0:
            kept.append(slot)
    return kept


def open_starts(days: Sequence[date], grid: Grid, inputs: Inputs[K]) -> int:
    """Starts that step, hours and notice allow, whoever serves (rules 1 to 3 of `search`)."""
    steps = grid.starts_at_step(days, inputs.zone, inputs.need.step)
    hours = fits(grid.lay_free(inputs.hours), 0, inputs.need.served)
    return steps & hours & grid.lay_window(inputs.earliest, inputs.latest)


def _free_starts(grid: Grid, need: Need, person: StaffInputs, works: int) -> int:
    """Starts from which one practitioner who works these cells can be claimed (rules 4 to 6 of `search`)."""
    if not works:
        return 0
    away = grid.lay_busy(person.busy) | grid.lay_busy(person.leave)
    return fits(works ^ (works & away), -need.before, need.claimed)


def _free_by_role(grid: Grid, inputs: Inputs[K]) -> dict[str, dict[tuple[K, ...], int]]:
    """Starts from which each option can serve each role, whatever the others do."""
    roles = inputs.roles
    free: dict[str, dict[tuple[K, ...], int]] = {}
    laid: dict[K, int] = {}
    for demand in roles:
        alone = sum(other.kind == demand.kind for other in roles) == 1
        of_role = free[demand.role] = {}
        for option in options_of(demand, alone=alone):
            bits = -1
            for key in option:
                if key not in laid:
                    laid[key] = _free_cells(grid, inputs, key, of_people=demand.of_people)
                bits &= demand.fitting(laid[key])
            of_role[option] = bits
    return free


def _free_cells(grid: Grid, inputs: Inputs[K], key: K, *, of_people: bool) -> int:
    """When one practitioner or thing can be claimed at all."""
    if not of_people:
        return grid.full & ~grid.lay_busy(inputs.things[key])
    person = inputs.person(key)
    away = grid.lay_busy(person.busy) | grid.lay_busy(person.leave)
    return grid.lay_free(person.shifts) & ~away


def _slots_of_roles(grid: Grid, inputs: Inputs[K], starts: int) -> Iterator[Slot[K]]:
    """The slots of a service with stated needs: where all of its roles can be served by different ones."""
    free = _free_by_role(grid, inputs)
    groups = by_kind(inputs.roles)
    main = inputs.main
    for group in groups:
        if main is None or group[0].role != main.role:
            starts &= served(group, free)
    if main is None:
        yield from _slots_with_places(grid, inputs, free, starts)
        return
    (team,) = [group for group in groups if group[0].role == main.role]
    rest = [replace(team[0], count=team[0].count - 1), *team[1:]]
    rest = [demand for demand in rest if demand.count]
    rows = []
    for key in inputs.staff:
        bits = free[main.role].get((key,), 0) & starts
        if bits and rest:
            others = {
                demand.role: {option: row for option, row in free[demand.role].items() if option != (key,)}
                for demand in rest
            }
            bits &= served(rest, others)
        rows.append(bits)
    yield from _slots(grid, inputs.need, list(inputs.staff), rows)


def _slots_with_places(
    grid: Grid, inputs: Inputs[K], free: Mapping[str, Mapping[tuple[K, ...], int]], starts: int
) -> Iterator[Slot[K]]:
    """The slots of a service that no practitioner serves, with the places left at each."""
    levels: list[int] = []
    while True:
        more = starts
        for demand in inputs.roles:
            single = [bits for option, bits in free[demand.role].items() if len(option) == 1]
            more &= at_least(single, demand.count * (len(levels) + 2))
        if not more:
            break
        levels.append(more)
    length = timedelta(minutes=inputs.need.minutes)
    for cell in positions(starts):
        starts_at = grid.moment(cell)
        yield Slot(starts_at, starts_at + length, (), 1 + sum(level >> cell & 1 for level in levels))


def _slots(grid: Grid, need: Need, people: list[K], free: list[int]) -> Iterator[Slot[K]]:
    """The slots of every start that somebody is free for, ascending.

    Turns "starts per person" into "people per start": one byte a cell and person, read across. Few
    different sets of people occur, so each set is made once.
    """
    cells = positions(reduce(or_, free, 0))
    if not cells:
        return
    rows = [columns(bits, grid.cells) for bits in free]
    length = timedelta(minutes=need.minutes)
    known: dict[tuple[int, ...], tuple[K, ...]] = {}
    for cell, present in zip(
        cells, zip(*(map(row.__getitem__, cells) for row in rows), strict=True), strict=True
    ):
        staff = known.get(present)
        if staff is None:
            staff = known[present] = tuple(compress(people, present))
        starts_at = grid.origin + cell * CELL
        yield Slot(starts_at, starts_at + length, staff)
