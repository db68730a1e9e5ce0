"""The guided set-up: each step keeps itself, and it ends at "open for bookings"."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from chains.hosts import ChainInfo
from chains.models import Chain
from chains.ports import ChainStart
from chains.scope import chain_scope, platform_scope
from tenants.catalogue.domain.starting import start_catalogue
from tenants.catalogue.models import Service
from tenants.people.domain.owners import start_with_owner
from tenants.people.models import Employee, Invitation, RoleGrant, WeeklyShift
from tenants.stores.domain.first_store import start_with_store
from tenants.stores.models import OpeningHours, Store
from tests.ground.chains import make_chain

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture()
def fresh(committed) -> ChainInfo:
    """A chain as it is when its owner arrives: a store with hours, the trade's services, nobody who serves."""
    info = make_chain("newborn", name="栖白", verticals=["beauty"], opened_at=None)
    start = ChainStart(
        chain=info,
        owner_email="mei@newborn.test",
        owner_name="Mei",
        owner_password_hash="x",
        now=timezone.now(),
    )
    with chain_scope(info):
        for starter in (start_with_store, start_with_owner, start_catalogue):
            starter(start)
    return info


@pytest.fixture()
def owner(fresh) -> Client:
    """The new owner's browser."""
    client = Client(HTTP_HOST="newborn.tessera.test", HTTP_ACCEPT_LANGUAGE="en")
    with chain_scope(fresh):
        client.force_login(Employee.objects.get().user, backend=BACKEND)
    return client


STORE = {
    "name": "Jing'an",
    "address": "26 Wutong Lane",
    "phone": "021 6288 1234",
    "time_zone": "Asia/Shanghai",
}


def week(**days: tuple[str, str]) -> dict[str, str]:
    """The week editor's fields: week(d1=("09:00", "18:00")) is Mondays alone."""
    told: dict[str, str] = {}
    for day, (starts, ends) in days.items():
        told |= {day: "on", f"{day}_from": starts, f"{day}_to": ends}
    return told


def prices(info: ChainInfo, *, ticked: int) -> dict[str, str]:
    """The first services ticked at ¥300."""
    with chain_scope(info):
        ids = list(Service.objects.values_list("id", flat=True))
    return {f"s{one}": "on" for one in ids[:ticked]} | {f"p{one}": "300" for one in ids}


def test_an_owner_who_arrives_is_led_to_the_store_first(owner):
    answer = owner.get("/manage/setup/")
    assert (answer.status_code, answer["Location"]) == (302, "/manage/setup/store/")


def test_four_steps_lead_to_open_for_bookings(fresh, owner):
    assert owner.post("/manage/setup/store/", STORE)["Location"] == "/manage/setup/hours/"
    hours = week(d1=("9", "18:30"), d6=("1000", "24:00"))
    assert owner.post("/manage/setup/hours/", hours)["Location"] == "/manage/setup/services/"
    assert (
        owner.post("/manage/setup/services/", prices(fresh, ticked=2))["Location"] == "/manage/setup/staff/"
    )
    assert (
        owner.post("/manage/setup/staff/", {"who": "me", "works": "open"})["Location"]
        == "/manage/setup/open/"
    )
    answer = owner.post("/manage/setup/door/")
    assert "Open for bookings" in answer.content.decode()
    assert "newborn.tessera.test" in answer.content.decode()
    with platform_scope():
        assert Chain.objects.get(slug="newborn").opened_at is not None
    with chain_scope(fresh):
        store = Store.objects.get()
        assert (store.name, store.phone) == ("Jing'an", "+862162881234")
        spans = [(540, 1110), (600, 1440)]
        assert list(OpeningHours.objects.values_list("opens", "closes")) == spans
        assert list(WeeklyShift.objects.values_list("starts", "ends")) == spans
        assert Service.objects.filter(active=True, online=True, price_amount=30000).count() == 2
        assert sorted(RoleGrant.objects.values_list("role", flat=True)) == ["owner", "practitioner"]


