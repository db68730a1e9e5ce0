"""Availability the slow and obvious way, and random situations to compare it on.

Shares nothing with the bitmap but the inputs' types: it walks the clock in 5-minute steps and asks of
each start, minute by minute, whether everything holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations, product
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tenants.booking.domain.needs import Demand, Part
from tenants.booking.domain.search import Inputs, Need, StaffInputs
from tenants.booking.domain.spans import Span

MINUTE = timedelta(minutes=1)

# Zones with days on which something changes, beside ordinary ones.
PLACES = [
    ("Asia/Shanghai", ["2026-05-01"]),
    ("Asia/Kathmandu", ["2026-02-28"]),
    ("Europe/Berlin", ["2026-03-28", "2026-10-24", "2027-01-01"]),
    ("America/New_York", ["2026-03-07", "2026-11-01"]),
    ("America/Havana", ["2026-03-07", "2026-10-31"]),
    ("America/Santiago", ["2026-04-03", "2026-09-05"]),
    ("Australia/Lord_Howe", ["2026-04-04", "2026-10-03"]),
    ("Pacific/Chatham", ["2026-04-04", "2026-09-26"]),
    ("Antarctica/Troll", ["2026-03-28", "2026-10-24"]),
    ("Pacific/Apia", ["2011-12-29"]),
]


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[date], Inputs[str]]:
    """One to three days and random hours, staff, claims, need and notice around them."""
    key, firsts = draw(st.sampled_from(PLACES))
    first = date.fromisoformat(draw(st.sampled_from(firsts)))
    days = [first + timedelta(days=n) for n in range(draw(st.integers(1, 3)))]
    noon = datetime.combine(first, time(12), tzinfo=UTC)
    unit = draw(st.sampled_from([1, 5, 15, 30]))

    def span(lengths: tuple[int, int]) -> st.SearchStrategy[Span]:
        starts = st.integers(-36 * 60 // unit, 72 * 60 // unit)
        return st.builds(
            lambda start, length: Span(noon + start * unit * MINUTE, noon + (start + length) * unit * MINUTE),
            starts,
            st.integers(max(lengths[0] // unit, 1), lengths[1] // unit),
        )

    def spans(most: int, lengths: tuple[int, int]) -> st.SearchStrategy[list[Span]]:
        return st.lists(span(lengths), min_size=0, max_size=most)

    always = Span(noon - timedelta(days=4), noon + timedelta(days=6))
    staff = {
        name: StaffInputs(
            shifts=draw(st.one_of(spans(4, (240, 2400)), st.just([always]), st.just([always]))),
            busy=draw(spans(6, (30, 240))),
            leave=draw(spans(2, (30, 600))),
        )
        for name in draw(st.sampled_from(["a", "ab", "abc", "abc", ""]))
    }
    need = Need(
        draw(st.sampled_from([5, 20, 45, 50, 60, 90, 240, 52])),
        prepare=draw(st.sampled_from([0, 0, 5, 15, 7])),
        clean_up=draw(st.sampled_from([0, 0, 10, 30, 3])),
        step=draw(st.sampled_from([5, 10, 15, 20, 30, 60])),
    )
    earliest = noon + draw(st.integers(-60 * 60, 12 * 60)) * MINUTE
    latest = earliest + draw(st.integers(12 * 60, 120 * 60)) * MINUTE
    hours = draw(st.one_of(spans(4, (240, 2400)), st.just([always]), st.just([always])))
    inputs = Inputs(ZoneInfo(key), need, hours, staff, earliest, latest)
    if not draw(st.booleans()):
        return days, inputs
    things = {name: draw(spans(5, (30, 240))) for name in ("r1", "r2", "t1", "t2", "t3")}
    inputs = replace(
        inputs,
        helpers={**staff, "h": StaffInputs([always], draw(spans(6, (30, 240))))},
        things=things,
        demands=draw(demands(need, sorted(staff))),
    )
    hull = max(part.prepare - part.from_minute for one in inputs.demands for part in one.parts)
    after = max(
        part.from_minute + part.minutes + part.clean_up for one in inputs.demands for part in one.parts
    )
    wide = replace(need, prepare=max(hull, 0), clean_up=max(after - need.minutes, 0))
    return days, replace(inputs, need=wide)


@st.composite
def demands(draw: st.DrawFn, need: Need, people: list[str]) -> tuple[Demand[str], ...]:
    """One to four roles of people, rooms and tables, of one or two parts each, tables also together."""

    def parts() -> tuple[Part, ...]:
        found, begin = [], 0
        for _n in range(draw(st.integers(1, 2))):
            begin += draw(st.sampled_from([0, 5, 20]))
            length = draw(st.sampled_from([5, 10, 15, 30]))
            buffers = draw(st.sampled_from([(0, 0), (10, 5), (3, 7)]))
            found.append(Part(begin, length, *buffers))
            begin += length
        return tuple(found)

    helpers = tuple((name,) for name in draw(st.permutations([*people, "h"])))
    tables = (("t1",), ("t2",), ("t3",), ("t1", "t2"))
    pools = {
        "main": ("practitioner", tuple((name,) for name in people)),
        "second": ("practitioner", helpers),
        "room": ("room", (("r1",), ("r2",))),
        "table": ("table", draw(st.sampled_from([tables, tables[3:], tables[:1]]))),
        "other table": ("table", tables[1:3]),
    }
    roles = draw(st.sets(st.sampled_from(sorted(pools)), min_size=1, max_size=4))
    return tuple(
        Demand(role, pools[role][0], parts(), pools[role][1], draw(st.sampled_from([1, 1, 1, 2])))
        for role in pools
        if role in roles
    )


def slow_search(
    days: list[date], inputs: Inputs[str]
) -> list[tuple[date, list[tuple[datetime, datetime, tuple, int | None]]]]:
    """What `search` must find."""
    if inputs.demands:
        return [(day, list(_slow_slots(day, inputs))) for day in days]
    hours = _minutes(inputs.hours)
    staff = {
        name: (_minutes(given.shifts), _minutes(given.busy) | _minutes(given.leave))
        for name, given in inputs.staff.items()
    }
    found = []
    for day in days:
        slots = []
        for start in _starts_on(day, inputs):
            who = tuple(
                name
                for name, (works, away) in staff.items()
                if _serves(start, inputs.need, hours, works, away)
            )
            if who:
                slots.append((start, start + inputs.need.minutes * MINUTE, who, None))
        found.append((day, slots))
    return found


def _slow_slots(day: date, inputs: Inputs[str]):
    """Every way to seat every role is tried: no two seats of one kind may share anyone or anything."""
    hours = _minutes(inputs.hours)
    roles = inputs.roles
    main = next((one.role for one in roles if one.of_people), None)
    closed = {key: (None, _minutes(busy)) for key, busy in inputs.things.items()} | {
        key: (_minutes(one.shifts), _minutes(one.busy) | _minutes(one.leave))
        for key, one in [*inputs.helpers.items(), *inputs.staff.items()]
    }
    for start in _starts_on(day, inputs):
        begin = _minute(start)
        if not all(minute in hours for minute in range(begin, begin + _up(inputs.need.minutes))):
            continue
        able = {
            one.role: [
                option
                for option in one.options
                if all(_can(begin, part, *closed[key]) for part in one.parts for key in option)
            ]
            for one in roles
        }
        ways = [
            way
            for way in product(*(permutations(able[one.role], one.count) for one in roles))
            if _apart(roles, way)
        ]
        if not ways:
            continue
        end = start + inputs.need.minutes * MINUTE
        if main is None:
            single = [
                len([option for option in able[one.role] if len(option) == 1]) // one.count for one in roles
            ]
            yield start, end, (), max(1, min(single))
        else:
            place = [one.role for one in roles].index(main)
            served = {option[0] for way in ways for option in way[place]}
            yield start, end, tuple(name for name in inputs.staff if name in served), None


def _can(begin: int, part: Part, works: set[int] | None, away: set[int]) -> bool:
    first = begin + part.from_minute
    claimed = range(first - _up(part.prepare), first + _up(part.minutes + part.clean_up))
    on_shift = works is None or all(minute in works for minute in claimed)
    return on_shift and not any(minute in away for minute in _outward(claimed))


def _apart(roles, way) -> bool:
    """Nobody and nothing twice; combinations only where one seat of that kind is asked for."""
    for kind in {one.kind for one in roles}:
        options = [
            option for one, chosen in zip(roles, way, strict=True) if one.kind == kind for option in chosen
        ]
        keys = [key for option in options for key in option]
        if len(keys) != len(set(keys)) or (len(options) > 1 and any(len(option) > 1 for option in options)):
            return False
    return True


def _starts_on(day: date, inputs: Inputs[str]) -> list[datetime]:
    starts = []
    moment = datetime.combine(day, time(0), tzinfo=UTC) - timedelta(hours=16)
    for _ in range(60 * 12):
        wall = moment.astimezone(inputs.zone)
        on_step = (wall.hour * 60 + wall.minute) % inputs.need.step == 0
        if wall.date() == day and on_step and inputs.earliest <= moment <= inputs.latest:
            starts.append(moment)
        moment += 5 * MINUTE
    return starts


def _serves(start: datetime, need: Need, hours: set[int], works: set[int], away: set[int]) -> bool:
    begin = _minute(start)
    served = range(begin, begin + _up(need.minutes))
    claimed = range(begin - _up(need.prepare), begin + _up(need.minutes + need.clean_up))
    return (
        all(minute in hours for minute in served)
        and all(minute in works for minute in claimed)
        and not any(minute in away for minute in _outward(claimed))
    )


def _up(minutes: int) -> int:
    """Lengths are rounded up to whole cells."""
    return (minutes + 4) // 5 * 5


def _outward(minutes: range) -> range:
    return range(minutes.start // 5 * 5, (minutes.stop + 4) // 5 * 5)


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def _minutes(spans: Iterable[Span]) -> set[int]:
    return {minute for span in spans for minute in range(_minute(span.start), _minute(span.end))}
