"""Whose shifts are whose on a date, and handing them over. Wall time, no bookings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from uuid import UUID

from django.db.models import F

from tenants.people.domain.shifts import ShiftsOverlap, lock_plans
from tenants.people.models import DayShift, Employee, ShiftSwap, WeeklyShift
from tenants.stores.domain.spoken import Spoken


@dataclass(frozen=True, slots=True, order=True)
class DayAt:
    """Works at a store, local minutes after midnight."""

    starts: int
    ends: int
    store_id: UUID


def shifts_on(employee_id: UUID, on: date) -> list[DayAt]:
    """The person's shifts of the date at any store: the date's own, or else the weekly ones. Two queries."""
    planned = list(DayShift.objects.filter(employee_id=employee_id, on=on))
    if planned:
        return sorted(
            DayAt(row.starts, row.ends, row.store_id)
            for row in planned
            if row.starts is not None and row.ends is not None
        )
    weekly = WeeklyShift.objects.filter(employee_id=employee_id, weekday=on.isoweekday())
    return sorted(
        DayAt(row.starts, row.ends, row.store_id)
        for row in weekly
        if (row.valid_from or date.min) <= on < (row.valid_until or date.max)
    )


def exchange_shifts(swap: ShiftSwap) -> None:
    """Hand the days over, for both people, who are locked against other plans.

        gives_on    asker's shifts at the store    → colleague's
        takes_on    colleague's shifts there       → asker's

    What either works at other stores stays. Shifts of one person that now touch or overlap at this store
    become one; raises ShiftsOverlap where one would have to be at two stores at once.
    """
    asker, colleague, store = swap.asker_id, swap.colleague_id, swap.store_id
    people = sorted([asker, colleague])
    # in the order of ids, so that two swaps of the same people do not wait for each other
    lock_plans(people)
    dates = {swap.gives_on, swap.takes_on or swap.gives_on}
    before = {(who, on): shifts_on(who, on) for who in people for on in dates}
    after = {key: list(rows) for key, rows in before.items()}
    handed = [(asker, colleague, swap.gives_on)]
    if swap.takes_on is not None:
        handed.append((colleague, asker, swap.takes_on))
    for giver, taker, on in handed:
        here = [row for row in before[giver, on] if row.store_id == store]
        after[giver, on] = [row for row in after[giver, on] if row not in here]
        after[taker, on] += here
    _write({key: joined(rows, on=key[1]) for key, rows in after.items()}, store)
    Employee.objects.filter(id__in=people).update(plan_version=F("plan_version") + 1)


def joined(rows: Iterable[DayAt], *, on: date) -> list[DayAt]:
    """Shifts in order, those at one store that touch or overlap made one. Raises ShiftsOverlap across stores."""
    found: list[DayAt] = []
    for row in sorted(rows):
        last = found[-1] if found else None
        if last and last.store_id == row.store_id and row.starts <= last.ends:
            found[-1] = DayAt(last.starts, max(last.ends, row.ends), row.store_id)
        else:
            found.append(row)
    if any(later.starts < earlier.ends for earlier, later in pairwise(found)):
        raise ShiftsOverlap(params={"day": Spoken(on)})
    return found


def _write(plan: Mapping[tuple[UUID, date], list[DayAt]], store_id: UUID) -> None:
    """The dates exactly as planned; a date without a shift is a day off."""
    for (employee, on), rows in plan.items():
        DayShift.objects.filter(employee_id=employee, on=on).delete()
        wanted: list[tuple[UUID, int | None, int | None]]
        wanted = [(row.store_id, row.starts, row.ends) for row in rows] or [(store_id, None, None)]
        DayShift.objects.bulk_create(
            DayShift(employee_id=employee, store_id=store, on=on, starts=starts, ends=ends)
            for store, starts, ends in wanted
        )
