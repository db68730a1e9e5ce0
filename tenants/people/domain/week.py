"""A store's week as it is planned: who works when, day by day. Read only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from tenants.people.domain.rights import Action, Actor, require
from tenants.people.models import DayShift, Employee, Leave, Role, WeeklyShift
from tenants.stores.domain.wall import local_day
from tenants.stores.models import Store

Hours = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """One person's day at the store: local minutes; `dated` where it differs from the usual week."""

    on: date
    hours: tuple[Hours, ...]
    dated: bool
    leave: bool


@dataclass(frozen=True, slots=True)
class PlannedPerson:
    """A practitioner of the store with seven days."""

    employee: Employee
    days: tuple[PlannedDay, ...]

    @property
    def minutes(self) -> int:
        """How long the person works in this week, leave not taken off."""
        return sum(ends - starts for day in self.days for starts, ends in day.hours)


def read_week(store: Store, first: date, *, by: Actor) -> list[PlannedPerson]:
    """Who can be booked at the store, with seven days from `first`. Four queries. Raises NotSeen, Forbidden."""
    require(by, Action.MANAGE_SHIFTS, store_id=store.id)
    dates = [first + timedelta(days) for days in range(7)]
    people = list(practitioners_at(store.id))
    dated: dict[tuple[UUID, date], list[Hours]] = {}
    for row in DayShift.objects.filter(employee__in=people, on__gte=dates[0], on__lte=dates[-1]):
        hours = dated.setdefault((row.employee_id, row.on), [])
        if row.starts is not None and row.ends is not None and row.store_id == store.id:
            hours.append((row.starts, row.ends))
    usual: dict[tuple[UUID, int], list[WeeklyShift]] = defaultdict(list)
    for weekly in WeeklyShift.objects.filter(employee__in=people, store=store):
        usual[weekly.employee_id, weekly.weekday].append(weekly)
    away = _away(people, dates, ZoneInfo(store.time_zone))
    return [
        PlannedPerson(
            person,
            tuple(
                PlannedDay(
                    day,
                    tuple(
                        sorted(
                            dated.get((person.id, day), _hours_on(usual[person.id, day.isoweekday()], day))
                        )
                    ),
                    (person.id, day) in dated,
                    (person.id, day) in away,
                )
                for day in dates
            ),
        )
        for person in people
    ]


def practitioners_at(store_id: UUID) -> list[Employee]:
    """The active practitioners of the store or of the whole chain, by name; one query."""
    here = Q(grants__store_id=store_id) | Q(grants__store__isnull=True)
    return list(
        Employee.objects.filter(here, grants__role=Role.PRACTITIONER, active=True, resource__active=True)
        .distinct()
        .order_by("name", "id")
    )


def _hours_on(rows: list[WeeklyShift], day: date) -> list[Hours]:
    return [
        (row.starts, row.ends)
        for row in rows
        if (row.valid_from or date.min) <= day < (row.valid_until or date.max)
    ]


def _away(people: list[Employee], dates: list[date], zone: ZoneInfo) -> set[tuple[UUID, date]]:
    """Who has leave that touches which local day."""
    places = {day: local_day(day, zone) for day in dates}
    found = set()
    for leave in Leave.objects.filter(
        employee__in=people, starts_at__lt=places[dates[-1]].end, ends_at__gt=places[dates[0]].start
    ):
        for day, place in places.items():
            if leave.starts_at < place.end and leave.ends_at > place.start:
                found.add((leave.employee_id, day))
    return found
