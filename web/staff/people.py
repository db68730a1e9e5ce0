"""Who is signed in on a page: the session's user as an Actor."""

from __future__ import annotations

from django.http import HttpRequest

from tenants.people.domain.rights import NOBODY, Actor, Grant
from tenants.people.models import Role, RoleGrant


def signed_in_actor(request: HttpRequest) -> Actor:
    """The signed-in employee with all grants, by one query; NOBODY without a session or employment."""
    if not request.user.is_authenticated:
        return NOBODY
    held = RoleGrant.objects.filter(employee__user_id=request.user.pk, employee__active=True)
    rows = list(held.select_related("employee"))
    if not rows:
        return NOBODY
    employee = rows[0].employee
    grants = tuple(Grant(Role(row.role), row.store_id) for row in rows)
    return Actor(employee_id=employee.id, name=employee.name, grants=grants)
