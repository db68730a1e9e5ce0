"""What changing a service means, said before it is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chains.scope import chain_scope
from tenants.catalogue.domain.differences import Differences, Draft, find_differences
from tenants.catalogue.domain.services import OfferAt
from tenants.catalogue.models import Service
from tenants.stores.models import Store
from tests.ground.cast import Cast

NOTHING = Differences(price=None, priced_at=2, calendar=None, gone=(), come=(), hidden=False)


@pytest.fixture()
def facial(cast: Cast) -> Iterator[Service]:
    """Offered at North and South at one price, 10 + 60 + 10 minutes."""
    with chain_scope(cast.alpha.info):
        yield Service.objects.prefetch_related("offers__store").get(id=cast.alpha.services["facial"].id)


def draft_of(service: Service) -> Draft:
    offers = [OfferAt(offer.store_id, offer.price_amount) for offer in service.offers.all()]
    return Draft(10, 60, 10, service.price_amount, online=True, offers=offers)


def changed(service: Service, **fields: object) -> Differences:
    draft = replace(draft_of(service), **fields)  # type: ignore[arg-type]
    return find_differences(service, draft, stores=list(Store.objects.order_by("name")))


def test_the_same_again_changes_nothing(facial: Service) -> None:
    assert (changed(facial), changed(facial).any) == (NOTHING, False)


def test_a_price_holds_where_no_store_has_its_own(cast: Cast, facial: Service) -> None:
    offers = [OfferAt(cast.alpha.stores["north"].id), OfferAt(cast.alpha.stores["south"].id, 100)]
    found = changed(facial, amount=45000, offers=offers)
    assert (found.price, found.priced_at, found.any) == ((39800, 45000), 1, True)


def test_the_calendar_counts_buffers(facial: Service) -> None:
    assert changed(facial, minutes=70, clean_up=0) == NOTHING
    assert changed(facial, clean_up=30) == replace(NOTHING, calendar=(80, 100))


def test_stores_that_leave_and_come_are_named(cast: Cast, facial: Service) -> None:
    stores = cast.alpha.stores
    found = changed(facial, offers=[OfferAt(stores["dublin"].id), OfferAt(stores["north"].id)])
    assert (found.gone, found.come) == ((stores["south"],), (stores["dublin"],))


def test_going_offline_hides_and_coming_online_says_nothing(facial: Service) -> None:
    assert changed(facial, online=False) == replace(NOTHING, hidden=True)
    facial.online = False
    assert changed(facial, online=True) == NOTHING
