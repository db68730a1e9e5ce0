"""A sweep over the transitions of IANA zones: the domain's answers against walking minute by minute.

`sweep(zone)` returns what differs, in words. All zones: `python -m tests.booking.zones`.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from tenants.booking.domain.needs import Demand, Part
from tenants.booking.domain.search import DaySlots, Inputs, Need, StaffInputs, search
from tenants.booking.domain.spans import Span
from tenants.stores.domain.wall import local_day, moments_of_local, resolve_local

MINUTE = timedelta(minutes=1)
FIRST, LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)


def all_zones() -> list[str]:
    return sorted(available_timezones() - {"localtime", "Factory"})


def transitions(zone: ZoneInfo, first: datetime = FIRST, last: datetime = LAST) -> Iterator[datetime]:
    """Every moment in the years at which the zone's offset changes."""
    step = timedelta(hours=6)
    moment = first
    while moment < last:
        before, after = moment, moment + step
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            while after - before > MINUTE:
                middle = before + (after - before) // 2 // MINUTE * MINUTE
                if middle.astimezone(zone).utcoffset() == moment.astimezone(zone).utcoffset():
                    before = middle
                else:
                    after = middle
            yield after
        moment += step


def sweep(zone: ZoneInfo, first: datetime = FIRST, last: datetime = LAST) -> list[str]:
    return [wrong for change in transitions(zone, first, last) for wrong in _around(change, zone)]


def _around(change: datetime, zone: ZoneInfo) -> Iterator[str]:
    """What is wrong on the day before, of and after a transition."""
    begin = change - timedelta(hours=60)
    walked: list[tuple[datetime, datetime]] = []
    shows: dict[datetime, list[datetime]] = defaultdict(list)
    for minute in range(120 * 60):
        moment = begin + minute * MINUTE
        wall = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        walked.append((moment, wall))
        shows[wall].append(moment)
    centre = change.astimezone(zone).date()
    days = [centre + timedelta(days=n) for n in (-1, 0, 1)]
    for day in days:
        yield from _day(day, zone, walked, shows)
    yield from _search(days, zone, walked)


def _day(
    day: date,
    zone: ZoneInfo,
    walked: list[tuple[datetime, datetime]],
    shows: dict[datetime, list[datetime]],
) -> Iterator[str]:
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
    place = local_day(day, zone)
    seen = [moment for moment, wall in walked if wall.date() == day]
    if (place.start, place.end) != (seen[0], seen[-1] + MINUTE):
        yield f"{zone.key} {day}: is {seen[0]} to {seen[-1] + MINUTE}, told {place.start} to {place.end}"
    if len(seen) != (place.end - place.start) // MINUTE:
        yield f"{zone.key} {day}: {len(seen)} minutes, told {(place.end - place.start) // MINUTE}"
    for minutes in range(0, 1441, 5):
        wall = midnight + minutes * MINUTE
        truth = shows.get(wall, [])
        if list(moments_of_local(day, minutes, zone)) != truth:
            yield f"{zone.key} {wall}: at {truth}, told {moments_of_local(day, minutes, zone)}"
        first = truth[0] if truth else next(moment for moment, shown in walked if shown > wall)
        if not resolve_local(day, minutes, zone) == place.at(minutes) == first:
            yield f"{zone.key} {wall}: resolves to {first}, told {resolve_local(day, minutes, zone)}"


def _search(days: list[date], zone: ZoneInfo, walked: list[tuple[datetime, datetime]]) -> Iterator[str]:
    """A shop that never closes offers every wall time on its step, once or, in a fold, twice."""
    always = Span(walked[0][0] - timedelta(days=3), walked[-1][0] + timedelta(days=3))
    inputs = Inputs(zone, Need(60, step=30), [always], {1: StaffInputs([always])}, always.start, always.end)
    yield from _offered(search(days, inputs), zone, walked)
    # the same of somebody with a pause, and a room for part of the time
    roles = (
        Demand("one", "practitioner", (Part(0, 20, prepare=10), Part(40, 20)), ((1,),)),
        Demand("room", "room", (Part(10, 40, clean_up=15),), ((2,),)),
    )
    wide = Need(60, prepare=10, clean_up=5, step=30)
    yield from _offered(search(days, replace(inputs, need=wide, demands=roles, things={2: []})), zone, walked)


def _offered(
    found_days: list[DaySlots[int]], zone: ZoneInfo, walked: list[tuple[datetime, datetime]]
) -> Iterator[str]:
    for found in found_days:
        truth = [moment for moment, wall in walked if wall.date() == found.day and wall.minute % 30 == 0]
        told = [slot.starts_at for slot in found.slots]
        if told != truth:
            yield f"{zone.key} {found.day}: starts {sorted(set(told) ^ set(truth))} differ"


if __name__ == "__main__":
    wrong = [line for key in all_zones() for line in sweep(ZoneInfo(key))]
    print(
        "\n".join(wrong[:50]) or f"{len(all_zones())} zones, {FIRST.year} to {LAST.year - 1}: nothing differs"
    )
    sys.exit(bool(wrong))
