"""Employees: they come by invitation, change, and leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chains.domain.entitlements import Limit, require_room
from chains.hosts import ChainInfo
from chains.refusals import FieldError, Refusal, require_version
from tenants.people.domain.access import note_access
from tenants.people.domain.departures import announce_departure
from tenants.people.domain.grants import (
    RoleNotYours,
    check_roles,
    grants_of,
    may_give,
    replace_roles,
    require_manages,
    require_other_owner,
)
from tenants.people.domain.invitations import invite
from tenants.people.domain.rights import Action, Actor, Forbidden, Grant, NotSeen, may_anywhere, stores_where
from tenants.people.domain.skills import read_skills
from tenants.people.models import Employee, Role, RoleGrant
from tenants.stores.domain.phones import normalise_phone
from tenants.stores.models import Resource, ResourceKind


class EmailTaken(Refusal):
    """An employee of this chain signs in by that address already."""

    code = "email_taken"
    status = 409
    title = _("Address in use")
    detail = _("Someone in this chain already signs in with this e-mail address.")
    fix = _("Use another address, or change the person who has it.")


class EmailInvalid(Refusal):
    """Not an e-mail address."""

    code = "email_invalid"
    status = 422
    title = _("Not an e-mail address")
    detail = _("“%(text)s” is not an e-mail address.")
    fix = _("Check the spelling.")


def create_employee(
    *,
    name: str,
    email: str,
    phone: str,
    roles: Sequence[Grant],
    skills: Sequence[str],
    by: Actor,
    chain: ChainInfo,
    now: datetime,
) -> Employee:
    """A new employee, with an invitation on its way to the address.

    With the role practitioner the person can be booked. `skills` are ids or names, see read_skills.
    Raises Forbidden, RoleNotYours, RolesWrong, EmailTaken, EmailInvalid, PhoneInvalid, SkillUnknown,
    SkillNotAdded, EmployeeLimitReached, ChainReadOnly.
    """
    if not may_anywhere(by, Action.MANAGE_PEOPLE):
        raise Forbidden
    check_roles(roles)
    if not all(may_give(by, grant) for grant in roles):
        raise RoleNotYours
    phone = normalise_phone(phone, country=chain.country) if phone.strip() else ""
    user = _new_user(email, name)
    require_room(Limit.EMPLOYEES, used=count_employees)
    employee = Employee.objects.create(user=user, name=name.strip(), phone=phone)
    RoleGrant.objects.bulk_create(
        RoleGrant(employee=employee, role=grant.role, store_id=grant.store_id) for grant in roles
    )
    employee.skills.set(read_skills(skills, by=by))
    _keep_bookable(employee, roles)
    note_access(by, "employee_created", "employee", employee.id, now=now)
    invite(employee, chain=chain, now=now)
    return employee


def change_employee(
    employee_id: UUID,
    *,
    by: Actor,
    chain: ChainInfo,
    now: datetime,
    version: int | None = None,
    name: str | None = None,
    title: str | None = None,
    phone: str | None = None,
    roles: Sequence[Grant] | None = None,
    skills: Sequence[str] | None = None,
    active: bool | None = None,
) -> Employee:
    """Change what is given; None leaves it. Becoming inactive ends sessions and tokens at once.

    Raises NotSeen, Forbidden, RoleNotYours, RolesWrong, LastOwner, StaleVersion, PhoneInvalid,
    SkillUnknown, SkillNotAdded; EmployeeLimitReached and ChainReadOnly where somebody comes back.
    """
    employee = _locked(employee_id, by=by)
    require_version(employee.version, version)
    if name is not None:
        employee.name = name.strip()
    if title is not None:
        employee.title = title.strip()
    if phone is not None:
        employee.phone = normalise_phone(phone, country=chain.country) if phone.strip() else ""
    if roles is not None:
        replace_roles(employee, roles, by=by, now=now)
        _keep_bookable(employee, roles)
    if skills is not None:
        employee.skills.set(read_skills(skills, by=by))
    if active is not None and active != employee.active:
        _set_active(employee, active, by=by, now=now)
    employee.version += 1
    employee.save()
    if employee.resource is not None:
        practises = any(grant.role == Role.PRACTITIONER for grant in grants_of(employee))
        Resource.objects.filter(id=employee.resource_id).update(
            name=employee.name, active=employee.active and practises
        )
    return employee


def count_employees() -> int:
    """How many people of the active chain can sign in or are invited: what its plan counts."""
    return Employee.objects.filter(active=True).count()


def send_invitation(employee_id: UUID, *, by: Actor, chain: ChainInfo, now: datetime) -> None:
    """Another invitation; the ones before it end. Raises NotSeen, Forbidden, RoleNotYours."""
    invite(_locked(employee_id, by=by), chain=chain, now=now)


def find_employees(*, by: Actor) -> QuerySet[Employee]:
    """The employees on the nodes where the actor manages people; lazy. Raises Forbidden."""
    if not may_anywhere(by, Action.MANAGE_PEOPLE):
        raise Forbidden
    stores = stores_where(by, Action.MANAGE_PEOPLE)
    found = Employee.objects.select_related("user").prefetch_related("grants__store", "skills")
    return found if stores is None else found.filter(grants__store__in=stores).distinct()


def read_employee(employee_id: UUID, *, by: Actor) -> Employee:
    """One of find_employees, or oneself. Raises NotSeen, Forbidden."""
    if by.employee_id == employee_id:
        found = Employee.objects.select_related("user").prefetch_related("grants__store", "skills")
    else:
        found = find_employees(by=by)
    employee = found.filter(id=employee_id).first()
    if employee is None:
        raise NotSeen
    return employee


def _locked(employee_id: UUID, *, by: Actor) -> Employee:
    employee = (
        Employee.objects.select_for_update(of=("self",))
        .select_related("user", "resource")
        .filter(id=employee_id)
        .first()
    )
    if not may_anywhere(by, Action.MANAGE_PEOPLE):
        raise Forbidden
    if employee is None:
        raise NotSeen
    require_manages(by, grants_of(employee))
    return employee


def _new_user(email: str, name: str) -> User:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise EmailInvalid(params={"text": email[:80]}) from None
    try:
        with transaction.atomic():
            return User.objects.create_user(email, name=name.strip())
    except IntegrityError:
        raise EmailTaken(errors=[FieldError("email", "taken", EmailTaken.detail)]) from None


def _keep_bookable(employee: Employee, roles: Sequence[Grant]) -> None:
    """A practitioner has a resource; it stays when the role goes, for bookings hang on it."""
    if employee.resource is None and any(grant.role == Role.PRACTITIONER for grant in roles):
        employee.resource = Resource.objects.create(kind=ResourceKind.PRACTITIONER, name=employee.name)
        employee.save(update_fields=["resource"])


def _set_active(employee: Employee, active: bool, *, by: Actor, now: datetime) -> None:
    if not active:
        if any(grant.role == Role.OWNER for grant in grants_of(employee)):
            require_other_owner(employee)
        # an unusable password also ends every session: their hash hangs on it
        employee.user.set_unusable_password()
        announce_departure(employee.id)
    else:
        require_room(Limit.EMPLOYEES, used=count_employees)
    employee.active = employee.user.is_active = active
    employee.user.save()
    note_access(by, "employee_active" if active else "employee_left", "employee", employee.id, now=now)
