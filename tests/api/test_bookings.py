"""Bookings over the API, as programs see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from chains.models import Chain as ChainRow
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.policies import write_policy
from tenants.booking.models import Booking, Claim
from tests.api.conftest import Program, employee_program, member_program
from tests.ground.cast import NOW, Cast, local

NOWHERE = "01970000-0000-7000-8000-000000000000"
TEN = "2026-11-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


class Shop:
    """The cast's ids and programs."""

    def __init__(self, cast: Cast) -> None:
        alpha = cast.alpha
        self.north, self.south = str(alpha.stores["north"].id), str(alpha.stores["south"].id)
        self.dublin = str(alpha.stores["dublin"].id)
        self.facial = str(alpha.services["facial"].id)
        self.ya, self.lin = str(alpha.employees["practitioner"].id), str(alpha.employees["second"].id)
        self.su_id = str(alpha.members["su"].id)
        self.su, self.chen = member_program(alpha, "su"), member_program(alpha, "chen")
        self.clerk = employee_program(alpha, "clerk")
        self.south_clerk = employee_program(alpha, "south_clerk")
        self.nobody = Program(alpha.info)
        self.alpha = alpha

    def wish(self, **other: Any) -> dict[str, Any]:
        return {
            "store": self.north,
            "service": self.facial,
            "starts_at": TEN,
            "practitioner": self.ya,
            **other,
        }

    def booked(self, **other: Any) -> dict[str, Any]:
        answer = self.su.post("bookings", self.wish(**other))
        assert answer.status_code == 201, answer.content
        made: dict[str, Any] = answer.json()
        return made


@pytest.fixture()
def shop(cast: Cast) -> Shop:
    return Shop(cast)


def test_times_of_a_chain_that_has_not_opened_are_told_to_its_employees_alone(shop: Shop, cast: Cast) -> None:
    row = ChainRow.objects.filter(id=cast.alpha.info.id)
    where = f"store={shop.north}&service={shop.facial}"
    calls = [
        f"availability?{where}&from=2026-11-23&to=2026-11-24",
        f"availability/why?{where}&starts_at=2026-11-23T10:00:00%2B08:00",
    ]
    with platform_scope():
        row.update(opened_at=None)
    told = {who: [program.get(call) for call in calls] for who, program in
            {"nobody": shop.nobody, "member": shop.su, "clerk": shop.clerk}.items()}  # fmt: skip
    with platform_scope():
        row.update(opened_at=NOW)
    for who in ("nobody", "member"):
        assert [(a.status_code, a.json()["code"]) for a in told[who]] == [(422, "not_open")] * 2
    assert [a.status_code for a in told["clerk"]] == [200, 200]


def test_a_chain_that_has_not_opened_is_booked_by_its_employees_alone(shop: Shop, cast: Cast) -> None:
    row = ChainRow.objects.filter(id=cast.alpha.info.id)
    with platform_scope():
        row.update(opened_at=None)
    refused = shop.su.post("bookings", shop.wish())
    by_clerk = shop.clerk.post("bookings", shop.wish(member=shop.su_id))
    with platform_scope():
        row.update(opened_at=NOW)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_open")
    assert by_clerk.status_code == 201


def test_member_books_and_reads_the_booking_with_its_qr(shop: Shop) -> None:
    made = shop.booked(note="left knee")
    assert made == {
        "id": made["id"],
        "code": made["code"],
        "status": "confirmed",
        "store": shop.north,
        "store_name": "North",
        "service": shop.facial,
        "service_name": "Deep hydration",
        "member": shop.su_id,
        "member_name": "苏晴",
        "member_phone": "138 **** 0001",
        "starts_at": TEN,
        "ends_at": "2026-11-23T11:00:00+08:00",
        "practitioner": shop.ya,
        "practitioner_name": "Ya",
        "resource": None,
        "resource_name": None,
        "party_size": 1,
        "session": None,
        "pickup_window": None,
        "pass": None,
        "items": [],
        "group": None,
        "series": None,
        "note": "left knee",
        "details": {},
        "terms": made["terms"],
        "price": {"amount": 39800, "currency": "CNY"},
        "channel": "api",
        "reason": "",
        "created_at": "2026-11-21T12:00:00+08:00",
        "expires_at": None,
        "changeable_until": "2026-11-23T06:00:00+08:00",
        "version": 1,
        "qr": made["qr"],
    }
    assert shop.su.get(f"bookings/{made['id']}").json() == made
    seen_by_staff = shop.clerk.get(f"bookings/{made['id']}").json()
    assert "qr" not in seen_by_staff
    assert shop.chen.get(f"bookings/{made['id']}").status_code == 404
    assert shop.south_clerk.get(f"bookings/{made['id']}").status_code == 404


