"""The first person of a chain: its owner."""

from __future__ import annotations

from accounts.models import User
from chains.ports import ChainStart
from tenants.people.models import Employee, Role, RoleGrant


def start_with_owner(start: ChainStart) -> None:
    """The account of whoever signed up, as an employee with the role owner in the whole chain. Idempotent."""
    user, _new = User.objects.get_or_create(
        email=start.owner_email,
        defaults={
            "name": start.owner_name,
            "locale": start.chain.locale,
            "password": start.owner_password_hash,
        },
    )
    employee, _new = Employee.objects.get_or_create(user=user, defaults={"name": start.owner_name})
    RoleGrant.objects.get_or_create(employee=employee, role=Role.OWNER, store=None)