@pytest.mark.parametrize("zone", ["Antarctica/Davis", "Arctic/Longyearbyen", "UTC", "Etc/GMT+5"])
def test_the_store_keeps_whatever_zone_it_came_with(fresh, owner, zone):
    with chain_scope(fresh):
        Store.objects.update(time_zone=zone)
    assert f'<option value="{zone}" selected>' in owner.get("/manage/setup/store/").content.decode()
    answer = owner.post("/manage/setup/store/", {**STORE, "time_zone": zone})
    assert (answer.status_code, answer["Location"]) == (302, "/manage/setup/hours/")


def test_a_step_can_be_left_and_resumed(owner):
    owner.post("/manage/setup/store/", STORE)
    owner.get("/manage/setup/hours/")
    assert owner.get("/manage/setup/")["Location"] == "/manage/setup/hours/"


def test_another_device_resumes_at_what_is_missing(fresh, owner):
    owner.post("/manage/setup/store/", STORE)
    other = Client(HTTP_HOST="newborn.tessera.test")
    with chain_scope(fresh):
        other.force_login(Employee.objects.get().user, backend=BACKEND)
    assert other.get("/manage/setup/")["Location"] == "/manage/setup/staff/"


def test_the_shop_does_not_open_without_someone_who_serves(fresh, owner):
    assert owner.post("/manage/setup/door/")["Location"] == "/manage/setup/open/"
    page = owner.get("/manage/setup/open/").content.decode()
    assert "Someone who serves" in page
    assert "A shift of someone who serves" in page
    assert "Opening hours" not in page
    with platform_scope():
        assert Chain.objects.get(slug="newborn").opened_at is None


def test_a_helper_is_invited_and_works_at_own_times(fresh, owner):
    told = {"who": "other", "name": "Ya", "email": "ya@newborn.test", "works": "own"}
    answer = owner.post("/manage/setup/staff/", told | week(d2=("12:00", "20:00")))
    assert answer["Location"] == "/manage/setup/open/"
    with chain_scope(fresh):
        employee = Employee.objects.get(name="Ya")
        assert Invitation.objects.filter(employee=employee).count() == 1
        shifts = WeeklyShift.objects.filter(employee=employee)
        assert list(shifts.values_list("weekday", "starts", "ends")) == [(2, 720, 1200)]


@pytest.mark.parametrize(
    ("language", "phone", "hours", "services", "staff"),
    [
        (
            "en",
            "is not a phone number",
            "It ends before it begins",
            "A shop offers one service at least",
            "is not an e-mail address",
        ),
        (
            "zh-hans",
            "不是电话号码",
            "结束早于开始",
            "至少要有一个服务项目",
            "邮箱",
        ),
    ],
)
def test_a_wrong_step_says_why_and_keeps_nothing(fresh, owner, language, phone, hours, services, staff):
    owner.cookies["tessera_language"] = language
    tried = [
        (owner.post("/manage/setup/store/", STORE | {"phone": "12"}), phone),
        (owner.post("/manage/setup/hours/", week(d1=("18:00", "09:00"))), hours),
        (owner.post("/manage/setup/services/", prices(fresh, ticked=0)), services),
    ]
    assert [answer.status_code for answer, _words in tried] == [422, 422, 422]
    assert [words in answer.content.decode() for answer, words in tried] == [True, True, True]
    with chain_scope(fresh):
        assert Store.objects.get().version == 1
        assert OpeningHours.objects.count() == 7
        assert Employee.objects.count() == 1


def test_an_address_in_use_is_said_at_its_field(owner):
    told = {"who": "other", "name": "Mei", "email": "mei@newborn.test", "works": "open"}
    answer = owner.post("/manage/setup/staff/", told)
    assert answer.status_code == 422
    assert "already signs in with this e-mail address" in answer.content.decode()


def test_the_set_up_is_not_for_a_store_manager(cast):
    client = Client(HTTP_HOST="alpha.tessera.test")
    with chain_scope(cast.alpha.info):
        client.force_login(cast.alpha.employees["store_manager"].user, backend=BACKEND)
    assert client.get("/manage/setup/store/").status_code == 403


def test_a_stranger_is_sent_to_the_sign_in_and_back(two_chains):
    answer = Client(HTTP_HOST="alpha.tessera.test").get("/manage/setup/hours/")
    assert answer["Location"] == "/staff/login/?next=/manage/setup/hours/"
