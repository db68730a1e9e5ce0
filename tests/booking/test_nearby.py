"""Any store nearby: the nearest first, as many queries for many stores as for one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.ids import new_id
from chains.scope import chain_scope
from tenants.booking.domain.availability import find_slots
from tenants.booking.domain.nearby import StoreSlots, find_slots_nearby
from tenants.catalogue.models import Offer
from tenants.people.domain.rights import NotSeen
from tenants.people.models import Role
from tests.booking.conftest import Desk
from tests.ground.cast import NOW, Cast, Chain, make_employee, make_store

MONDAY = date(2026, 11, 23)
SHANGHAI, SUZHOU = (31.23, 121.47), (31.30, 120.58)


def _near(chain: Chain, **asked: Any) -> list[StoreSlots]:
    return find_slots_nearby(chain.services["facial"].id, days=[MONDAY], now=NOW, **asked)


def _place(store: Any, point: tuple[float, float]) -> None:
    store.latitude, store.longitude = point
    store.save()


def test_the_nearest_store_comes_first_and_one_without_a_place_last(cast: Cast) -> None:
    chain = cast.alpha
    north, south = chain.stores["north"], chain.stores["south"]
    with chain_scope(chain.info):
        _place(south, SUZHOU)
        found = _near(chain, near=SHANGHAI)
        assert [(one.offering.store_id, one.metres) for one in found] == [(south.id, 84949), (north.id, None)]
        _place(north, SHANGHAI)
        assert [one.metres for one in _near(chain, near=SHANGHAI)] == [0, 84949]
        assert [one.offering.store_id for one in _near(chain)] == [north.id, south.id]
        assert len(_near(chain, most=1)) == 1


def test_each_store_offers_exactly_what_it_offers_alone(cast: Cast, desk: Desk) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        desk.book()
        for one in _near(chain):
            alone = find_slots(one.offering.store_id, chain.services["facial"].id, days=[MONDAY], now=NOW)[1]
            assert one.days == alone


def test_many_stores_take_as_many_queries_as_one(cast: Cast) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        counts = []
        for _more in range(2):
            with CaptureQueriesContext(connection) as seen:
                stores = len(_near(chain, most=50))
            counts.append(
                (
                    stores,
                    len(
                        [one for one in seen if not one["sql"].startswith(("SELECT set_config", "SAVEPOINT"))]
                    ),
                )
            )
            skills = list(chain.employees["second"].skills.all())
            for n in range(6):
                store = make_store(f"Branch {n}", position=9)
                Offer.objects.create(service=chain.services["facial"], store=store)
                make_employee(
                    f"b{n}{_more}", Role.PRACTITIONER, store=store, practitioner=True, skills=skills
                )
        assert counts == [(2, 2), (8, 2)]


def test_a_service_that_is_not_there_is_not_seen(cast: Cast) -> None:
    with chain_scope(cast.alpha.info), pytest.raises(NotSeen):
        find_slots_nearby(new_id(), days=[MONDAY], now=NOW)
