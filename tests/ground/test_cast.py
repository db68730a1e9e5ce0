"""The cast is what it says."""

from __future__ import annotations

from chains.models import Chain as ChainRow
from chains.models import ChainState
from chains.scope import chain_scope, platform_scope
from tenants.people.models import Role
from tests.ground.cast import Cast
from tests.ground.chains import TwoChains, empty_public


def test_cast_has_every_role(cast: Cast) -> None:
    roles = {grant.role for actor in cast.alpha.actors.values() for grant in actor.grants}
    assert roles == set(Role)


def test_cast_of_one_chain_is_not_in_the_other(cast: Cast) -> None:
    from tenants.members.models import Member

    with chain_scope(cast.beta.info):
        assert list(Member.objects.values_list("name", flat=True)) == ["Su of beta"]


def test_standing_chains_are_as_they_were_made_whatever_a_test_did_to_them(two_chains: TwoChains) -> None:
    with platform_scope():
        before = list(ChainRow.objects.order_by("slug").values())
        ChainRow.objects.update(state=ChainState.CLOSED, opened_at=None, name="Gone", figures={"stores": 9})
    empty_public()
    with platform_scope():
        assert list(ChainRow.objects.order_by("slug").values()) == before
