"""Who serves at a store: taken on with skills and hours in one step, oneself included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chains.hosts import ChainInfo
from tenants.people.domain.employees import change_employee, create_employee
from tenants.people.domain.grants import grants_of
from tenants.people.domain.rights import Actor, Forbidden, Grant
from tenants.people.domain.shifts import WeekShift, set_week
from tenants.people.models import Employee, Role
from tenants.stores.models import OpeningHours


def take_on(
    store_id: UUID,
    *,
    name: str,
    email: str,
    skills: Sequence[str],
    week: Sequence[WeekShift] | None,
    by: Actor,
    chain: ChainInfo,
    now: datetime,
) -> Employee:
    """A new practitioner of the store, invited by e-mail, with weekly shifts.

    `week` None is whenever the store is open. Raises what create_employee and set_week raise.
    """
    employee = create_employee(
        name=name,
        email=email,
        phone="",
        roles=[Grant(Role.PRACTITIONER, store_id)],
        skills=skills,
        by=by,
        chain=chain,
        now=now,
    )
    set_week(employee.id, store_id, whenever_open(store_id) if week is None else week, by=by)
    return employee


def serve_oneself(
    store_id: UUID,
    *,
    skills: Sequence[str],
    week: Sequence[WeekShift] | None,
    by: Actor,
    chain: ChainInfo,
    now: datetime,
    version: int | None = None,
) -> Employee:
    """The actor becomes a practitioner of the store too, keeping every role. Idempotent.

    `week` None is whenever the store is open; `version` is the employee's. Raises what change_employee
    and set_week raise.
    """
    if by.employee_id is None:
        raise Forbidden
    employee = Employee.objects.get(id=by.employee_id)
    roles = dict.fromkeys([*grants_of(employee), Grant(Role.PRACTITIONER, store_id)])
    employee = change_employee(
        employee.id, roles=list(roles), skills=skills, version=version, by=by, chain=chain, now=now
    )
    set_week(employee.id, store_id, whenever_open(store_id) if week is None else week, by=by)
    return employee


def whenever_open(store_id: UUID) -> list[WeekShift]:
    """Shifts that follow the store's weekly hours."""
    rows = OpeningHours.objects.filter(store_id=store_id).values_list("weekday", "opens", "closes")
    return [WeekShift(weekday, opens, closes) for weekday, opens, closes in rows]
