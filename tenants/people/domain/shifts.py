"""When employees work, and when they are away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal, require_version
from tenants.people.domain.grants import grants_of
from tenants.people.domain.rights import Action, Actor, Forbidden, NotSeen, may, may_anywhere, require
from tenants.people.models import DayShift, Employee, Leave, WeeklyShift
from tenants.stores.domain.plans import tell_plan_changed
from tenants.stores.domain.spoken import Spoken, SpokenWeekday
from tenants.stores.models import Resource, Store


class ShiftPastMidnight(Refusal):
    """A shift that ends before it begins."""

    code = "shift_past_midnight"
    status = 422
    title = _("The shift ends before it begins")
    detail = _("A shift of one day cannot run past midnight.")
    fix = _("End it at 24:00 and write the rest on the next day.")


class ShiftsOverlap(Refusal):
    """Two shifts of a day share time, here or at another store: nobody is in two places."""

    code = "shifts_overlap"
    status = 422
    title = _("Shifts overlap")
    detail = _("On %(day)s two shifts overlap.")
    fix = _("Join them, move one, or look at the person's other stores.")


class LeaveBackwards(Refusal):
    """The leave ends before it begins."""

    code = "leave_backwards"
    status = 422
    title = _("The leave ends before it begins")
    detail = _("A leave begins before it ends.")
    fix = _("Swap the two times.")


@dataclass(frozen=True, slots=True)
class WeekShift:
    """Every such weekday (ISO), local minutes after midnight."""

    weekday: int
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class DatedShift:
    """On one date; both None is a day off."""

    on: date
    starts: int | None
    ends: int | None


def set_week(
    employee_id: UUID,
    store_id: UUID,
    shifts: Sequence[WeekShift],
    *,
    by: Actor,
    version: int | None = None,
) -> list[WeeklyShift]:
    """The employee's weekly shifts at the store from now on, in place of all before.

    `version` is the employee's `plan_version` they were made from.
    Raises NotSeen, Forbidden, ShiftPastMidnight, ShiftsOverlap, StaleVersion.
    """
    employee = _planned(employee_id, store_id, by=by)
    _change_plan(employee, version)
    elsewhere = WeeklyShift.objects.filter(employee=employee).exclude(store_id=store_id)
    others = [(row.weekday, row.starts, row.ends) for row in elsewhere]
    _require_apart([*((row.weekday, row.starts, row.ends) for row in shifts), *others])
    WeeklyShift.objects.filter(employee=employee, store_id=store_id).delete()
    return WeeklyShift.objects.bulk_create(
        WeeklyShift(
            employee=employee, store_id=store_id, weekday=row.weekday, starts=row.starts, ends=row.ends
        )
        for row in shifts
    )


def set_days(
    employee_id: UUID,
    store_id: UUID,
    shifts: Sequence[DatedShift],
    *,
    by: Actor,
    version: int | None = None,
) -> list[DayShift]:
    """The employee's shifts at the store on the dates that are named, in place of those before.

    A date with a day shift has no weekly one; `version` as in set_week. Raises NotSeen, Forbidden,
    ShiftPastMidnight, ShiftsOverlap, StaleVersion.
    """
    employee = _planned(employee_id, store_id, by=by)
    _change_plan(employee, version)
    dates = {row.on for row in shifts}
    elsewhere = DayShift.objects.filter(employee=employee, on__in=dates).exclude(store_id=store_id)
    rows = [(row.on, row.starts, row.ends) for row in shifts]
    rows += [(row.on, row.starts, row.ends) for row in elsewhere]
    _require_apart((on, starts, ends) for on, starts, ends in rows if starts is not None and ends is not None)
    DayShift.objects.filter(employee=employee, store_id=store_id, on__in=dates).delete()
    return DayShift.objects.bulk_create(
        DayShift(employee=employee, store_id=store_id, on=row.on, starts=row.starts, ends=row.ends)
        for row in shifts
    )


def add_leave(
    employee_id: UUID,
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    by: Actor,
    version: int | None = None,
) -> Leave:
    """Away over `[starts_at, ends_at)`, aware UTC; `version` as in set_week.

    Raises NotSeen, Forbidden, LeaveBackwards, StaleVersion.
    """
    employee = _managed(employee_id, by=by)
    if starts_at >= ends_at:
        raise LeaveBackwards
    _change_plan(employee, version)
    return Leave.objects.create(
        employee=employee, starts_at=starts_at, ends_at=ends_at, reason=reason.strip()
    )


def cancel_leave(employee_id: UUID, leave_id: UUID, *, by: Actor) -> None:
    """Take a leave back. Raises NotSeen, Forbidden."""
    employee = _managed(employee_id, by=by)
    if not Leave.objects.filter(id=leave_id, employee=employee).delete()[0]:
        raise NotSeen
    _change_plan(employee, None)


def _planned(employee_id: UUID, store_id: UUID, *, by: Actor) -> Employee:
    """The employee, locked so that two plans do not cross, and one who works at the store."""
    require(by, Action.MANAGE_SHIFTS, store_id=store_id)
    if not Store.objects.filter(id=store_id).exists():
        raise NotSeen  # a right in the whole chain says nothing of an id that is no store's
    employee = Employee.objects.select_for_update(no_key=True, of=("self",)).filter(id=employee_id).first()
    if employee is None or not any(grant.store_id in (None, store_id) for grant in grants_of(employee)):
        raise NotSeen
    return employee


def _managed(employee_id: UUID, *, by: Actor) -> Employee:
    found = Employee.objects.select_for_update(no_key=True, of=("self",)).filter(id=employee_id)
    employee = found.prefetch_related("grants").first()
    if not may_anywhere(by, Action.MANAGE_SHIFTS):
        raise Forbidden
    nodes = {grant.store_id for grant in grants_of(employee)} if employee else set()
    if employee is None or not any(may(by, Action.MANAGE_SHIFTS, store_id=node) for node in nodes):
        raise NotSeen
    return employee


def lock_plans(employee_ids: Iterable[UUID]) -> None:
    """Nobody plans or books these people until our transaction ends: their rows, then their resources, by id.

    Bookings lock the same resources before they check, so whoever looks for bookings after this call sees
    every one that was made from the plan as it was (docs/decisions/0006-claims.md). Two queries.
    """
    people = Employee.objects.filter(id__in=set(employee_ids)).order_by("id")
    locked = people.select_for_update(no_key=True, of=("self",)).values_list("resource_id", flat=True)
    _lock_resources([one for one in locked if one is not None])


def _lock_resources(resource_ids: Iterable[UUID]) -> None:
    rows = Resource.objects.filter(id__in=list(resource_ids)).order_by("id")
    list(rows.select_for_update(no_key=True).values_list("id"))


def _change_plan(employee: Employee, version: int | None) -> None:
    """Count that the shifts or leave of an employee, who is locked, change. Raises StaleVersion.

    A booking that is being made with them is waited for; one that read the plan before reads it again.
    """
    require_version(employee.plan_version, version)
    if employee.resource_id is not None:
        _lock_resources([employee.resource_id])
    employee.plan_version += 1
    Employee.objects.filter(id=employee.id).update(plan_version=F("plan_version") + 1)
    tell_plan_changed()


def _require_apart(rows: Iterable[tuple[int | date, int, int]]) -> None:
    ordered = sorted(rows, key=lambda row: (str(row[0]), row[1]))
    if any(starts >= ends for _day, starts, ends in ordered):
        raise ShiftPastMidnight
    for before, after in pairwise(ordered):
        if before[0] == after[0] and after[1] < before[2]:
            on = before[0]
            raise ShiftsOverlap(params={"day": Spoken(on) if isinstance(on, date) else SpokenWeekday(on)})
