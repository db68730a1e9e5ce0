"""Giving roles: only on nodes one manages, never above one's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal
from tenants.people.domain.access import note_access
from tenants.people.domain.rights import RIGHTS, Action, Actor, Forbidden, Grant, NotSeen, may_anywhere
from tenants.people.models import Employee, Role, RoleGrant
from tenants.stores.models import Store

RANK = {Role.OWNER: 3, Role.BRAND_MANAGER: 2, Role.STORE_MANAGER: 1}
BRAND_ROLES = frozenset({Role.OWNER, Role.BRAND_MANAGER})


class RoleNotYours(Refusal):
    """A role above the giver's own, or on a node that is not the giver's."""

    code = "role_not_yours"
    status = 403
    title = _("Not yours to give")
    detail = _("You can give or take only roles up to your own, where you manage.")
    fix = _("Ask someone with a higher role to do it.")


class RolesWrong(Refusal):
    """Roles that do not fit: none, a brand's role at one store, or a store that is not there."""

    code = "roles_wrong"
    status = 422
    title = _("These roles do not fit")
    detail = _("The roles cannot be held like this.")
    fix = _("Correct the fields that are named.")


class LastOwner(Refusal):
    """A chain always has an owner who can sign in."""

    code = "last_owner"
    status = 422
    title = _("The last owner")
    detail = _("A chain needs an owner; this is the only one.")
    fix = _("Make someone else an owner first.")


def may_give(giver: Actor, grant: Grant) -> bool:
    """Whether the giver manages people on the grant's node by a role that is not below it.

    giver                      gives            at            may
    owner                      owner            chain         yes
    brand manager              owner            chain         no    above
    store manager of north     store manager    north         yes   his own
    store manager of north     clerk            north         yes
    store manager of north     clerk            south         no    not his
    store manager of north     clerk            chain         no    wider than his
    """
    return any(
        Action.MANAGE_PEOPLE in RIGHTS[own.role]
        and own.store_id in (None, grant.store_id)
        and RANK.get(own.role, 0) >= RANK.get(grant.role, 0)
        for own in giver.grants
    )


def require_manages(giver: Actor, held: Iterable[Grant]) -> None:
    """Raise unless the giver may change a person who holds these grants.

    NotSeen where the giver manages none of the person's nodes, RoleNotYours where only some, or where
    the person stands above; Forbidden for a role that manages nobody.
    """
    if not may_anywhere(giver, Action.MANAGE_PEOPLE):
        raise Forbidden
    grants = list(held)
    if not all(may_give(giver, grant) for grant in grants):
        raise RoleNotYours if sees_any(giver, grants) else NotSeen


def sees_any(giver: Actor, grants: Iterable[Grant]) -> bool:
    """Whether the giver manages people on one of the grants' nodes, or in the whole chain."""
    nodes = {own.store_id for own in giver.grants if Action.MANAGE_PEOPLE in RIGHTS[own.role]}
    return None in nodes or any(grant.store_id in nodes for grant in grants)


def check_roles(roles: Sequence[Grant]) -> None:
    """Raises RolesWrong for no role, for a role twice, a brand's role at a store, an unknown store."""
    wrong = []
    if not roles:
        wrong.append(FieldError("roles", "required", _("Everyone has a role.")))
    if len(set(roles)) != len(roles):
        wrong.append(FieldError("roles", "repeated", _("The same role stands twice.")))
    wanted = {grant.store_id for grant in roles if grant.store_id is not None}
    known = set(Store.objects.filter(id__in=wanted).values_list("id", flat=True)) if wanted else set()
    for index, grant in enumerate(roles):
        if grant.role in BRAND_ROLES and grant.store_id is not None:
            wrong.append(
                FieldError(f"roles.{index}.store", "chain_wide", _("This role is held in the whole chain."))
            )
        elif grant.store_id is not None and grant.store_id not in known:
            wrong.append(FieldError(f"roles.{index}.store", "unknown", _("There is no such store.")))
    if wrong:
        raise RolesWrong(errors=wrong)


def replace_roles(employee: Employee, roles: Sequence[Grant], *, by: Actor, now: datetime) -> None:
    """What the employee holds from now on; given and taken roles must be the giver's to give.

    Raises RolesWrong, RoleNotYours, LastOwner.
    """
    check_roles(roles)
    held = set(grants_of(employee))
    wanted = set(roles)
    if not all(may_give(by, grant) for grant in held ^ wanted):
        raise RoleNotYours
    owner = Grant(Role.OWNER, None)
    if owner in held and owner not in wanted:
        require_other_owner(employee)
    for grant in held - wanted:
        RoleGrant.objects.filter(employee=employee, role=grant.role, store_id=grant.store_id).delete()
    RoleGrant.objects.bulk_create(
        RoleGrant(employee=employee, role=grant.role, store_id=grant.store_id) for grant in wanted - held
    )
    if held != wanted:
        detail = {"before": _texts(held), "after": _texts(wanted)}
        note_access(by, "roles_changed", "employee", employee.id, now=now, detail=detail)


def require_other_owner(employee: Employee) -> None:
    """Raise LastOwner unless another active owner remains; owners' grants are locked until the end."""
    rows = RoleGrant.objects.select_for_update(of=("self",)).filter(role=Role.OWNER).order_by("id")
    holders = {row.employee_id for row in rows} - {employee.id}
    if not Employee.objects.filter(id__in=holders, active=True).exists():
        raise LastOwner


def grants_of(employee: Employee) -> list[Grant]:
    """What the employee holds; from `prefetch_related("grants")` where that was asked for."""
    return [Grant(Role(row.role), row.store_id) for row in employee.grants.all()]


def _texts(grants: Iterable[Grant]) -> list[list[str | None]]:
    return sorted(
        ([grant.role.value, str(grant.store_id) if grant.store_id else None] for grant in grants),
        key=lambda pair: (pair[0] or "", pair[1] or ""),
    )
