"""Why: which rules close one time, from the same inputs as the search and never at odds with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Generic, Literal

from django.utils.translation import gettext_lazy as _

from chains.refusals import Text
from tenants.stores.domain.wall import local_date

from .cells import Grid
from .search import Inputs, K, StaffInputs, grid_over
from .spans import Span

Code = Literal[
    "closed_day", "outside_hours", "off_step",
    "no_practitioner", "no_shift", "on_leave", "taken",
    "too_soon", "too_far", "past",
]  # fmt: skip

# In the order in which reasons are given.
SENTENCES: MappingProxyType[Code, Text] = MappingProxyType(
    {
        "closed_day": _("The shop is closed that day."),
        "outside_hours": _("The shop is not open for the whole of that time."),
        "off_step": _("This service does not begin at that minute."),
        "no_practitioner": _("Nobody at this shop offers this service."),
        "no_shift": _("Nobody is on shift for the whole of that time."),
        "on_leave": _("The person is on leave then."),
        "taken": _("That time is already taken."),
        "too_soon": _("That is too soon to book."),
        "too_far": _("That is further ahead than bookings are open."),
        "past": _("That time has passed."),
    }
)


@dataclass(frozen=True)
class Reason(Generic[K]):
    """One rule that closes a time; `staff` are those it keeps away, empty for a rule of the store."""

    code: Code
    staff: tuple[K, ...] = ()

    @property
    def detail(self) -> Text:
        """A sentence for a person, translated where it is rendered."""
        return SENTENCES[self.code]


@dataclass(frozen=True)
class Verdict(Generic[K]):
    """Whether a time can be booked; if so by whom, otherwise every rule against it, in order."""

    staff: tuple[K, ...]
    reasons: tuple[Reason[K], ...]

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
    claim = _claim(grid, inputs, starts_at)
    blocked: dict[Code, list[K]] = {}
    free: list[K] = []
    for person, given in inputs.staff.items():
        code = _keeps_away(grid, claim, given)
        if code is None:
            free.append(person)
        else:
            blocked.setdefault(code, []).append(person)
    found: dict[Code, Reason[K]] = {code: Reason(code) for code in _closes(grid, inputs, starts_at)}
    if not inputs.staff:
        found["no_practitioner"] = Reason("no_practitioner")
    elif not free:
        found |= {code: Reason(code, tuple(people)) for code, people in blocked.items()}
    reasons = tuple(found[code] for code in SENTENCES if code in found)
    return Verdict(() if reasons else tuple(free), reasons)


def _closes(grid: Grid, inputs: Inputs[K], starts_at: datetime) -> Iterator[Code]:
    """The rules of store and notice against a start."""
    day = local_date(starts_at, inputs.zone)
    hours = grid.lay_free(inputs.hours)
    cells = grid.day_cells(day, inputs.zone)
    service = _cells_of(grid, inputs.need.service_span(starts_at))
    if not hours & grid.between(cells.start, cells.stop):
        yield "closed_day"
    elif service & ~hours:
        yield "outside_hours"
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


def _keeps_away(grid: Grid, claim: int, person: StaffInputs) -> Code | None:
    """The first rule that keeps one practitioner from a claim, if any."""
    if claim & ~grid.lay_free(person.shifts):
        return "no_shift"
    if claim & grid.lay_busy(person.leave):
        return "on_leave"
    if claim & grid.lay_busy(person.busy):
        return "taken"
    return None


def _claim(grid: Grid, inputs: Inputs[K], starts_at: datetime) -> int:
    """The cells a booking at `starts_at` claims, as `search` counts them."""
    first = grid.floor(starts_at) - inputs.need.before
    return grid.between(first, first + inputs.need.claimed)


def _cells_of(grid: Grid, span: Span) -> int:
    return grid.between(grid.floor(span.start), grid.ceil(span.end))
