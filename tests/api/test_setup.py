"""Setting a chain up through the API: stores, services, employees, shifts, opening."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from chains.models import Chain
from chains.outgoing import sent_messages
from chains.scope import chain_scope, platform_scope
from tenants.people.domain.invitations import accept_invitation
from tenants.people.models import AccessNote, Employee, Role, WeeklyShift
from tenants.stores.models import Store
from tests.api.conftest import Program, employee_program
from tests.ground.cast import NOW, make_employee


@pytest.fixture()
def owner(cast):
    return employee_program(cast.alpha, "owner")


@pytest.fixture()
def manager(cast):
    return employee_program(cast.alpha, "store_manager")


def codes(answer):
    return [(row["field"], row["code"]) for row in answer.json().get("errors", [])]


def test_a_store_begins_with_the_chains_zone_and_currency(owner):
    answer = owner.post("stores", {"name": "New", "phone": "021 6288 1234"})
    assert answer.status_code == 201
    store = answer.json()
    assert (store["time_zone"], store["currency"], store["country"]) == ("Asia/Shanghai", "CNY", "CN")
    assert (store["phone"], store["hours"], store["version"]) == ("+862162881234", [], 1)


def test_what_does_not_exist_is_refused_by_name(owner):
    answer = owner.post("stores", {"name": "X", "time_zone": "Mars/Base", "currency": "XYZ", "country": "ZZ"})
    assert (answer.status_code, answer.json()["code"]) == (422, "store_wrong")
    assert codes(answer) == [("time_zone", "invalid"), ("currency", "invalid"), ("country", "invalid")]


def test_a_change_names_its_version(cast, owner):
    path = f"stores/{cast.alpha.stores['north'].id}"
    assert owner.patch(path, {"address": "26 Wutong Lane", "version": 1}).json()["version"] == 2
    answer = owner.patch(path, {"address": "elsewhere", "version": 1})
    assert (answer.status_code, answer.json()["code"], answer.json()["version"]) == (409, "stale_version", 2)
    assert owner.get(path).json()["address"] == "26 Wutong Lane"


def test_hours_are_replaced_as_a_whole(cast, manager):
    path = f"stores/{cast.alpha.stores['north'].id}/hours"
    hours = [
        {"weekday": 1, "from": "09:00", "to": "12:00"},
        {"weekday": 1, "from": "13:00", "to": "24:00"},
    ]
    assert manager.put(path, hours).json()["hours"] == hours


@pytest.mark.parametrize(
    ("hours", "status", "code"),
    [
        ([{"weekday": 1, "from": "22:00", "to": "02:00"}], 422, "hours_past_midnight"),
        (
            [{"weekday": 1, "from": "09:00", "to": "12:00"}, {"weekday": 1, "from": "11:59", "to": "13:00"}],
            422,
            "hours_overlap",
        ),
        ([{"weekday": 8, "from": "09:00", "to": "12:00"}], 400, "malformed"),
        ([{"weekday": 1, "from": "9", "to": "25:00"}], 400, "malformed"),
        ({"weekday": 1}, 400, "malformed"),
    ],
)
def test_hours_that_cannot_be_are_refused_and_the_old_ones_stay(cast, manager, hours, status, code):
    path = f"stores/{cast.alpha.stores['north'].id}"
    answer = manager.put(f"{path}/hours", hours)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(manager.get(path).json()["hours"]) == 7


def test_a_store_closes_for_days_and_opens_again(cast, manager):
    path = f"stores/{cast.alpha.stores['north'].id}"
    closure = manager.post(f"{path}/closures", {"from": "2030-02-01", "to": "2030-02-08", "reason": "Spring"})
    assert closure.status_code == 201
    assert manager.get(path).json()["closures"] == [closure.json()]
    assert manager.call("DELETE", f"{path}/closures/{closure.json()['id']}").status_code == 204
    assert manager.get(path).json()["closures"] == []
    backwards = manager.post(f"{path}/closures", {"from": "2030-02-08", "to": "2030-02-08"})
    assert (backwards.status_code, backwards.json()["code"]) == (422, "range_backwards")


def test_a_manager_manages_his_store_and_no_other_and_opens_none(cast, manager):
    body = {"address": "x"}
    assert manager.patch(f"stores/{cast.alpha.stores['north'].id}", body).status_code == 200
    assert manager.patch(f"stores/{cast.alpha.stores['south'].id}", body).status_code == 403
    assert manager.patch(f"stores/{cast.beta.stores['only'].id}", body).status_code == 404
    assert manager.post("stores", {"name": "x"}).status_code == 403
    clerk = employee_program(cast.alpha, "clerk")
    assert clerk.patch(f"stores/{cast.alpha.stores['north'].id}", body).status_code == 403
    assert Program(cast.alpha.info).patch(f"stores/{cast.alpha.stores['north'].id}", body).status_code == 401


def test_anyone_reads_stores_services_practitioners_and_resources(cast):
    nobody, north = Program(cast.alpha.info), cast.alpha.stores["north"].id
    assert [row["name"] for row in nobody.get("stores").json()["results"]] == ["North", "South", "Dublin"]
    services = nobody.get(f"services?store={north}").json()["results"]
    assert {row["name"]: row["price"] for row in services} == {
        "Deep hydration": {"amount": 39800, "currency": "CNY"},
        "Eye care": {"amount": 19800, "currency": "CNY"},
    }
    people = nobody.get(f"practitioners?store={north}&service={cast.alpha.services['facial'].id}")
    assert sorted(row["name"] for row in people.json()["results"]) == ["Lin", "Ya"]
    rooms = nobody.get(f"resources?store={north}&kind=room").json()["results"]
    assert [(row["name"], row["store_name"]) for row in rooms] == [("Room A", "North")]
    people = nobody.get(f"resources?store={north}&kind=practitioner").json()["results"]
    assert sorted(row["name"] for row in people) == ["Lin", "Ya"]


def test_lists_take_the_same_queries_for_one_row_and_many(cast, owner, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for path in ("stores", "services", "employees", "practitioners", "resources", "members"):
        owner.get(path)
        counts = []
        for limit in (1, 50):
            with CaptureQueriesContext(connection) as queries:
                assert owner.get(f"{path}?limit={limit}").status_code == 200
            counts.append(len(queries))
        assert counts[0] == counts[1], path
        assert counts[0] <= 10, path


def test_a_service_is_offered_and_what_contradicts_it_is_told(cast, owner):
    north = str(cast.alpha.stores["north"].id)
    body = {
        "store": north,
        "name": "All day",
        "minutes": 1000,
        "prepare": 5,
        "clean_up": 5,
        "price": {"amount": 100, "currency": "CNY"},
        "skills": ["juggling"],
    }
    answer = owner.post("services", body)
    assert answer.status_code == 201
    service = answer.json()
    assert (service["skills_name"], [offer["store"] for offer in service["offers"]]) == (
        ["juggling"],
        [north],
    )
    assert [row["code"] for row in service["warnings"]] == ["longer_than_opening", "nobody_has_skills"]
    changed = owner.patch(f"services/{service['id']}", {"minutes": 60, "skills": [], "version": 1}).json()
    assert (changed["warnings"], changed["skills"], changed["version"]) == ([], [], 2)


def test_a_price_in_another_currency_is_refused_and_nothing_kept(cast, owner):
    body = {
        "store": str(cast.alpha.stores["dublin"].id),
        "name": "X",
        "minutes": 60,
        "price": {"amount": 1, "currency": "CNY"},
    }
    answer = owner.post("services", body)
    assert (answer.status_code, codes(answer)) == (422, [("price.currency", "other")])
    assert "X" not in [row["name"] for row in owner.get("services").json()["results"]]


def test_an_employee_comes_by_invitation_once(cast, owner):
    body = {
        "name": "小满",
        "email": "Man@alpha.test",
        "phone": "13800001111",
        "roles": [{"role": "practitioner", "store": str(cast.alpha.stores["north"].id)}],
        "skills": ["facial"],
    }
    answer = owner.post("employees", body)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["email"], made["phone"], made["skills_name"]) == (
        "man@alpha.test",
        "+8613800001111",
        ["facial"],
    )
    assert made["resource"] is not None
    mail = next(row for row in sent_messages() if row["to"] == "man@alpha.test")
    (secret,) = re.findall(r"/staff/invitation/([\w-]+)/", mail["text"])
    credentials = {"email": "man@alpha.test", "password": "nine lives of a cat"}
    nobody = Program(cast.alpha.info)
    assert nobody.post("auth/employee/token", credentials).status_code == 401
    with chain_scope(cast.alpha.info):
        accept_invitation(secret, "nine lives of a cat", now=timezone.now())
    assert nobody.post("auth/employee/token", credentials).status_code == 200
    again = owner.post("employees", body)
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")


def test_a_manager_gives_roles_at_his_store_up_to_his_own(cast, manager):
    north, south = (str(cast.alpha.stores[name].id) for name in ("north", "south"))
    for role, store, status in (
        ("clerk", north, 201),
        ("store_manager", north, 201),
        ("clerk", south, 403),
        ("clerk", None, 403),
        ("owner", None, 403),
        ("brand_manager", None, 403),
    ):
        body = {
            "name": "N",
            "email": f"{role}{str(store)[-4:]}@x.test",
            "roles": [{"role": role, "store": store}],
        }
        assert manager.post("employees", body).status_code == status, (role, store)


def test_a_manager_cannot_touch_who_stands_above_or_elsewhere(cast, manager):
    people = cast.alpha.employees
    for name, status in (("clerk", 200), ("south_clerk", 404), ("owner", 404)):
        assert manager.patch(f"employees/{people[name].id}", {"title": "x"}).status_code == status, name
    clerk = employee_program(cast.alpha, "clerk")
    assert clerk.patch(f"employees/{people['cashier'].id}", {"title": "x"}).status_code == 403
    assert clerk.get("employees").status_code == 403
    assert clerk.get(f"employees/{people['clerk'].id}").status_code == 200
    seen = {row["name"] for row in manager.get("employees").json()["results"]}
    assert "Southclerk" not in seen and "Owner" not in seen and "Clerk" in seen


def test_leaving_ends_tokens_and_passwords_at_once(cast, owner):
    clerk = employee_program(cast.alpha, "clerk")
    path = f"employees/{cast.alpha.employees['clerk'].id}"
    assert owner.patch(path, {"active": False}).json()["active"] is False
    assert clerk.get("members").status_code == 401
    assert owner.patch(path, {"active": True}).json()["active"] is True
    assert clerk.get("members").status_code == 401
    with chain_scope(cast.alpha.info):
        acts = list(AccessNote.objects.order_by("at").values_list("act", flat=True))
    assert acts == ["employee_left", "employee_active"]


def test_the_last_owner_stays(cast, owner):
    path = f"employees/{cast.alpha.employees['owner'].id}"
    for change in ({"active": False}, {"roles": [{"role": "brand_manager", "store": None}]}):
        answer = owner.patch(path, change)
        assert (answer.status_code, answer.json()["code"]) == (422, "last_owner")
    with chain_scope(cast.alpha.info):
        make_employee("second-owner", Role.OWNER, store=None)
    assert owner.patch(path, {"roles": [{"role": "brand_manager", "store": None}]}).status_code == 200


def test_shifts_replace_the_week_or_the_dates_named(cast, manager):
    person, north = cast.alpha.employees["practitioner"], str(cast.alpha.stores["north"].id)
    path = f"employees/{person.id}/shifts"
    weeks = [{"weekday": 1, "from": "09:00", "to": "13:00"}, {"weekday": 1, "from": "14:00", "to": "18:00"}]
    days = [
        {"date": "2030-01-01", "from": None, "to": None},
        {"date": "2030-01-02", "from": "10:00", "to": "12:00"},
    ]
    assert manager.put(path, {"store": north, "weeks": weeks}).json()["weeks"] == weeks
    answer = manager.put(path, {"store": north, "days": days})
    assert (answer.json()["weeks"], answer.json()["days"]) == (weeks, days)
    fewer = [{"date": "2030-01-02", "from": "11:00", "to": "12:00"}]
    assert manager.put(path, {"store": north, "days": fewer}).json()["days"] == [days[0], *fewer]


def test_todays_shift_is_answered_by_the_stores_date(cast):
    with chain_scope(cast.alpha.info):
        store = cast.alpha.stores["north"]
        Store.objects.filter(id=store.id).update(time_zone="Pacific/Honolulu")
    path = f"employees/{cast.alpha.employees['practitioner'].id}/shifts"
    body = {"store": str(store.id), "days": [{"date": "2030-01-01", "from": "12:00", "to": "14:00"}]}
    with time_machine.travel("2030-01-02T05:00:00+00:00", tick=False):  # the evening of the first, there
        answer = employee_program(cast.alpha, "owner").put(path, body)
    assert [day["date"] for day in answer.json()["days"]] == ["2030-01-01"]


def test_shifts_that_cannot_be_are_refused(cast, owner):
    person = cast.alpha.employees["practitioner"]
    north, south = (str(cast.alpha.stores[name].id) for name in ("north", "south"))
    path = f"employees/{person.id}/shifts"
    refused: list[tuple[dict[str, Any], str]] = [
        ({"weeks": [{"weekday": 1, "from": "22:00", "to": "02:00"}]}, "shift_past_midnight"),
        ({"weeks": [{"weekday": 1, "from": "09:00", "to": "12:00"}] * 2}, "shifts_overlap"),
    ]
    for body, code in refused:
        answer = owner.put(path, {"store": north, **body})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert owner.put(path, {"store": south, "weeks": []}).status_code == 404
    wrong: list[dict[str, Any]] = [
        {},
        {"weeks": [], "days": []},
        {"days": [{"date": "2030-01-01", "from": "09:00", "to": None}]},
    ]
    for body in wrong:
        assert owner.put(path, {"store": north, **body}).status_code == 400
    with chain_scope(cast.alpha.info):
        assert WeeklyShift.objects.filter(employee=person).count() == 7


def test_nobody_works_in_two_places_at_once(cast, owner):
    person = cast.alpha.employees["practitioner"]
    south = str(cast.alpha.stores["south"].id)
    roles = [
        {"role": "practitioner", "store": str(cast.alpha.stores[name].id)} for name in ("north", "south")
    ]
    assert owner.patch(f"employees/{person.id}", {"roles": roles}).status_code == 200
    body = {"store": south, "weeks": [{"weekday": 1, "from": "20:00", "to": "22:00"}]}
    answer = owner.put(f"employees/{person.id}/shifts", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "shifts_overlap")


def test_leave_is_given_and_taken_back(cast, manager):
    path = f"employees/{cast.alpha.employees['practitioner'].id}/leave"
    body = {"starts_at": "2030-01-01T09:00:00+08:00", "ends_at": "2030-01-01T03:00:00Z"}
    leave = manager.post(path, body)
    assert (leave.status_code, leave.json()["ends_at"]) == (201, "2030-01-01T11:00:00+08:00")
    assert manager.call("DELETE", f"{path}/{leave.json()['id']}").status_code == 204
    assert manager.post(path, {**body, "ends_at": body["starts_at"]}).json()["code"] == "leave_backwards"
    elsewhere = f"employees/{cast.alpha.employees['south_practitioner'].id}/leave"
    assert manager.post(elsewhere, body).status_code == 404


def test_a_chain_opens_when_nothing_is_missing(cast, owner, two_chains):
    with chain_scope(cast.beta.info):
        for row in Employee.objects.filter(resource__isnull=False):
            row.weekly_shifts.all().delete()
    with platform_scope():
        Chain.objects.filter(slug__in=["alpha", "beta"]).update(opened_at=None)
    beta = employee_program(cast.beta, "owner")
    answer = beta.post("chain/open")
    assert (answer.status_code, answer.json()["code"]) == (422, "not_ready")
    assert [row["code"] for row in answer.json()["missing"]] == ["shifts"]
    opened = owner.post("chain/open")
    assert opened.status_code == 200
    assert owner.post("chain/open").json() == opened.json()
    assert Program(cast.alpha.info).get("chain").json()["opened_at"] == opened.json()["opened_at"]
    with platform_scope():
        assert Chain.objects.get(slug="beta").opened_at is None
        Chain.objects.filter(slug__in=["alpha", "beta"]).update(opened_at=NOW)
    assert employee_program(cast.alpha, "clerk").post("chain/open").status_code == 403
