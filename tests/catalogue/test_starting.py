"""A new shop's catalogue: the manifest's services, once, in the chain's language and currency."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from chains.scope import chain_scope
from tenants.catalogue.domain.starting import start_catalogue
from tenants.catalogue.models import Offer, Service
from tenants.extension.manifest import words
from tests.ground.cast import Cast
from verticals.beauty.manifest import manifest


@pytest.mark.parametrize(("locale", "currency"), [("zh-Hans", "CNY"), ("en", "USD"), ("en", "GBP")])
def test_a_catalogue_begins_with_the_industrys_services(cast: Cast, locale: str, currency: str) -> None:
    chain = SimpleNamespace(verticals=["beauty", "no-such-industry"], locale=locale, currency=currency)
    with chain_scope(cast.beta.info):
        Service.objects.all().delete()
        for _time in range(2):
            start_catalogue(SimpleNamespace(chain=chain))  # type: ignore[arg-type]
        rows = list(Service.objects.order_by("position"))
        assert [row.name for row in rows] == [words(one.names, locale) for one in manifest.services]
        priced = [(one.prices.get(currency, 0), currency in one.prices) for one in manifest.services]
        assert [(row.price_amount, row.online) for row in rows] == priced
        assert Offer.objects.filter(active=True).count() == len(rows)
        assert all(set(row.translations) == {"en", "zh-Hans"} - {locale} for row in rows)
