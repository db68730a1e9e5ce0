"""What a plan allows is enforced where one more would be added, also when two are added at once."""

from __future__ import annotations

from functools import partial
from threading import Barrier

import pytest

from chains.domain import entitlements
from chains.domain.entitlements import (
    ChainReadOnly,
    EmployeeLimitReached,
    StoreLimitReached,
    VerticalLimitReached,
    allowed_by,
)
from chains.models import Chain, ChainState
from chains.scope import chain_scope, platform_scope
from tenants.catalogue.domain.industries import VerticalUnknown, add_vertical
from tenants.catalogue.models import Service
from tenants.people.domain.employees import change_employee, create_employee
from tenants.people.domain.places import change_store, open_store
from tenants.people.domain.rights import Forbidden, Grant
from tenants.people.models import Employee, Role
from tenants.stores.domain import stores
from tenants.stores.models import Store
from tests.ground.cast import NOW, Cast
from tests.ground.races import race

FIELDS = {"name": "Fourth", "time_zone": "Asia/Shanghai", "currency": "CNY", "country": "CN"}


def _entitle(cast: Cast, **fields: object) -> None:
    with platform_scope():
        Chain.objects.filter(id=cast.alpha.info.id).update(**fields)


def _open(cast: Cast, name: str = "Fourth", **more: object) -> Store:
    return open_store({**FIELDS, "name": name, **more}, by=cast.alpha.actors["owner"])


def _invite(cast: Cast, name: str) -> Employee:
    return create_employee(
        name=name,
        email=f"{name}@alpha.test",
        phone="",
        roles=[Grant(Role.CLERK, cast.alpha.stores["north"].id)],
        skills=[],
        by=cast.alpha.actors["owner"],
        chain=cast.alpha.info,
        now=NOW,
    )


@pytest.mark.parametrize("limits", [{}, {"stores": None}, {"stores": "many"}, {"stores": True}])
def test_what_is_not_a_written_number_is_no_limit(limits: dict[str, object]) -> None:
    assert allowed_by(limits, entitlements.Limit.STORES) is None


def test_one_store_too_many_is_refused_with_what_is_used_and_the_way_out(cast: Cast) -> None:
    _entitle(cast, entitlements={"stores": 3})
    with chain_scope(cast.alpha.info), pytest.raises(StoreLimitReached) as refused:
        _open(cast)
    assert refused.value.extra == {"limit": "stores", "allowed": 3, "used": 3}
    assert refused.value.sentence() == "Your plan allows 3 stores in use, and 3 are."
    assert "Plan and usage" in refused.value.way_out()


def test_a_store_that_is_not_in_use_is_not_counted_until_it_is(cast: Cast) -> None:
    _entitle(cast, entitlements={"stores": 3})
    by = cast.alpha.actors["owner"]
    with chain_scope(cast.alpha.info):
        spare = _open(cast, active=False)
        with pytest.raises(StoreLimitReached):
            change_store(spare.id, {"active": True}, by=by)
    with chain_scope(cast.alpha.info):
        change_store(cast.alpha.stores["south"].id, {"active": False}, by=by)
        change_store(spare.id, {"active": True}, by=by)
        assert sorted(Store.objects.filter(active=True).values_list("name", flat=True)) == [
            "Dublin",
            "Fourth",
            "North",
        ]


def test_a_plan_smaller_than_what_is_in_use_takes_nothing_away_and_lets_all_else_be_changed(
    cast: Cast,
) -> None:
    _entitle(cast, entitlements={"stores": 1})
    with chain_scope(cast.alpha.info):
        change_store(
            cast.alpha.stores["north"].id, {"name": "Nord", "active": True}, by=cast.alpha.actors["owner"]
        )
        assert Store.objects.filter(active=True).count() == 3


def test_one_employee_too_many_is_refused_and_leaves_no_account_behind(cast: Cast) -> None:
    _entitle(cast, entitlements={"employees": 10})
    with pytest.raises(EmployeeLimitReached) as refused, chain_scope(cast.alpha.info):
        _invite(cast, "mei")
    assert refused.value.extra == {"limit": "employees", "allowed": 10, "used": 10}
    _entitle(cast, entitlements={"employees": 11})
    with chain_scope(cast.alpha.info):
        assert _invite(cast, "mei").user.email == "mei@alpha.test"


def test_somebody_who_comes_back_counts_again(cast: Cast) -> None:
    by, chain = cast.alpha.actors["owner"], cast.alpha.info
    clerk = cast.alpha.employees["clerk"].id
    with chain_scope(chain):
        change_employee(clerk, by=by, chain=chain, now=NOW, active=False)
    _entitle(cast, entitlements={"employees": 9})
    with chain_scope(chain), pytest.raises(EmployeeLimitReached):
        change_employee(clerk, by=by, chain=chain, now=NOW, active=True)


def test_in_a_read_only_chain_nothing_new_begins(cast: Cast) -> None:
    _entitle(cast, state=ChainState.READ_ONLY)
    for act in (partial(_open, cast), partial(_invite, cast, "mei")):
        with pytest.raises(ChainReadOnly), chain_scope(cast.alpha.info):
            act()


def test_an_industry_brings_its_services_and_counts_against_the_plan(cast: Cast) -> None:
    from tenants.extension.registry import verticals

    first, second = verticals()[0], verticals()[1]
    by, chain = cast.alpha.actors["owner"], cast.alpha.info
    _entitle(cast, entitlements={"verticals": 1}, verticals=[])
    with chain_scope(chain):
        before = Service.objects.count()
        assert add_vertical(first.code, by=by, chain=chain) is True
        assert add_vertical(first.code, by=by, chain=chain) is False
        assert Service.objects.count() - before == len(first.services)
        with pytest.raises(VerticalLimitReached):
            add_vertical(second.code, by=by, chain=chain)
        with pytest.raises(VerticalUnknown):
            add_vertical("nothing", by=by, chain=chain)
        with pytest.raises(Forbidden):
            add_vertical(second.code, by=cast.alpha.actors["store_manager"], chain=chain)
    with platform_scope():
        assert Chain.objects.get(id=chain.id).verticals == [first.code]


def _race_for_the_last_place(cast: Cast) -> tuple[int, int]:
    """How many of four stores opened at once were opened, and how many are in use then; one more is allowed."""
    _entitle(cast, entitlements={"stores": 4})
    answers = race(cast.alpha.info, [partial(_open, cast, f"Shop {index}") for index in range(4)])
    assert {type(one) for one in answers} <= {Store, StoreLimitReached}
    with chain_scope(cast.alpha.info):
        return sum(isinstance(one, Store) for one in answers), Store.objects.filter(active=True).count()


@pytest.mark.race
def test_of_stores_opened_at_once_only_as_many_open_as_the_plan_allows(cast: Cast) -> None:
    assert _race_for_the_last_place(cast) == (1, 4)


@pytest.mark.race
def test_without_the_lock_the_plan_is_overrun(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: all four count before any of them is committed."""
    everybody = Barrier(4)
    count = stores.count_stores

    def count_together() -> int:
        found = count()
        everybody.wait(30)
        return found

    monkeypatch.setattr(entitlements, "_lock", lambda limit: None)
    monkeypatch.setattr(stores, "count_stores", count_together)
    assert _race_for_the_last_place(cast) == (4, 7)
