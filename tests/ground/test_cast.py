"""The cast is what it says."""

from __future__ import annotations

from chains.scope import chain_scope
from tenants.people.models import Role
from tests.ground.cast import Cast


def test_cast_has_every_role(cast: Cast) -> None:
    roles = {grant.role for actor in cast.alpha.actors.values() for grant in actor.grants}
    assert roles == set(Role)


def test_cast_of_one_chain_is_not_in_the_other(cast: Cast) -> None:
    from tenants.members.models import Member

    with chain_scope(cast.beta.info):
        assert list(Member.objects.values_list("name", flat=True)) == ["Su of beta"]
