"""Needs: what a service asks for over its time, as roles of one or more parts, without a database.

A *role* is served by the very same practitioner, room or table in all of its parts; different roles by
different ones. `colour 0-40, finish 75-105` of one role leaves its stylist free in the pause.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from .cells import CELL_MINUTES, Grid, cells_for, fits
from .spans import Span, merge

K = TypeVar("K", bound=Hashable)

PRACTITIONER = "practitioner"
# The role of a service that states no needs, and of the room that a booking asked for beyond them.
MAIN_ROLE = "practitioner"
ASKED_ROLE = "asked"
# Ends the key of the demand for the others of a main role that takes several: the wished one is the first.
COMPANIONS = "\x1f"

Lack = Literal["no_practitioner", "no_resource", "party_size"]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a service, in minutes from its start; `from_minute` is a multiple of 5."""

    from_minute: int
    minutes: int
    prepare: int = 0
    clean_up: int = 0

    @property
    def first(self) -> int:
        """The first cell claimed, counted from the start's; negative for preparation before it."""
        return self.from_minute // CELL_MINUTES - cells_for(self.prepare)

    @property
    def count(self) -> int:
        """How many cells are claimed."""
        return cells_for(self.prepare) + cells_for(self.minutes + self.clean_up)

    def claim_span(self, starts_at: datetime) -> Span:
        """The time claimed for a service that begins then, buffers included."""
        begin = starts_at + timedelta(minutes=self.from_minute)
        return Span(
            begin - timedelta(minutes=self.prepare), begin + timedelta(minutes=self.minutes + self.clean_up)
        )


@dataclass(frozen=True, slots=True)
class Role:
    """What one role of a service asks for: `skills` of a person, `tags` of a thing, `count` different ones.

    `fits_party`: only what suits the party's size will do.
    """

    key: str
    kind: str
    parts: tuple[Part, ...]
    skills: frozenset[UUID] = frozenset()
    tags: frozenset[str] = frozenset()
    count: int = 1
    fits_party: bool = False


# Generic, so without slots: `Demand[UUID](…)` would not work with them on Python 3.11.
@dataclass(frozen=True)
class Demand(Generic[K]):
    """A role at a store, with who or what can serve it: each option is claimed as a whole.

    An option is one id, or several for a combination of tables. A practitioner's options are keys of
    staff. `lack` says why there is no option, where there is none.
    """

    role: str
    kind: str
    parts: tuple[Part, ...]
    options: tuple[tuple[K, ...], ...]
    count: int = 1
    lack: Lack = "no_practitioner"

    @property
    def of_people(self) -> bool:
        """Whether practitioners serve it: with shifts and leave."""
        return self.kind == PRACTITIONER

    @property
    def name(self) -> str:
        """The role as the service states it, and as claims carry it."""
        return self.role.removesuffix(COMPANIONS)

    def claim_spans(self, starts_at: datetime) -> list[Span]:
        """What each that serves is claimed for; parts that touch are one claim."""
        return list(merge(part.claim_span(starts_at) for part in self.parts))

    def claimed_cells(self, grid: Grid, starts_at: datetime) -> int:
        """The cells of `claim_spans`, as `fitting` counts them."""
        start, bits = grid.floor(starts_at), 0
        for part in self.parts:
            bits |= grid.between(start + part.first, start + part.first + part.count)
        return bits

    def fitting(self, free: int) -> int:
        """The starts at which one with these free cells can serve every part."""
        found = -1
        for part in self.parts:
            found &= fits(free, part.first, part.count)
        return found


def roles_of(rows: Iterable[Mapping[str, Any]], *, main_skills: Iterable[UUID]) -> tuple[Role, ...]:
    """The roles that rows of needs state, in their order; `main_skills` are asked of the first practitioner's.

    Rows have role, kind, from_minute, minutes, prepare, clean_up, count, fits_party, tags and skills. A
    role's kind is its first row's; skills and tags add up, its count is the greatest.
    """
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        parts.setdefault(row["role"], []).append(row)
    found: list[Role] = []
    main_seen = False
    for key, group in parts.items():
        kind = group[0]["kind"]
        skills = {UUID(str(skill)) for row in group for skill in row["skills"]}
        if kind == PRACTITIONER and not main_seen:
            main_seen = True
            skills |= set(main_skills)
        found.append(
            Role(
                key=key,
                kind=kind,
                parts=tuple(
                    Part(row["from_minute"], row["minutes"], row["prepare"], row["clean_up"]) for row in group
                ),
                skills=frozenset(skills),
                tags=frozenset(tag for row in group for tag in row["tags"]),
                count=max(row["count"] for row in group),
                fits_party=any(row["fits_party"] for row in group),
            )
        )
    return tuple(found)


def overhang(roles: Sequence[Role], minutes: int) -> tuple[int, int]:
    """How many minutes the roles' claims reach before the start and after the end of a service."""
    before = [part.prepare - part.from_minute for role in roles for part in role.parts]
    after = [
        part.from_minute + part.minutes + part.clean_up - minutes for role in roles for part in role.parts
    ]
    return max([0, *before]), max([0, *after])
