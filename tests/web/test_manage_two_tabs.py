"""Two tabs of the office: the second to save is told so, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from chains.scope import chain_scope
from tenants.catalogue.models import Offer, Service
from tenants.people.models import DayShift, Employee, Leave, RoleGrant, WeeklyShift
from tenants.stores.models import Closure, OpeningHours, Store
from tests.ground.cast import Cast
from tests.web.office import _noon, manager, owner, path_of, sign_in
from tests.web.pages import form_of

__all__ = ["_noon", "manager", "owner", "sign_in"]  # fixtures

FIRST = {"first": "2026-12-01", "last": "2026-12-02", "reason": "First"}
SECOND = {"first": "2026-12-24", "last": "2026-12-25", "reason": "Second"}
# page: what the first tab writes, what the second one does
FORMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "stores/{north}/": ({"address": "First lane 1"}, {"address": "Second lane 2", "directions": "Second"}),
    "stores/{north}/hours/": ({"d1_to": "20:00"}, {"d2_to": "19:00"}),
    "stores/{north}/closures/": (FIRST, SECOND),
    "services/{facial}/": ({"price": "1"}, {"name": "Second"}),
    "staff/{clerk}/": ({"phone": "13800009999"}, {"name": "Second"}),
    "shifts/{north}/{ya}/": ({"d1_to": "20:00"}, {"d2_to": "19:00"}),
    "shifts/{north}/{ya}/2026-11-24/": ({"ends": "20:00"}, {"works": "no"}),
    "shifts/{north}/{ya}/leave/": (FIRST, SECOND),
    "setup/store/": ({"address": "First lane 1"}, {"address": "Second lane 2", "name": "Second"}),
    "setup/hours/": ({"d1_to": "20:00"}, {"d2_to": "19:00"}),
    "setup/services/": ({"own_name": "Own", "own_minutes": "30", "own_price": "9"}, {}),
    "setup/staff/": ({"who": "me", "works": "open"}, {"who": "me", "works": "own", "d1": "on"}),
}
WORDS = {
    "en": ("This was changed after you opened it, so nothing was kept.", "Open it again"),
    "zh-hans": ("你打开之后这里改过了，所以没有保存。", "重新打开"),
}


def everything(cast: Cast) -> list[list[dict[str, Any]]]:
    """All that the office's forms write."""
    kept: tuple[Any, ...] = (
        Store,
        OpeningHours,
        Closure,
        Service,
        Offer,
        Employee,
        RoleGrant,
        WeeklyShift,
        DayShift,
        Leave,
    )
    with chain_scope(cast.alpha.info):
        return [list(model.objects.order_by("id").values()) for model in kept]


@pytest.mark.parametrize("language", sorted(WORDS))
@pytest.mark.parametrize("page", sorted(FORMS))
def test_the_second_tab_to_save_is_refused_and_changes_nothing(cast, owner, page, language):
    path, (first, second) = path_of(cast, page), FORMS[page]
    owner.cookies["tessera_language"] = language
    tabs = [form_of(owner.get(path), "version") for _tab in range(2)]
    assert owner.post(path, tabs[0] | first).status_code == 302
    before = everything(cast)
    answer = owner.post(path, tabs[1] | second)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert [words in text for words in WORDS[language]] == [True, True]
    assert ">stale_version<" in text
    assert everything(cast) == before


@pytest.mark.parametrize("page", sorted(FORMS))
def test_a_refused_tab_stays_refused_until_it_is_opened_again(cast, owner, page):
    path, (first, second) = path_of(cast, page), FORMS[page]
    stale = form_of(owner.get(path), "version")
    assert owner.post(path, stale | first).status_code == 302
    refused = owner.post(path, stale | second)
    assert owner.post(path, form_of(refused, "version") | second).status_code == 422
    assert owner.post(path, form_of(owner.get(path), "version") | second).status_code == 302


def test_what_was_typed_stays_in_the_refused_tab(cast, owner):
    path = path_of(cast, "staff/{clerk}/")
    stale = form_of(owner.get(path), "version")
    owner.post(path, stale | {"name": "First"})
    assert form_of(owner.post(path, stale | {"name": "Second"}), "version")["name"] == ["Second"]


def test_a_service_changed_meanwhile_is_not_retired_from_an_old_tab(cast, owner):
    path = path_of(cast, "services/{facial}/")
    stale = form_of(owner.get(path), "version")
    owner.post(path, stale | {"price": "500"})
    assert owner.post(path, stale | {"retire": "1"}).status_code == 422
    with chain_scope(cast.alpha.info):
        assert Service.objects.get(id=cast.alpha.services["facial"].id).active is True


def test_someone_changed_meanwhile_does_not_leave_from_an_old_tab(cast, owner):
    path = path_of(cast, "staff/{clerk}/")
    stale = form_of(owner.get(path), "version")
    owner.post(path, stale | {"name": "First"})
    answer = owner.post(f"{path}active/", stale | {"active": "no"}, headers={"HX-Request": "true"})
    assert (answer.status_code, ">stale_version<" in answer.content.decode()) == (422, True)
    assert form_of(answer, "version")["name"] == ["First"]
    with chain_scope(cast.alpha.info):
        assert Employee.objects.get(id=cast.alpha.employees["clerk"].id).active is True


def test_an_own_service_of_another_tab_is_not_switched_off(cast, owner):
    path = "/manage/setup/services/"
    stale = form_of(owner.get(path), "version")
    owner.post(path, stale | {"own_name": "Own", "own_minutes": "30", "own_price": "9"})
    assert owner.post(path, stale).status_code == 422
    with chain_scope(cast.alpha.info):
        assert Service.objects.get(name="Own").active is True


def test_a_version_that_is_no_number_is_never_the_current_one(cast, owner):
    path = path_of(cast, "staff/{clerk}/")
    told = form_of(owner.get(path), "version") | {"version": "one"}
    assert owner.post(path, told).status_code == 422


def test_hours_do_not_age_the_words_of_a_store(cast, owner):
    path = path_of(cast, "stores/{north}/")
    words, hours = form_of(owner.get(path), "version"), form_of(owner.get(f"{path}hours/"), "version")
    assert owner.post(f"{path}hours/", hours).status_code == 302
    assert owner.post(path, words | {"address": "Lane 1"}).status_code == 302


def test_two_first_stores_are_not_made_from_two_tabs(cast, owner):
    with chain_scope(cast.alpha.info):
        Store.objects.update(active=False)
    stale = form_of(owner.get("/manage/setup/store/"), "version")
    told = stale | {"name": "First", "address": "Lane 1"}
    assert owner.post("/manage/setup/store/", told).status_code == 302
    assert owner.post("/manage/setup/store/", told | {"name": "Second"}).status_code == 422
    with chain_scope(cast.alpha.info):
        assert list(Store.objects.filter(active=True).values_list("name", flat=True)) == ["First"]


def test_a_browser_without_the_field_is_not_locked_out(cast, owner):
    path = path_of(cast, "staff/{clerk}/")
    told = form_of(owner.get(path), "version")
    del told["version"]
    assert owner.post(path, told).status_code == 302
