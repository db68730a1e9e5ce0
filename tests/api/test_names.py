"""Names of stores and services over the API: in the request's language, wherever they are answered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chains.scope import chain_scope
from tenants.catalogue.models import Service
from tenants.stores.models import Store
from tests.api.test_bookings import Shop, shop
from tests.ground.cast import NOW

__all__ = ["shop"]  # fixtures


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def test_names_are_in_the_requests_language_wherever_they_are_answered(shop: Shop) -> None:
    words = {"en": ("Face", "North side"), "zh-Hans": ("面护", "北店")}
    with chain_scope(shop.alpha.info):
        for model, key, at in ((Service, shop.facial, 0), (Store, shop.north, 1)):
            told = {language: {"name": names[at]} for language, names in words.items()}
            model.objects.filter(id=key).update(translations=told)
    for language, (service, store) in words.items():
        tongue = {"Accept-Language": language}
        with CaptureQueriesContext(connection) as asked:
            made = shop.su.post(
                "bookings", shop.wish(starts_at=f"2026-11-{23 + len(language) % 3}T10:00:00+08:00"), **tongue
            ).json()
        # the names come with what was read to book: nobody asks for them again
        assert [row["sql"] for row in asked if '."translations" FROM' in row["sql"]] == []
        found = shop.clerk.get(f"bookings/{made['id']}", **tongue).json()
        listed = shop.su.get("bookings", **tongue).json()["results"][0]
        for one in (made, found, listed):
            assert (one["service_name"], one["store_name"]) == (service, store)
        near = shop.nobody.get(
            f"availability/nearby?service={shop.facial}&from=2026-11-23&to=2026-11-23", **tongue
        ).json()["stores"]
        assert store in [one["store_name"] for one in near]
        offered = shop.nobody.get("services", **tongue).json()["results"]
        assert service in [one["name"] for one in offered]
