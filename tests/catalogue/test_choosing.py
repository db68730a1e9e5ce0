"""A new shop's first services: all at once, or none."""

from __future__ import annotations

from uuid import uuid4

import pytest

from chains.scope import chain_scope
from tenants.catalogue.domain.choosing import Choice, NothingChosen, OwnService, choose_services
from tenants.catalogue.models import Offer, Service
from tenants.people.domain.rights import Forbidden, NotSeen
from tests.ground.cast import Cast

OWN = OwnService(name="Hand massage", minutes=45, amount=16800, skill="massage")


def state() -> dict[str, tuple[bool, int]]:
    return {row.name: (row.active, row.price_amount) for row in Service.objects.all()}


def test_the_ticked_are_offered_at_their_price_and_the_others_retire(cast: Cast) -> None:
    alpha = cast.alpha
    facial, short, south = alpha.services["facial"], alpha.services["short"], alpha.stores["south"]
    with chain_scope(alpha.info):
        choices = [Choice(facial.id, False, 1), Choice(short.id, True, 20000)]
        choose_services(south.id, choices, own=OWN, by=alpha.actors["owner"])
        assert state() == {
            "Deep hydration": (False, 39800),
            "Eye care": (True, 20000),
            "Hand massage": (True, 16800),
        }
        offered = Offer.objects.filter(store=south, active=True, service__active=True)
        assert set(offered.values_list("service__name", flat=True)) == {"Eye care", "Hand massage"}


def test_a_shop_that_would_offer_nothing_is_refused(cast: Cast) -> None:
    alpha = cast.alpha
    with chain_scope(alpha.info):
        before = state()
        with pytest.raises(NothingChosen):
            choose_services(
                alpha.stores["north"].id,
                [Choice(alpha.services["facial"].id, False, 0)],
                own=None,
                by=alpha.actors["owner"],
            )
        assert state() == before


def test_one_unknown_service_or_store_changes_none(cast: Cast) -> None:
    alpha, owner = cast.alpha, cast.alpha.actors["owner"]
    known = Choice(alpha.services["facial"].id, True, 5)
    with chain_scope(alpha.info):
        before = state()
        for store, choices in (
            (alpha.stores["north"].id, [known, Choice(uuid4(), True, 5)]),
            (alpha.stores["north"].id, [known, Choice(cast.beta.services["facial"].id, True, 5)]),
            (cast.beta.stores["only"].id, [known]),
        ):
            with pytest.raises(NotSeen):
                choose_services(store, choices, own=None, by=owner)
        assert state() == before


def test_a_store_manager_does_not_choose_for_the_brand(cast: Cast) -> None:
    with chain_scope(cast.alpha.info), pytest.raises(Forbidden):
        choose_services(cast.alpha.stores["north"].id, [], own=OWN, by=cast.alpha.actors["store_manager"])
