"""Which of the people and things at a store can serve the roles of a service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from .facts import Fact
from .needs import ASKED_ROLE, COMPANIONS, MAIN_ROLE, PRACTITIONER, Demand, Lack, Part, Role
from .offering import Offering

if TYPE_CHECKING:
    from .calendar import Candidate, Thing, Wish


def demands_of(
    offering: Offering,
    team: Mapping[UUID, Candidate],
    things: Mapping[UUID, Thing],
    combinations: Sequence[Fact],
    wish: Wish,
) -> tuple[tuple[Demand[UUID], ...], dict[tuple[UUID, ...], int]]:
    """The roles of the service with who and what can serve them; the room that was asked for is one of them.

    A service without stated needs has none, unless a room or table is asked for beside it.
    """
    demands: list[Demand[UUID]] = []
    sizes: dict[tuple[UUID, ...], int] = {}
    asked = things.get(wish.resource_id) if wish.resource_id else None
    for role in offering.roles:
        if role.kind == PRACTITIONER:
            able = tuple((key,) for key, one in team.items() if role.skills <= one.skills)
            main = not any(demand.of_people for demand in demands)
            first = 1 if main else role.count
            demands.append(Demand(role.key, role.kind, role.parts, able, first, "no_practitioner"))
            if first < role.count:
                key, others = role.key + COMPANIONS, role.count - first
                demands.append(Demand(key, role.kind, role.parts, able, others, "no_practitioner"))
            continue
        fitting = dict(_options(role, things, combinations, wish.party_size))
        sizes |= fitting
        options = tuple(fitting)
        if asked is not None and asked.kind == role.kind:
            options, asked = tuple(option for option in options if option == (asked.resource_id,)), None
        lack = _lack(role, things)
        demands.append(Demand(role.key, role.kind, role.parts, options, role.count, lack))
    if asked is not None:
        need = offering.need
        part = Part(0, need.minutes, need.prepare, need.clean_up)
        if not offering.roles:
            whole = tuple((key,) for key in team)
            demands.append(Demand(MAIN_ROLE, PRACTITIONER, (part,), whole, 1, "no_practitioner"))
        demands.append(Demand(ASKED_ROLE, asked.kind, (part,), ((asked.resource_id,),), 1, "no_resource"))
    return tuple(demands), sizes


def _options(
    role: Role, things: Mapping[UUID, Thing], combinations: Sequence[Fact], party: int
) -> Iterator[tuple[tuple[UUID, ...], int]]:
    """What can serve a role of things, with the most people it takes: single ones, then combinations."""
    able = {key: one for key, one in things.items() if one.kind == role.kind and role.tags <= one.tags}
    for key, one in able.items():
        if not role.fits_party or one.min_party <= party <= one.max_party:
            yield (key,), one.max_party
    if not role.fits_party:
        return
    members: dict[UUID, list[Fact]] = defaultdict(list)
    for row in combinations:
        members[row.who].append(row)
    for rows in members.values():
        keys = tuple(sorted(row.what for row in rows))
        if all(key in able for key in keys) and rows[0].a <= party <= rows[0].b:
            yield keys, rows[0].b


def _lack(role: Role, things: Mapping[UUID, Thing]) -> Lack:
    """Why nothing serves the role, should nothing: there is none here, or none for that many."""
    there = any(one.kind == role.kind and role.tags <= one.tags for one in things.values())
    return "party_size" if there and role.fits_party else "no_resource"
