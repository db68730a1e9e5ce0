"""Giving roles: only where one manages, never above one's own."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tenants.people.domain.grants import RoleNotYours, may_give, require_manages
from tenants.people.domain.rights import Actor, Forbidden, Grant, NotSeen
from tenants.people.models import Role

NORTH, SOUTH = uuid4(), uuid4()


def actor(*grants):
    return Actor(employee_id=uuid4(), grants=tuple(Grant(role, store) for role, store in grants))


@pytest.mark.parametrize(
    ("giver", "given", "allowed"),
    [
        ((Role.OWNER, None), (Role.OWNER, None), True),
        ((Role.OWNER, None), (Role.CLERK, NORTH), True),
        ((Role.BRAND_MANAGER, None), (Role.OWNER, None), False),
        ((Role.BRAND_MANAGER, None), (Role.BRAND_MANAGER, None), True),
        ((Role.STORE_MANAGER, NORTH), (Role.STORE_MANAGER, NORTH), True),
        ((Role.STORE_MANAGER, NORTH), (Role.CLERK, NORTH), True),
        ((Role.STORE_MANAGER, NORTH), (Role.CLERK, SOUTH), False),
        ((Role.STORE_MANAGER, NORTH), (Role.CLERK, None), False),
        ((Role.STORE_MANAGER, None), (Role.CLERK, SOUTH), True),
        ((Role.STORE_MANAGER, None), (Role.BRAND_MANAGER, None), False),
        ((Role.CLERK, None), (Role.CLERK, NORTH), False),
        ((Role.READ_ONLY, None), (Role.READ_ONLY, None), False),
    ],
)
def test_who_may_give_what(giver, given, allowed):
    assert may_give(actor(giver), Grant(*given)) is allowed


def test_a_clerks_second_role_does_not_lift_the_first():
    both = actor((Role.STORE_MANAGER, NORTH), (Role.CLERK, None))
    assert may_give(both, Grant(Role.CLERK, SOUTH)) is False


@pytest.mark.parametrize(
    ("held", "refusal"),
    [
        ([Grant(Role.CLERK, NORTH)], None),
        ([], None),
        ([Grant(Role.CLERK, SOUTH)], NotSeen),
        ([Grant(Role.OWNER, None)], NotSeen),
        ([Grant(Role.CLERK, NORTH), Grant(Role.CLERK, SOUTH)], RoleNotYours),
    ],
)
def test_whom_a_store_manager_may_change(held, refusal):
    manager = actor((Role.STORE_MANAGER, NORTH))
    if refusal is None:
        require_manages(manager, held)
    else:
        with pytest.raises(refusal):
            require_manages(manager, held)


def test_who_manages_nobody_is_forbidden():
    with pytest.raises(Forbidden):
        require_manages(actor((Role.CLERK, NORTH)), [Grant(Role.CLERK, NORTH)])
