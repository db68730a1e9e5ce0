"""Who works at a store on a day: shifts, leave, opening hours, as spans on the UTC line."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from django.db.models import Q

from tenants.booking.domain.rota import opening_spans, shift_spans
from tenants.booking.domain.spans import Span, merge
from tenants.booking.domain.wall import local_day
from tenants.people.models import Employee, Leave
from web.workbench.access import Desk

Absence = Literal["leave", "no_shift"]


@dataclass(frozen=True, slots=True)
class Staffing:
    """The practitioners on shift, in order of name, with their spans; what the store is open for."""

    people: tuple[Employee, ...]
    shifts: dict[UUID, tuple[Span, ...]]
    leave: dict[UUID, tuple[Span, ...]]
    hours: tuple[Span, ...]

    def absence_of(self, employee_id: UUID, during: Span) -> Absence | None:
        """Why the person cannot be there for all of `during`; None when they can."""
        if any(span.overlaps(during) for span in self.leave.get(employee_id, ())):
            return "leave"
        works = any(span.contains(during) for span in self.shifts.get(employee_id, ()))
        return None if works else "no_shift"


def practitioners_of(desk: Desk) -> list[Employee]:
    """The bookable people with any shift at the store, whenever it is; in order of name."""
    here = Q(weekly_shifts__store_id=desk.store.id) | Q(day_shifts__store_id=desk.store.id)
    people = Employee.objects.filter(here, active=True, resource__active=True)
    return sorted(people.distinct(), key=lambda person: person.name)


def read_staffing(desk: Desk, on: date) -> Staffing:
    """The staffing of the desk's store on its local day `on`, by a fixed number of queries."""
    place = local_day(on, desk.zone)
    people = practitioners_of(desk)
    spans = shift_spans([person.id for person in people], desk.store.id, [on], desk.zone)
    shifts = {key: tuple(merge(found)) for key, found in spans.items() if found}
    leave: dict[UUID, list[Span]] = defaultdict(list)
    for one in Leave.objects.filter(starts_at__lt=place.end, ends_at__gt=place.start):
        leave[one.employee_id].append(Span(one.starts_at, one.ends_at))
    return Staffing(
        people=tuple(person for person in people if person.id in shifts),
        shifts=shifts,
        leave={key: tuple(found) for key, found in leave.items()},
        hours=tuple(merge(opening_spans(desk.store.id, [on], desk.zone))),
    )
