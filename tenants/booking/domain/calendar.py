"""All that decides when a service can begin at a store, laid out for the search: one message for any number of stores."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from chains.postgresql.ask import Question
from tenants.stores.domain.set_up import recall
from tenants.stores.domain.wall import local_date

from .against import AsRead
from .cells import CELL
from .demands import demands_of
from .facts import Asked, Fact, Facts, facts_question, keep_set_up, read_facts, set_up_key
from .needs import PRACTITIONER
from .offering import Offering
from .packed import PackedSpans
from .rota import lay_plans, longest_of, openings_on, read_hours, read_week
from .search import Inputs, StaffInputs, reach
from .spans import Span

# Staff book a walk-in that began a moment ago, and further ahead than members do.
STAFF_BACK = timedelta(minutes=15)
STAFF_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A practitioner who can do the service and works at the store; `skills` where the service states needs.

    `plan_version` is that of the shifts and leave that were read.
    """

    employee_id: UUID
    resource_id: UUID
    name: str
    skills: frozenset[UUID] = frozenset()
    plan_version: int | None = None


@dataclass(frozen=True, slots=True)
class Thing:
    """A room, table, station or piece of equipment, for `min_party` to `max_party` people."""

    resource_id: UUID
    name: str
    kind: str
    tags: frozenset[str]
    min_party: int
    max_party: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked beyond the service: a main practitioner, a room or table, for how many people."""

    practitioner_id: UUID | None = None
    resource_id: UUID | None = None
    party_size: int = 1


@dataclass(frozen=True, slots=True)
class Calendar:
    """The inputs of a search, and who and what the ids in it are. Practitioners are keyed by employee.

    `candidates` can be the main practitioner, `team` serve any role; `sizes` are the most people each option
    of things takes.
    """

    offering: Offering
    inputs: Inputs[UUID]
    candidates: dict[UUID, Candidate]
    team: Mapping[UUID, Candidate] = field(default_factory=dict)
    things: Mapping[UUID, Thing] = field(default_factory=dict)
    wish: Wish = Wish()
    sizes: Mapping[tuple[UUID, ...], int] = field(default_factory=dict)
    calendar_version: int = 0

    def as_read(self, key: UUID) -> AsRead:
        """The state of plans in which the employee or thing was found free."""
        person = self.team.get(key)
        return AsRead(
            self.offering.store_id, self.calendar_version, person.plan_version if person is not None else None
        )

    def resource_of(self, key: UUID) -> UUID:
        """The resource that is claimed for an employee or thing."""
        return self.team[key].resource_id if key in self.team else key


def read_calendar(
    offering: Offering,
    days: Sequence[date],
    *,
    now: datetime,
    practitioner_id: UUID | None = None,
    resource_id: UUID | None = None,
    party_size: int = 1,
    by_staff: bool = False,
    but: UUID | None = None,
) -> Calendar:
    """All that decides when the service can begin on `days` (local dates), in one message.

    `practitioner_id` leaves no other for the main role, `resource_id` no other room or table; `but` is a
    booking whose own claims do not count. Holds that have expired count as free. Staff may begin at any
    five minutes, without lead time or horizon.
    """
    wish = Wish(practitioner_id, resource_id, party_size)
    return read_calendars([offering], days, wish=wish, now=now, by_staff=by_staff, but=but)[0]


def calendar_at(
    offering: Offering,
    starts_at: datetime,
    *,
    wish: Wish,
    now: datetime,
    by_staff: bool = False,
    holds_expire: bool = True,
    token: str | None = None,
) -> Question[Calendar]:
    """What read_calendar reads of the local day of `starts_at`, to judge that one time.

    Where nobody but a wished practitioner can serve, of claims only what can stand against that time: nobody's load
    is compared. Unless `holds_expire`, one whose time is over keeps its place. What is remembered under that
    `token` of the set-up is not asked again.
    """
    day = local_date(starts_at, offering.zone)
    span = reach([day], offering.zone, offering.need)
    dates = _dates_in(span, [offering])
    asked = _asked([offering], wish)
    if asked.only is not None:
        need = offering.need  # a start off the cells begins up to one earlier
        span = Span(starts_at - (need.before + 1) * CELL, starts_at + (need.claimed + 1) * CELL)
    key = set_up_key(asked, dates)
    found = recall(key)
    known = found.what if found is not None and found.token == token else None
    question = facts_question(asked, span, dates, now=now if holds_expire else None, but=None, set_up=known)

    def read(rows: list[tuple[Any, ...]]) -> Calendar:
        facts = question.read(rows)
        if known is None:
            keep_set_up(key, facts)
        (calendar,) = _lay_all([offering], facts, dates, wish=wish, now=now, by_staff=by_staff)
        return calendar

    return Question(question.sql, question.params, read)


def read_calendars(
    offerings: Sequence[Offering],
    days: Sequence[date],
    *,
    wish: Wish,
    now: datetime,
    by_staff: bool = False,
    but: UUID | None = None,
) -> list[Calendar]:
    """As read_calendar for one service at several stores, in one message for all of them."""
    reaches = [reach(days or [local_date(now, one.zone)], one.zone, one.need) for one in offerings]
    window = Span(min(span.start for span in reaches), max(span.end for span in reaches))
    dates = _dates_in(window, offerings)
    facts = read_facts(_asked(offerings, wish), window, dates, now=now, but=but)
    return _lay_all(offerings, facts, dates, wish=wish, now=now, by_staff=by_staff)


def _lay_all(
    offerings: Sequence[Offering],
    facts: Facts,
    dates: Sequence[date],
    *,
    wish: Wish,
    now: datetime,
    by_staff: bool,
) -> list[Calendar]:
    """The calendars that the facts make."""
    of_store: dict[str, dict[UUID | None, list[Fact]]] = {
        kind: _by_store(facts.get(kind, []))
        for kind in ("person", "thing", "combination", "store", "opening", "closure", "weekly", "away")
    }
    common = _Common(
        dates=tuple(dates),
        planned=_by_person(facts.get("day", [])),
        leave=_leave(facts.get("leave", [])),
        busy={row.what: row.packed for row in facts.get("busy", [])},
        skills=_by_key(facts.get("skill", [])),
        wish=wish,
        now=now,
        by_staff=by_staff,
    )
    return [
        _lay(one, {kind: rows.get(one.store_id, []) for kind, rows in of_store.items()}, common)
        for one in offerings
    ]


def _asked(offerings: Sequence[Offering], wish: Wish) -> Asked:
    """What must be read for the roles of a service (the same at each of its stores)."""
    roles = offerings[0].roles
    people = [role for role in roles if role.kind == PRACTITIONER]
    return Asked(
        stores=tuple(one.store_id for one in offerings),
        service=None if roles else offerings[0].service_id,
        people=offerings[0].needs_person,
        only=wish.practitioner_id if (len(people) == 1 and people[0].count == 1) or not roles else None,
        skilled=bool(people),
        kinds=tuple(sorted({role.kind for role in roles} - {PRACTITIONER})),
        resource=wish.resource_id,
        combined=any(role.fits_party for role in roles),
    )


@dataclass(frozen=True, slots=True)
class _Common:
    """What is the same for every store of a question."""

    dates: tuple[date, ...]
    planned: Mapping[UUID, list[Fact]]
    leave: Mapping[UUID, list[Span]]
    busy: Mapping[UUID, bytes]
    skills: Mapping[UUID, frozenset[UUID]]
    wish: Wish
    now: datetime
    by_staff: bool


def _lay(offering: Offering, rows: Mapping[str, list[Fact]], common: _Common) -> Calendar:
    team = {
        row.who: Candidate(row.who, row.what, row.name, common.skills.get(row.who, frozenset()), row.a)
        for row in sorted(rows["person"], key=lambda row: (row.name, row.who))
    }
    things = {thing.resource_id: thing for thing in _things(rows["thing"])}
    demands, sizes = demands_of(offering, team, things, rows["combination"], common.wish)
    main = next((demand for demand in demands if demand.of_people), None)
    able = {option[0] for option in main.options} if main else set(team) if not demands else set()
    wished = common.wish.practitioner_id
    staff = _staff(offering, team, rows, common)
    hours = read_hours(rows["opening"][0].name) if rows["opening"] else ()
    closures = tuple((row.d, row.e) for row in rows["closure"])
    inputs = Inputs(
        zone=offering.zone,
        need=offering.need,
        hours=openings_on(hours, closures, common.dates, offering.zone),
        staff={key: one for key, one in staff.items() if key in able and wished in (None, key)},
        earliest=common.now - STAFF_BACK if common.by_staff else common.now + offering.lead,
        latest=common.now + (STAFF_AHEAD if common.by_staff else offering.horizon),
        demands=demands,
        helpers=staff if demands else {},
        things={key: PackedSpans.read(common.busy.get(key, b"")) for key in things},
        longest=longest_of(hours),
    )
    candidates = {key: one for key, one in team.items() if key in inputs.staff}
    version = next((row.a for row in rows["store"]), 0)
    return Calendar(offering, inputs, candidates, team, things, common.wish, sizes, version)


def _staff(
    offering: Offering, team: Mapping[UUID, Candidate], rows: Mapping[str, list[Fact]], common: _Common
) -> dict[UUID, StaffInputs]:
    """When each of the team works here and cannot."""
    weekly = {row.who: read_week(row.name) for row in rows["weekly"]}
    here = offering.store_id
    shifts = lay_plans(
        {
            key: (
                weekly.get(key, ()),
                tuple((row.store == here, row.d, row.b, row.c) for row in common.planned.get(key, ())),
            )
            for key in team
        },
        dates=common.dates,
        zone=offering.zone,
    )
    away = {row.what: row.packed for row in rows["away"]}
    return {
        key: StaffInputs(
            shifts=shifts[key],
            busy=PackedSpans.read(common.busy.get(one.resource_id, b""), away.get(one.resource_id, b"")),
            leave=common.leave.get(key, ()),
        )
        for key, one in team.items()
    }


def _things(rows: Sequence[Fact]) -> list[Thing]:
    found = []
    for row in rows:
        name, kind, tags = json.loads(row.name)
        found.append(Thing(row.who, name, kind, frozenset(tags), row.a, row.b))
    return sorted(found, key=lambda thing: (thing.name, thing.resource_id))


def _by_store(rows: Sequence[Fact]) -> dict[UUID | None, list[Fact]]:
    found: dict[UUID | None, list[Fact]] = defaultdict(list)
    for row in rows:
        found[row.store].append(row)
    return found


def _by_key(rows: Sequence[Fact]) -> dict[UUID, frozenset[UUID]]:
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for row in rows:
        found[row.who].add(row.what)
    return {key: frozenset(values) for key, values in found.items()}


def _by_person(rows: Sequence[Fact]) -> dict[UUID, list[Fact]]:
    found: dict[UUID, list[Fact]] = defaultdict(list)
    for row in rows:
        found[row.who].append(row)
    return found


def _leave(rows: Sequence[Fact]) -> dict[UUID, list[Span]]:
    return {who: [Span(row.start, row.end) for row in theirs] for who, theirs in _by_person(rows).items()}


def _dates_in(window: Span, offerings: Sequence[Offering]) -> list[date]:
    """The local dates whose hours or shifts can reach into the window, in any of the stores' zones."""
    first = min(local_date(window.start, one.zone) for one in offerings) - timedelta(days=1)
    last = max(local_date(window.end, one.zone) for one in offerings)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
