"""Why: which rules close one time, from the same inputs as the search and never at odds with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Generic, Literal

from django.utils.translation import gettext_lazy as _

from chains.refusals import Text
from tenants.stores.domain.wall import local_date

from .cells import Grid
from .joint import by_kind, mains, options_of
from .needs import Demand, K
from .search import Inputs, grid_over
from .spans import Span

Code = Literal[
    "longer_than_opening", "closed_day", "outside_hours", "off_step",
    "no_practitioner", "no_resource", "party_size", "no_shift", "on_leave", "taken", "resource_taken",
    "too_soon", "too_far", "past",
]  # fmt: skip

# What another booking stands against: the world says no, not a rule.
TAKEN: frozenset[Code] = frozenset({"taken", "resource_taken"})
# In the order in which reasons are given.
SENTENCES: MappingProxyType[Code, Text] = MappingProxyType(
    {
        "longer_than_opening": _("This shop is never open long enough for this service."),
        "closed_day": _("The shop is closed that day."),
        "outside_hours": _("The shop is not open for the whole of that time."),
        "off_step": _("This service does not begin at that minute."),
        "no_practitioner": _("Nobody at this shop offers this service."),
        "no_resource": _("This shop does not have the room or table this service needs."),
        "party_size": _("This shop has no place for that many people together."),
        "no_shift": _("Nobody is on shift for the whole of that time."),
        "on_leave": _("The person is on leave then."),
        "taken": _("That time is already taken."),
        "resource_taken": _("The room or table this service needs is taken then."),
        "too_soon": _("That is too soon to book."),
        "too_far": _("That is further ahead than bookings are open."),
        "past": _("That time has passed."),
    }
)


@dataclass(frozen=True)
class Reason(Generic[K]):
    """One rule that closes a time; `staff` are those it keeps away, empty for a rule of the store.

    Of `resource_taken` they are rooms, tables and stations.
    """

    code: Code
    staff: tuple[K, ...] = ()

    @property
    def detail(self) -> Text:
        """A sentence for a person, translated where it is rendered."""
        return SENTENCES[self.code]


@dataclass(frozen=True)
class Verdict(Generic[K]):
    """Whether a time can be booked; if so by whom, otherwise every rule against it, in order.

    `staff` are the main practitioners with whom it can, `choices` the free options of each role.
    """

    staff: tuple[K, ...]
    reasons: tuple[Reason[K], ...]
    choices: Mapping[str, tuple[tuple[K, ...], ...]] = field(default_factory=dict)

    @property
    def bookable(self) -> bool:
        """True exactly when `search` offers the time."""
        return not self.reasons


def why(starts_at: datetime, inputs: Inputs[K], *, now: datetime) -> Verdict[K]:
    """What closes `starts_at` (aware UTC), in the order of `SENTENCES`; nothing when `search` offers it.

    Rules of the store and of notice are given whenever they apply. Rules of people (`no_shift`,
    `on_leave`, `taken`) are given only when nobody is free, each person under the first that keeps them
    away. A moment before `earliest` is `past` when it is also before `now`, and then that is the only
    reason: neither another person nor another rule would help. A date that the calendar skips has no
    moment, so it cannot be asked for here.
    """
    starts_at = starts_at.astimezone(UTC)
    if starts_at < now and starts_at < inputs.earliest:
        return Verdict((), (Reason("past"),))
    day = local_date(starts_at, inputs.zone)
    grid = grid_over([day], inputs.zone, inputs.need)
    found: dict[Code, Reason[K]] = {code: Reason(code) for code in _closes(grid, inputs, starts_at)}
    choices: dict[str, tuple[tuple[K, ...], ...]] = {}
    staff: tuple[K, ...] = ()
    for group in by_kind(inputs.roles):
        free, blocked = _ask(grid, inputs, group, starts_at)
        choices |= free
        main = tuple(mains(group, free))
        if not main:
            for reason in _against(group, blocked):
                before = found.get(reason.code, Reason(reason.code))
                found[reason.code] = Reason(reason.code, before.staff + reason.staff)
        elif group[0].of_people:
            staff = tuple(option[0] for option in main)
    reasons = tuple(found[code] for code in SENTENCES if code in found)
    return Verdict(() if reasons else staff, reasons, choices)


def _ask(
    grid: Grid, inputs: Inputs[K], group: list[Demand[K]], starts_at: datetime
) -> tuple[dict[str, tuple[tuple[K, ...], ...]], dict[Code, list[K]]]:
    """Of demands of one kind: the free options by role, and whom the first rule keeps away from any of them."""
    free: dict[str, tuple[tuple[K, ...], ...]] = {}
    blocked: dict[Code, list[K]] = {}
    for demand in group:
        claim = demand.claimed_cells(grid, starts_at)
        able = []
        for option in options_of(demand, alone=len(group) == 1):
            codes = (_keeps(grid, claim, inputs, demand, key) for key in option)
            code: Code | None = next((code for code in codes if code is not None), None)
            if code is None:
                able.append(option)
            else:
                among = blocked.setdefault(code, [])
                among.extend(key for key in option if key not in among)
        free[demand.role] = tuple(able)
    return free, blocked


def _against(group: list[Demand[K]], blocked: Mapping[Code, list[K]]) -> Iterator[Reason[K]]:
    """Why demands of one kind cannot be served: whom a rule keeps away, or that there are not enough."""
    for demand in group:
        if len(options_of(demand, alone=len(group) == 1)) < demand.count:
            yield Reason(demand.lack)
            return
    if not blocked:
        yield Reason("no_practitioner" if group[0].of_people else "no_resource")
    for code, keys in blocked.items():
        yield Reason(code, tuple(keys))


def _closes(grid: Grid, inputs: Inputs[K], starts_at: datetime) -> Iterator[Code]:
    """The rules of store and notice against a start."""
    day = local_date(starts_at, inputs.zone)
    hours = grid.lay_free(inputs.hours)
    cells = grid.day_cells(day, inputs.zone)
    service = _cells_of(grid, inputs.need.service_span(starts_at))
    if service & ~hours:
        if inputs.longest is not None and inputs.longest < inputs.need.minutes:
            yield "longer_than_opening"
        open_at_all = hours & grid.between(cells.start, cells.stop)
        yield "outside_hours" if open_at_all else "closed_day"
    start = grid.floor(starts_at)
    if (
        grid.moment(start) != starts_at
        or not grid.starts_at_step([day], inputs.zone, inputs.need.step) >> start & 1
    ):
        yield "off_step"
    if starts_at < inputs.earliest:
        yield "too_soon"
    if starts_at > inputs.latest:
        yield "too_far"


def _keeps(grid: Grid, claim: int, inputs: Inputs[K], demand: Demand[K], key: K) -> Code | None:
    """The first rule that keeps one practitioner or thing from a claim, if any."""
    if not demand.of_people:
        return "resource_taken" if claim & grid.lay_busy(inputs.things[key]) else None
    person = inputs.person(key)
    if claim & ~grid.lay_free(person.shifts):
        return "no_shift"
    if claim & grid.lay_busy(person.leave):
        return "on_leave"
    if claim & grid.lay_busy(person.busy):
        return "taken"
    return None


def _cells_of(grid: Grid, span: Span) -> int:
    return grid.between(grid.floor(span.start), grid.ceil(span.end))