def test_taken_slot_is_409_with_alternatives(shop: Shop) -> None:
    shop.booked()
    answer = shop.chen.post("bookings", shop.wish())
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "slot_taken")
    assert problem["alternatives"][0]["practitioners"] != []
    assert {"starts_at", "ends_at", "practitioners", "left"} == set(problem["alternatives"][0])


def test_any_offset_names_the_same_moment_and_none_is_refused(shop: Shop) -> None:
    assert shop.booked(starts_at="2026-11-23T02:00:00Z")["starts_at"] == TEN
    answer = shop.su.post("bookings", shop.wish(starts_at="2026-11-23T10:00:00"))
    assert (answer.status_code, answer.json()["code"]) == (400, "offset_missing")


def test_local_time_that_the_clock_skips_is_refused(cast: Cast, shop: Shop) -> None:
    skipped = shop.wish(store=shop.dublin, starts_at="2027-03-28T01:30:00+00:00", practitioner=None)
    answer = shop.su.post("bookings", skipped)
    assert (answer.status_code, answer.json()["code"]) == (422, "nonexistent_time")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"starts_at": "2026-11-20T10:00:00+08:00"}, 422, "past"),
        ({"starts_at": "2026-11-23T10:07:00+08:00"}, 422, "off_step"),
        ({"starts_at": "2026-11-23T23:00:00+08:00"}, 422, "outside_hours"),
        ({"starts_at": "2027-11-23T10:00:00+08:00"}, 422, "too_far"),
        ({"starts_at": "soon"}, 400, "time_malformed"),
        ({"service": "not-an-id"}, 400, "malformed"),
        ({"store": "01a20090-505d-7229-af83-e6441a312736"}, 404, "not_found"),
        ({"party_size": 0}, 400, "malformed"),
        ({"colour": "red"}, 400, "unknown_field"),
    ],
)
def test_bad_wishes_are_refused_by_rule(shop: Shop, change: dict[str, Any], status: int, code: str) -> None:
    answer = shop.su.post("bookings", shop.wish(**change))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_clerk_books_for_a_guest_by_name_and_national_number(shop: Shop) -> None:
    guest = {"name": "王敏", "phone": "139 0000 0009"}
    answer = shop.clerk.post("bookings", shop.wish(member=guest))
    assert (answer.status_code, answer.json()["member_name"]) == (201, "王敏")
    again = shop.clerk.post(
        "bookings", shop.wish(member=guest, starts_at="2026-11-23T14:00:00+08:00", practitioner=None)
    )
    assert again.json()["member"] == answer.json()["member"]
    missing = shop.clerk.post("bookings", shop.wish())
    assert missing.json()["errors"][0]["field"] == "member"


def test_fields_of_what_is_still_to_come_may_be_empty(shop: Shop) -> None:
    made = shop.booked(session=None, pickup_window=None, items=[], **{"pass": None})
    assert made["status"] == "confirmed"
    cancelled = shop.su.post(f"bookings/{made['id']}/cancel", {})
    assert cancelled.status_code == 200
    assert shop.booked(items=None)["items"] == []


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("items", [{"product": NOWHERE}], "required"),
        ("session", "x", "invalid"),
        ("nonsense", None, "unknown_field"),
    ],
)
def test_such_a_field_that_is_malformed_is_named(shop: Shop, field: str, value: Any, code: str) -> None:
    answer = shop.su.post("bookings", shop.wish(**{field: value}))
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["field"].partition(".")[0], error["code"]) == (field, code)


def test_a_wish_without_a_time_is_told_so(shop: Shop) -> None:
    wish = shop.wish()
    del wish["starts_at"]
    answer = shop.su.post("bookings", wish)
    assert answer.status_code == 400
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("starts_at", "required")
    ]


def test_stranger_is_asked_to_sign_in(shop: Shop) -> None:
    assert shop.nobody.post("bookings", shop.wish()).status_code == 401
    assert shop.nobody.get("bookings").status_code == 401


