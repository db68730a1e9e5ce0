"""The office: who sees what, what is kept, what is refused in words, how many queries."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.catalogue.models import Offer, Service
from tenants.people.models import DayShift, Employee, Leave, Role, RoleGrant, WeeklyShift
from tenants.stores.models import Closure, OpeningHours, Store, Travel
from tests.ground.cast import NOW, Cast, local, make_employee, make_service
from tests.web.office import ALPHA, _noon, manager, owner, path_of, sign_in
from tests.web.storefront import text_of

__all__ = ["_noon", "manager", "owner", "sign_in"]  # fixtures

PAGES = (
    "", "stores/", "stores/new/", "stores/{north}/", "stores/{north}/hours/", "stores/{north}/closures/",
    "stores/{north}/things/", "stores/{north}/together/", "services/{facial}/needs/",
    "services/", "services/new/", "services/{facial}/", "staff/", "staff/new/", "staff/{clerk}/", "shifts/",
    "shifts/{north}/{ya}/", "shifts/{north}/{ya}/2026-11-23/", "shifts/{north}/{ya}/leave/", "look/", "access/",
    "poster/",
)  # fmt: skip


def paths(cast: Cast) -> list[str]:
    return [path_of(cast, page) for page in PAGES]


def statuses(client: Client, wanted: list[str], **headers: str) -> dict[str, int]:
    return {path: client.get(path, headers=headers).status_code for path in wanted}


def test_an_owner_opens_every_page_and_every_drawer(cast, owner):
    wanted = paths(cast)
    assert set(statuses(owner, wanted).values()) == {200}
    assert set(statuses(owner, wanted, **{"HX-Request": "true"}).values()) == {200}


def test_a_store_manager_opens_what_the_role_holds(cast, manager):
    opened = statuses(manager, paths(cast))
    refused = {path.split("/manage/")[1] for path, status in opened.items() if status == 403}
    facial = cast.alpha.services["facial"].id
    assert refused == {
        "services/", "services/new/", f"services/{facial}/", f"services/{facial}/needs/", "stores/new/", "look/", "access/",
    }  # fmt: skip
    assert {status for status in opened.values() if status != 403} == {200}


@pytest.mark.parametrize("role", ["clerk", "cashier", "practitioner", "read_only"])
def test_other_roles_have_no_office(cast, sign_in, role):
    assert set(statuses(sign_in(role), paths(cast)).values()) == {403}


def test_without_a_session_every_page_leads_to_the_sign_in(cast):
    client = Client(HTTP_HOST=ALPHA)
    assert set(statuses(client, paths(cast)).values()) == {302}
    answer = client.get("/manage/staff/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/staff/login/?next=/manage/")


def test_another_store_is_not_there_for_its_neighbour(cast, manager):
    south = cast.alpha.stores["south"].id
    ning = cast.alpha.employees["south_practitioner"].id
    wanted = [
        f"/manage/stores/{south}/",
        f"/manage/stores/{south}/hours/",
        f"/manage/stores/{south}/closures/",
        f"/manage/shifts/?store={south}",
        f"/manage/shifts/{south}/{ning}/",
        f"/manage/staff/{ning}/",
        f"/manage/stores/{uuid4()}/",
    ]
    assert set(statuses(manager, wanted).values()) == {404}
    for path in (wanted[0], wanted[1], wanted[2], wanted[4]):
        assert manager.post(path, {"name": "Mine now", "d1": "on"}).status_code == 404
    with chain_scope(cast.alpha.info):
        assert Store.objects.get(id=south).name == "South"


def test_lists_hold_only_the_managers_own_stores(manager):
    stores = manager.get("/manage/stores/").content.decode()
    staff = manager.get("/manage/staff/").content.decode()
    assert ("North" in stores, "South" in stores) == (True, False)
    assert ("Clerk" in staff, "Ning" in staff, "Southclerk" in staff) == (True, False, False)


def test_the_navigation_shows_only_what_opens(owner, manager):
    def shown(client):
        return re.findall(r'class="nav-item" href="([^"]+)"', client.get("/manage/").content.decode())

    everything = [
        "/manage/", "/workbench/", "/manage/services/", "/manage/products/", "/manage/sessions/", "/manage/policies/",
        "/manage/staff/", "/manage/shifts/", "/manage/stores/", "/manage/look/", "/manage/plan/", "/manage/access/",
        "/staff/",
    ]  # fmt: skip
    assert shown(owner) == everything
    closed = {f"/manage/{page}/" for page in ("services", "products", "look", "plan", "access")}
    assert shown(manager) == [url for url in everything if url not in closed]


def test_today_is_counted_by_store(cast, owner):
    alpha = cast.alpha
    with chain_scope(alpha.info):
        for hour, who in ((11, "su"), (15, "chen")):
            book(
                alpha.services["facial"].id,
                store_id=alpha.stores["north"].id,
                starts_at=local(21, hour),
                by=alpha.actors["owner"],
                now=NOW - timedelta(days=1),
                member=alpha.members[who].id,
                practitioner_id=alpha.employees["practitioner"].id,
            )
    page = owner.get("/manage/").content.decode()
    row = page.split(">North</a>")[1].split("</tr>")[0]
    assert re.findall(r">(\d+)</", row) == ["2", "0", "1", "1"]
    assert "1 booking has begun and nobody came" in page


def service_form(**more: object) -> dict[str, object]:
    told = {
        "name": "Deep hydration", "minutes": "60", "prepare": "10", "clean_up": "10", "price": "398",
        "notice": "240", "step": "30", "online": "on",
    }  # fmt: skip
    return told | more


def test_publishing_keeps_words_in_both_languages_and_what_was_ticked(cast, owner):
    alpha = cast.alpha
    service = alpha.services["facial"]
    form = service_form(
        price="428.50", minutes="75", name_other="Hydration", stores=[str(alpha.stores["north"].id)], skills=[],
        new_skill="steam",
    )  # fmt: skip
    answer = owner.post(f"/manage/services/{service.id}/", form)
    assert answer.status_code == 302
    with chain_scope(alpha.info):
        kept = Service.objects.get(id=service.id)
        assert (kept.price_amount, kept.minutes, kept.version) == (42850, 75, 2)
        assert kept.translations == {"en": {"name": "Hydration"}}
        assert [skill.name for skill in kept.skills.all()] == ["steam"]
        offers = Offer.objects.filter(service=kept, active=True)
        assert [offer.store_id for offer in offers] == [alpha.stores["north"].id]


def test_a_drawer_says_what_publishing_changes_and_keeps_nothing(cast, owner):
    alpha = cast.alpha
    service = alpha.services["facial"]
    with chain_scope(alpha.info):
        book(
            service.id,
            store_id=alpha.stores["north"].id,
            starts_at=local(21, 15),
            by=alpha.actors["owner"],
            now=NOW,
            member=alpha.members["su"].id,
            practitioner_id=alpha.employees["practitioner"].id,
        )
    skills = [str(skill) for skill in ids_of_skills(cast)]
    form = service_form(price="428", clean_up="20", stores=[str(alpha.stores["north"].id)], skills=skills)
    words = owner.post(f"/manage/services/{service.id}/effect/", form).content.decode()
    assert re.findall(r"<li>([^<]+)</li>", words) == [
        "Price ¥398 → ¥428 at 1 store",
        "A visit takes 80 min → 1 h 30 min of the calendar",
        "No longer offered at South",
        "1 booking already made keeps its price and time",
    ]
    with chain_scope(alpha.info):
        assert Service.objects.get(id=service.id).version == 1


def ids_of_skills(cast: Cast) -> list[object]:
    with chain_scope(cast.alpha.info):
        return list(cast.alpha.services["facial"].skills.values_list("id", flat=True))


def test_a_configuration_that_contradicts_itself_is_warned_of(cast, owner):
    service = cast.alpha.services["facial"]
    with chain_scope(cast.alpha.info):
        OpeningHours.objects.filter(store=cast.alpha.stores["north"]).update(closes=10 * 60)
        Employee.objects.get(name="Ning").skills.clear()
    words = owner.get(f"/manage/services/{service.id}/").content.decode()
    assert "North is never open for 60 minutes on end (longest: 60)" not in words
    assert "Nobody at South has all the skills this service needs." in words
    stores = [str(cast.alpha.stores["north"].id)]
    form = service_form(minutes="90", stores=stores)
    words = owner.post(f"/manage/services/{service.id}/effect/", form).content.decode()
    assert "North is never open for 90 minutes on end (longest: 60)." in words


def test_shifts_and_skills_that_leave_a_service_to_nobody_are_warned_of_where_they_change(cast, manager):
    with chain_scope(cast.alpha.info):
        WeeklyShift.objects.filter(store=cast.alpha.stores["north"]).update(starts=600, ends=660)
    said = "Deep hydration: Nobody at North who can do it works 80 minutes on end while it is open."
    assert said in text_of(manager.get("/manage/shifts/"))
    assert said in text_of(manager.get("/manage/staff/"))
    with chain_scope(cast.alpha.info):
        for name in ("practitioner", "second"):
            cast.alpha.employees[name].skills.clear()
    told = text_of(manager.get("/manage/staff/"))
    assert "Deep hydration: Nobody at North has all the skills this service needs." in told
    assert "South" not in told
    chinese = manager.get("/manage/staff/", headers={"accept-language": "zh-Hans"})
    assert "这样设置，没人约得到" in text_of(chinese)


def test_the_online_switch_works_from_the_table(cast, owner):
    path = f"/manage/services/{cast.alpha.services['facial'].id}/online/"
    assert owner.post(path, {}, headers={"HX-Request": "true"}).status_code == 204
    with chain_scope(cast.alpha.info):
        assert Service.objects.get(name="Deep hydration").online is False


@pytest.mark.parametrize(
    ("language", "amount", "both"),
    [
        ("en", "Write an amount, for example 398.", "Fill this in."),
        ("zh-hans", "写金额，例如 398。", "这里要填。"),
    ],
)
def test_a_wrong_service_is_refused_at_its_fields(cast, owner, language, amount, both):
    owner.cookies["tessera_language"] = language
    path = f"/manage/services/{cast.alpha.services['facial'].id}/"
    for headers in ({}, {"HX-Request": "true"}):
        answer = owner.post(path, service_form(price="a lot", name=""), headers=headers)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert (amount in page, both in page) == (True, True)
    with chain_scope(cast.alpha.info):
        assert Service.objects.get(name="Deep hydration").version == 1


def test_an_invited_clerk_holds_what_was_chosen(cast, manager):
    north = cast.alpha.stores["north"].id
    told = {"name": "Bo", "email": "bo@alpha.test", "role_1": f"clerk@{north}", "role_2": f"cashier@{north}"}
    assert manager.post("/manage/staff/new/", told).status_code == 302
    with chain_scope(cast.alpha.info):
        grants = RoleGrant.objects.filter(employee__name="Bo").order_by("role")
        assert list(grants.values_list("role", "store_id")) == [("cashier", north), ("clerk", north)]


def test_a_manager_is_offered_only_roles_that_are_theirs_to_give(cast, manager):
    page = manager.get("/manage/staff/new/").content.decode()
    offered = set(re.findall(r'<option value="(\w+)@', page))
    assert offered == {"store_manager", "clerk", "practitioner", "cashier", "read_only"}
    answer = manager.post("/manage/staff/new/", {"name": "X", "email": "x@alpha.test", "role_1": "owner@"})
    assert answer.status_code == 422
    with chain_scope(cast.alpha.info):
        assert Employee.objects.filter(name="X").exists() is False


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Someone in this chain already signs in with this e-mail address."),
        ("zh-hans", "这个邮箱"),
    ],
)
def test_an_address_in_use_is_refused_at_its_field(cast, manager, language, words):
    manager.cookies["tessera_language"] = language
    north = cast.alpha.stores["north"].id
    told = {"name": "Bo", "email": "clerk@alpha.test", "role_1": f"clerk@{north}"}
    answer = manager.post("/manage/staff/new/", told)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)


def test_the_last_owner_stays_an_owner(cast, owner):
    path = f"/manage/staff/{cast.alpha.employees['owner'].id}/"
    answer = owner.post(path, {"name": "Owner", "role_1": "brand_manager@"})
    assert answer.status_code == 422
    assert "A chain needs an owner; this is the only one." in answer.content.decode()


def test_who_leaves_can_no_longer_sign_in(cast, owner):
    clerk = cast.alpha.employees["clerk"].id
    owner.post(f"/manage/staff/{clerk}/active/", {"active": "no"})
    with chain_scope(cast.alpha.info):
        assert Employee.objects.get(id=clerk).active is False
    assert ">clerk@alpha.test<" not in owner.get("/manage/staff/").content.decode()
    assert ">clerk@alpha.test<" in owner.get("/manage/staff/?state=left").content.decode()


def test_a_week_a_day_and_a_leave_are_planned(cast, manager):
    north, ya = cast.alpha.stores["north"].id, cast.alpha.employees["practitioner"].id
    base = f"/manage/shifts/{north}/{ya}/"
    assert manager.post(base, {"d1": "on", "d1_from": "10:00", "d1_to": "18:00"}).status_code == 302
    assert (
        manager.post(f"{base}2026-11-24/", {"works": "yes", "starts": "12", "ends": "16"}).status_code == 302
    )
    away = {"first": "2026-11-25", "last": "2026-11-26", "reason": "rest"}
    assert manager.post(f"{base}leave/", away).status_code == 302
    with chain_scope(cast.alpha.info):
        weekly = WeeklyShift.objects.filter(employee_id=ya)
        assert list(weekly.values_list("weekday", "starts", "ends")) == [(1, 600, 1080)]
        assert list(DayShift.objects.values_list("starts", "ends")) == [(720, 960)]
        leave = Leave.objects.get()
        assert (leave.starts_at, leave.ends_at) == (local(25, 0), local(27, 0))
    page = manager.get(f"/manage/shifts/?store={north}&week=2026-11-23").content.decode()
    row = page.split(">Ya</span>")[1].split("</tr>")[0]
    assert re.findall(r">([\d:]+–[\d:]+)<", row) == ["10:00–18:00", "12:00–16:00"]
    assert row.count(">leave<") == 2


def test_a_leave_that_ends_before_it_begins_is_refused(cast, manager):
    north, ya = cast.alpha.stores["north"].id, cast.alpha.employees["practitioner"].id
    away = {"first": "2026-11-26", "last": "2026-11-24"}
    answer = manager.post(f"/manage/shifts/{north}/{ya}/leave/", away)
    assert (answer.status_code, "A leave begins before it ends." in answer.content.decode()) == (422, True)


def test_a_store_is_edited_closed_for_a_day_and_reopened(cast, manager):
    north = cast.alpha.stores["north"].id
    base = f"/manage/stores/{north}/"
    told = {"name": "North 2", "address": "Lane 1", "time_zone": "Asia/Shanghai", "active": "on"}
    assert manager.post(base, told).status_code == 302
    closing = {"first": "2026-12-31", "last": "2027-01-01", "reason": "New Year"}
    assert manager.post(f"{base}closures/", closing).status_code == 302
    with chain_scope(cast.alpha.info):
        assert Store.objects.get(id=north).name == "North 2"
        closure = Closure.objects.get()
        assert (str(closure.starts_on), str(closure.ends_on)) == ("2026-12-31", "2027-01-02")
    manager.post(f"{base}closures/{closure.id}/")
    with chain_scope(cast.alpha.info):
        assert Closure.objects.exists() is False


def test_a_store_says_where_it_is_and_how_far_the_others_are(cast, manager, owner):
    north, south = cast.alpha.stores["north"].id, cast.alpha.stores["south"].id
    page = f"/manage/stores/{north}/"
    told = {"name": "North", "address": "Lane 1", "time_zone": "Asia/Shanghai", "active": "on"}
    assert f"way-{south}" not in manager.get(page).content.decode()
    where = {"latitude": "31.2304", "longitude": "121.4737"}
    assert owner.post(page, {**told, **where, f"way-{south}": "25"}).status_code == 302
    with chain_scope(cast.alpha.info):
        store = Store.objects.get(id=north)
        assert (store.latitude, store.longitude) == (31.2304, 121.4737)
        ways = {(way.store_id, way.other_id): way.minutes for way in Travel.objects.all()}
        assert ways == {(north, south): 25, (south, north): 25}
    half = owner.post(page, {**told, "latitude": "31", f"way-{south}": "25"})
    assert (half.status_code, "Give latitude and longitude together." in half.content.decode()) == (422, True)
    assert owner.post(page, {**told, **where, f"way-{south}": "721"}).status_code == 422
    assert owner.post(page, {**told, f"way-{south}": ""}).status_code == 302
    with chain_scope(cast.alpha.info):
        assert (Store.objects.get(id=north).latitude, Travel.objects.exists()) == (None, False)


def test_a_stores_phone_is_no_mobile_in_chinese(cast, owner):
    page = owner.get(
        f"/manage/stores/{cast.alpha.stores['north'].id}/", HTTP_ACCEPT_LANGUAGE="zh-Hans"
    ).content.decode()
    assert ("电话" in page, "手机号" in page) == (True, False)


@pytest.mark.parametrize(
    ("page", "queries"),
    [("", 22), ("stores/", 21), ("services/", 10), ("staff/", 22), ("shifts/", 21)],
)
def test_a_list_takes_as_many_queries_for_thirty_rows_as_for_one(cast, owner, page, queries):
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert owner.get(f"/manage/{page}").status_code == 200
        return len(seen)

    owner.get("/manage/")
    before = count()
    with chain_scope(cast.alpha.info):
        north = cast.alpha.stores["north"]
        for number in range(10):
            make_service(f"More {number}", [north], skills=[])
            make_employee(f"more{number}", Role.PRACTITIONER, store=north, practitioner=True)
    assert (before, count()) == (queries, queries)
