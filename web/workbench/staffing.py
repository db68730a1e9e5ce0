"""Who is away from a store on a day, and who may be chosen there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db.models import Q

from tenants.booking.domain.day import StoreDay
from tenants.booking.domain.spans import Span, merge
from tenants.people.models import Employee, Leave
from web.workbench.access import Desk

Absence = Literal["leave", "no_shift"]


@dataclass(frozen=True, slots=True)
class Person:
    """A practitioner of the day: when they work, and when they are away."""

    id: UUID
    name: str
    shifts: tuple[Span, ...]
    leave: tuple[Span, ...]

    def absence(self, during: Span) -> Absence | None:
        """Why the person cannot be there for all of `during`; None when they can."""
        if any(span.overlaps(during) for span in self.leave):
            return "leave"
        return None if any(span.contains(during) for span in self.shifts) else "no_shift"


def people_of(day: StoreDay) -> dict[UUID, Person]:
    """The practitioners of the day with their leave, by one query; in order of name."""
    leave: dict[UUID, list[Span]] = defaultdict(list)
    away = Leave.objects.filter(
        employee_id__in=[column.employee_id for column in day.columns],
        starts_at__lt=day.span.end,
        ends_at__gt=day.span.start,
    )
    for one in away:
        leave[one.employee_id].append(Span(one.starts_at, one.ends_at))
    return {
        column.employee_id: Person(
            column.employee_id, column.name, tuple(merge(column.shifts)), tuple(leave[column.employee_id])
        )
        for column in day.columns
    }


def practitioners_of(desk: Desk) -> list[Employee]:
    """The bookable people with any shift at the store, whenever it is, with their skills; in order of name."""
    here = Q(weekly_shifts__store_id=desk.store.id) | Q(day_shifts__store_id=desk.store.id)
    people = Employee.objects.filter(here, active=True, resource__active=True)
    return list(people.distinct().order_by("name", "id").prefetch_related("skills"))