def test_booking_goes_through_its_life(shop: Shop) -> None:
    held = shop.booked(hold=True)
    assert (held["status"], held["expires_at"]) == ("held", "2026-11-21T12:10:00+08:00")
    where = f"bookings/{held['id']}"
    assert shop.su.post(f"{where}/confirm", {"version": 1}).json()["status"] == "confirmed"
    stale = shop.su.post(f"{where}/cancel", {"version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    moved = shop.su.post(f"{where}/reschedule", {"starts_at": "2026-11-23T15:00:00+08:00"})
    assert (moved.status_code, moved.json()["starts_at"], moved.json()["practitioner"]) == (
        200,
        "2026-11-23T15:00:00+08:00",
        shop.ya,
    )
    cancelled = shop.su.post(f"{where}/cancel", {"reason": "ill"})
    assert (cancelled.json()["status"], cancelled.json()["reason"]) == ("cancelled", "ill")
    assert "qr" not in cancelled.json()
    again = shop.su.post(f"{where}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "status_forbids")


def test_redemption_answers_with_greeting_and_every_second_one_with_who(shop: Shop) -> None:
    made = shop.booked()
    early = shop.clerk.post("redemptions", {"store": shop.north, "code": made["code"]})
    assert (early.status_code, early.json()["code"], early.json()["from"]) == (
        409,
        "too_early",
        "2026-11-23T00:00:00+08:00",
    )
    with time_machine.travel(local(23, 9, 55), tick=False):
        wrong = shop.south_clerk.post("redemptions", {"store": shop.south, "code": made["code"]})
        assert (wrong.json()["code"], wrong.json()["store"]) == ("wrong_store", shop.north)
        done = shop.clerk.post("redemptions", {"store": shop.north, "qr": made["qr"]})
        assert (done.status_code, done.json()["booking"]["status"]) == (200, "arrived")
        assert done.json()["greeting"]["first_visit"] is True
        twice = shop.clerk.post("redemptions", {"store": shop.north, "booking": made["id"]})
        assert (twice.status_code, twice.json()["code"], twice.json()["redemption"]["by_name"]) == (
            409,
            "already_redeemed",
            "Clerk",
        )
        none = shop.clerk.post("redemptions", {"store": shop.north, "code": "ABCD-EFGH"})
        assert (none.status_code, none.json()["code"]) == (404, "unknown_code")
        assert shop.clerk.post("redemptions", {"store": shop.north}).status_code == 400
        assert shop.su.post("redemptions", {"store": shop.north, "code": made["code"]}).status_code == 403
        undone = shop.clerk.post(f"bookings/{made['id']}/undo-redemption")
        assert undone.json()["status"] == "confirmed"
        by_phone = shop.clerk.post("redemptions", {"store": shop.north, "phone": "13800000001"})
        assert by_phone.json()["booking"]["id"] == made["id"]


def test_redemption_by_code_answers_with_the_booking_as_reading_it_does(shop: Shop) -> None:
    promised = {"cancel_notice": 720, "late_kind": "percent", "late_value": 50}
    with chain_scope(shop.alpha.info):
        write_policy(promised, by=shop.alpha.actors["owner"], now=NOW)
    made = shop.booked()
    with time_machine.travel(local(23, 9, 55), tick=False):
        done = shop.clerk.post("redemptions", {"store": shop.north, "code": made["code"]})
        read = shop.clerk.get(f"bookings/{made['id']}").json()
    assert done.json()["booking"] == read
    assert (read["details"], read["terms"]) == (made["details"], made["terms"])


def test_availability_has_one_entry_a_date_and_loses_what_is_booked(shop: Shop) -> None:
    asked = f"availability?store={shop.north}&service={shop.facial}&from=2026-11-23&to=2026-11-26"
    before = shop.nobody.get(asked).json()["days"]
    assert [day["date"] for day in before] == ["2026-11-23", "2026-11-24", "2026-11-25"]
    slot = next(slot for slot in before[0]["slots"] if slot["starts_at"] == TEN)
    assert (slot["left"], sorted(slot["practitioners"])) == (None, sorted([shop.ya, shop.lin]))
    shop.booked()
    after = shop.nobody.get(asked).json()["days"]
    slot = next(slot for slot in after[0]["slots"] if slot["starts_at"] == TEN)
    assert slot["practitioners"] == [shop.lin]
    only = shop.nobody.get(f"{asked}&practitioner={shop.ya}").json()["days"]
    assert TEN not in [slot["starts_at"] for slot in only[0]["slots"]]


def test_availability_refuses_more_than_62_days(shop: Shop) -> None:
    asked = f"availability?store={shop.north}&service={shop.facial}&from=2026-11-01&to=2027-01-03"
    assert shop.nobody.get(asked).json()["code"] == "range_too_long"
    assert shop.nobody.get("availability?store=x").status_code == 400


def test_why_names_rule_and_change(shop: Shop) -> None:
    shop.booked()
    asked = f"availability/why?store={shop.north}&service={shop.facial}"
    taken = shop.nobody.get(f"{asked}&starts_at=2026-11-23T10:00:00%2B08:00&practitioner={shop.ya}").json()
    assert (taken["bookable"], taken["reasons"][0]["code"]) == (False, "taken")
    assert (taken["changes"][0]["starts_at"], taken["changes"][0]["practitioner"]) == (TEN, shop.lin)
    free = shop.nobody.get(f"{asked}&starts_at=2026-11-23T10:00:00+08:00").json()
    assert free == {"bookable": True, "reasons": [], "changes": []}


def test_why_names_the_members_own_booking_to_nobody_else(shop: Shop) -> None:
    made = shop.booked()
    asked = f"availability/why?store={shop.north}&service={shop.facial}&starts_at=2026-11-23T10:00:00%2B08:00"
    told = shop.su.get(asked).json()
    (reason,) = told["reasons"]
    assert (told["bookable"], reason["code"]) == (False, "member_overlap")
    assert reason["booking"] == {"id": made["id"], "code": made["code"]}
    assert TEN not in [change["starts_at"] for change in told["changes"]]
    for other in (shop.chen, shop.clerk, shop.nobody):
        assert other.get(asked).json() == {"bookable": True, "reasons": [], "changes": []}


def test_list_is_filtered_and_found_by_code_phone_and_name(shop: Shop) -> None:
    made = shop.booked()
    shop.chen.post("bookings", shop.wish(starts_at="2026-11-24T10:00:00+08:00"))

    def ids(query: str) -> list[str]:
        return [row["id"] for row in shop.clerk.get(f"bookings?{query}").json()["results"]]

    assert len(ids("")) == 2
    for query in (
        f"store={shop.north}&from=2026-11-23&to=2026-11-24",
        f"q={made['code']}",
        f"q={made['code'][:4]}",
        "q=0001",
        "q=苏",
    ):
        assert ids(query) == [made["id"]], query
    assert ids("status=cancelled,no_show") == []
    assert shop.clerk.get("bookings?status=gone").status_code == 400
    assert shop.clerk.get(f"bookings?store={shop.south}").status_code == 404
    assert shop.south_clerk.get("bookings").json()["results"] == []
    assert [row["id"] for row in shop.su.get("bookings").json()["results"]] == [made["id"]]


def test_list_is_as_many_queries_for_many_rows(shop: Shop, django_assert_max_num_queries: Any) -> None:
    for hour in (10, 12, 14, 16):
        shop.booked(starts_at=f"2026-11-23T{hour}:00:00+08:00")
    with django_assert_max_num_queries(9):
        assert len(shop.clerk.get("bookings").json()["results"]) == 4


def test_same_key_books_once(shop: Shop) -> None:
    first = shop.su.post("bookings", shop.wish(), key="one")
    second = shop.su.post("bookings", shop.wish(), key="one")
    assert (second.status_code, second.headers["Idempotent-Replayed"]) == (201, "true")
    assert second.json() == first.json()


def test_a_list_says_from_when_the_plan_shows_history_where_it_cut_something(cast: Cast, shop: Shop) -> None:
    made = shop.booked()
    at = datetime(2025, 11, 1, 4, 0, tzinfo=UTC)

    def keep(months: int) -> None:
        with platform_scope():
            ChainRow.objects.filter(id=cast.alpha.info.id).update(entitlements={"retention_months": months})

    with chain_scope(cast.alpha.info):
        Booking.objects.filter(id=made["id"]).update(starts_at=at, ends_at=at + timedelta(hours=1))
        Claim.objects.filter(booking_id=made["id"]).update(active=False)
    keep(12)
    cut = shop.clerk.get("bookings").json()
    assert (cut["results"], cut["history_from"]) == ([], "2025-11-21T00:00:00+08:00")
    recent = shop.clerk.get("bookings?from=2026-11-01&to=2026-11-30").json()
    assert (recent["results"], recent["history_from"]) == ([], None)
    refused = shop.clerk.get(f"bookings/{made['id']}")
    assert (refused.status_code, refused.json()["code"]) == (403, "beyond_history")
    assert refused.json()["history_from"] == "2025-11-20T16:00:00+00:00"
    assert shop.south_clerk.get(f"bookings/{made['id']}").status_code == 404
    assert shop.su.get(f"bookings/{made['id']}").status_code == 200
    keep(36)
    whole = shop.clerk.get("bookings").json()
    assert ([row["id"] for row in whole["results"]], whole["history_from"]) == ([made["id"]], None)
