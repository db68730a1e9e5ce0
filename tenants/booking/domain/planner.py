"""Plans: who and what serves each role of a booking, the fairest first, and the next when one is gone.

A plan that fails names the claims that others hold. Those can never be had in this transaction, so the
roles' choices without them are planned anew: every failure rules out one choice at least, so there are at
most as many plans as choices, and whatever can be booked is found (`joint.assign` is exact).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from .calendar import Calendar
from .claims import ResourceClaim
from .fairness import order_candidates
from .joint import assign
from .needs import Demand

Option = tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The claims of a booking, and whom it shows: the main practitioner and the first room or table."""

    claims: tuple[ResourceClaim, ...]
    practitioner_id: UUID | None
    resource_id: UUID | None
    serving: Mapping[str, tuple[Option, ...]]


class Planner:
    """The plans for one start; `choices` are each role's options, in any order.

    Whatever is in `free` comes before what is not, then whoever and whatever is among the resources of
    `prefer`: whom the member wishes for, the room a booking had.
    """

    def __init__(
        self,
        calendar: Calendar,
        choices: Mapping[str, Sequence[Option]],
        *,
        starts_at: datetime,
        free: Mapping[str, Sequence[Option]] | None = None,
        prefer: Collection[UUID] = (),
    ) -> None:
        self.calendar = calendar
        self.starts_at = starts_at
        self._roles = calendar.inputs.roles
        self._choices = {demand.role: self._fairest(demand, choices[demand.role]) for demand in self._roles}
        for role, options in self._choices.items():
            able = set(options if free is None else free.get(role, ()))
            unlike = {
                option: sum(calendar.resource_of(key) not in prefer for key in option) for option in options
            }
            rank = {option: (option not in able, unlike[option]) for option in options}
            self._choices[role] = sorted(options, key=rank.__getitem__)

    def plan(self) -> Plan | None:
        """The fairest plan among what has not failed; None when nothing is left."""
        serving = assign(self._roles, self._choices)
        if serving is None:
            return None
        main = next((demand.role for demand in self._roles if demand.of_people), None)
        thing = next((demand.role for demand in self._roles if not demand.of_people), None)
        return Plan(
            claims=tuple(self._claims(serving)),
            practitioner_id=serving[main][0][0] if main is not None else None,
            resource_id=serving[thing][0][0] if thing is not None else None,
            serving=serving,
        )

    def rule_out(self, plan: Plan, failed: Sequence[ResourceClaim]) -> bool:
        """The claims cannot be had: whatever holds one of them serves that role no more; whether that rules
        out anything.

        Where none is named, nothing of the plan is tried again.
        """
        before = sum(map(len, self._choices.values()))
        gone = {(claim.role, claim.resource_id) for claim in (failed or plan.claims)}
        for demand in self._roles:
            self._choices[demand.role] = [
                option
                for option in self._choices[demand.role]
                if not any((demand.name, self.calendar.resource_of(key)) in gone for key in option)
            ]
        return sum(map(len, self._choices.values())) < before

    def _fairest(self, demand: Demand[UUID], options: Sequence[Option]) -> list[Option]:
        """People by fairness; things so that the least is wasted: the fewest seats, the fewest pieces, by name."""
        if demand.of_people:
            keys = [option[0] for option in options]
            return [(key,) for key in order_candidates(self.calendar, keys, starts_at=self.starts_at)]
        place = {option: number for number, option in enumerate(demand.options)}
        sizes = self.calendar.sizes
        return sorted(options, key=lambda option: (sizes.get(option, 0), len(option), place[option]))

    def _claims(self, serving: Mapping[str, tuple[Option, ...]]) -> Iterator[ResourceClaim]:
        for demand in self._roles:
            spans = demand.claim_spans(self.starts_at)
            for key in (key for option in serving[demand.role] for key in option):
                for span in spans:
                    yield ResourceClaim(
                        self.calendar.resource_of(key),
                        span,
                        role=demand.name,
                        store_id=self.calendar.offering.store_id if demand.of_people else None,
                        read=self.calendar.as_read(key),
                    )
