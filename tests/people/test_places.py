"""What a store is to its chain is the chain's to say; its own manager changes the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from chains.scope import chain_scope
from tenants.people.domain.places import TermsNotYours, change_store
from tenants.people.domain.rights import Forbidden, NotSeen
from tenants.stores.domain.stores import StoreFields
from tenants.stores.models import Store
from tests.ground.cast import Cast, Chain


@pytest.fixture()
def alpha(cast: Cast) -> Iterator[Chain]:
    with chain_scope(cast.alpha.info):
        yield cast.alpha


def _change(alpha: Chain, role: str, *, store: str = "north", **fields: str) -> Store:
    return change_store(alpha.stores[store].id, cast(StoreFields, fields), by=alpha.actors[role])


@pytest.mark.parametrize("role", ["owner", "brand_manager"])
def test_chains_management_changes_ownership_and_currency(alpha: Chain, role: str) -> None:
    changed = _change(alpha, role, ownership="franchise", currency="EUR")
    assert (changed.ownership, changed.currency) == ("franchise", "EUR")


@pytest.mark.parametrize(("field", "value"), [("ownership", "franchise"), ("currency", "EUR")])
def test_store_manager_changes_neither_ownership_nor_currency(alpha: Chain, field: str, value: str) -> None:
    with pytest.raises(TermsNotYours) as refused:
        _change(alpha, "store_manager", name="New name", **{field: value})
    assert (refused.value.code, refused.value.status) == ("store_terms_not_yours", 403)
    assert [error.field for error in refused.value.errors] == [field]
    kept = Store.objects.get(id=alpha.stores["north"].id)
    assert (kept.name, kept.ownership, kept.currency) == ("North", "own", "CNY")


def test_store_manager_may_name_both_as_they_are(alpha: Chain) -> None:
    assert _change(alpha, "store_manager", name="New", ownership="own", currency="CNY").name == "New"


def test_a_store_that_anybody_can_read_is_forbidden_and_one_that_is_closed_not_seen(alpha: Chain) -> None:
    for role, store in (("clerk", "north"), ("store_manager", "south")):
        with pytest.raises(Forbidden):
            _change(alpha, role, store=store, name="Mine")
    Store.objects.update(active=False)
    with pytest.raises(Forbidden):
        _change(alpha, "clerk", name="Mine")
    with pytest.raises(NotSeen):
        _change(alpha, "store_manager", store="south", name="Mine")
