"""Plans, parties and series over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import employee_program, member_program
from tests.ground.cast import NOW, Cast, local

WEEK = timedelta(days=7)
TEN = local(23, 10)


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def wish(cast: Cast, **more: Any) -> dict[str, Any]:
    item = {"service": str(cast.alpha.services["facial"].id), "starts_at": TEN.isoformat()}
    return {"store": str(cast.alpha.stores["north"].id), "items": [item], **more}


def test_a_party_is_planned_then_booked_then_cancelled_by_its_payer(cast: Cast) -> None:
    su, chen = member_program(cast.alpha, "su"), member_program(cast.alpha, "chen")
    body = wish(cast)
    body["items"] = [*body["items"], {**body["items"][0], "guest": "Mei"}]
    plan = su.post("bookings/plans", body).json()
    assert (plan["complete"], [item["problem"] for item in plan["items"]]) == (True, [None, None])
    assert su.get("bookings").json()["results"] == []
    made = su.post("bookings/groups", body)
    assert made.status_code == 201
    group = made.json()
    assert sorted(row["member_name"] for row in group["bookings"]) == ["Mei", "苏晴"]
    assert [row["group"] for row in group["bookings"]] == [group["id"]] * 2
    assert all("qr" in row for row in group["bookings"])
    assert chen.get(f"bookings/groups/{group['id']}").status_code == 404
    ended = su.post(f"bookings/groups/{group['id']}/cancel", {}).json()
    assert [row["status"] for row in ended["bookings"]] == ["cancelled", "cancelled"]


def test_a_party_that_does_not_fit_is_refused_whole_with_alternatives(cast: Cast) -> None:
    su = member_program(cast.alpha, "su")
    body = wish(cast)
    body["items"] = [*body["items"], *({**body["items"][0], "guest": name} for name in ("Mei", "Bo"))]
    plan = su.post("bookings/plans", body).json()
    assert plan["complete"] is False
    assert [item["problem"] and item["problem"]["code"] for item in plan["items"]] == [
        None,
        None,
        "slot_taken",
    ]
    refused = su.post("bookings/groups", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_refused")
    assert refused.json()["items"][0]["alternatives"] != []
    partly = su.post("bookings/groups", {**body, "partial": True}).json()
    assert (len(partly["bookings"]), [item["index"] for item in partly["unplaced"]]) == (2, [2])


def test_a_series_is_planned_booked_moved_and_ended(cast: Cast) -> None:
    clerk = employee_program(cast.alpha, "clerk")
    body = wish(cast, member=str(cast.alpha.members["su"].id), repeat={"every_days": 7, "times": 3})
    plan = clerk.post("bookings/plans", body).json()
    assert plan["complete"] is True
    series = clerk.post(
        "bookings/series",
        {
            "store": body["store"],
            "member": body["member"],
            "service": body["items"][0]["service"],
            "every_days": 7,
            "times": [
                {"starts_at": item["starts_at"], "practitioner": item["practitioner"]}
                for item in plan["items"]
            ],
        },
    ).json()
    rows = series["bookings"]
    assert len({row["practitioner"] for row in rows}) == 1
    at = f"bookings/series/{series['id']}"
    moves = clerk.post(
        f"{at}/plans", {"booking": rows[1]["id"], "starts_at": (TEN + WEEK + timedelta(hours=4)).isoformat()}
    ).json()
    assert (moves["complete"], len(moves["items"])) == (True, 2)
    moved = clerk.post(
        f"{at}/move",
        {"moves": [{"booking": item["booking"], "starts_at": item["starts_at"]} for item in moves["items"]]},
    ).json()
    assert [row["starts_at"][11:16] for row in moved["bookings"]] == ["10:00", "14:00", "14:00"]
    ended = clerk.post(f"{at}/cancel", {"booking": rows[1]["id"]}).json()
    assert [row["status"] for row in ended["bookings"]] == ["confirmed", "cancelled", "cancelled"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"items": []}, 400, "malformed"),
        ({"repeat": {"every_days": 0, "times": 3}}, 400, "malformed"),
        ({"repeat": {"every_days": 7, "times": 53}}, 400, "malformed"),
        ({"color": "red"}, 400, "unknown_field"),
    ],
)
def test_a_plan_that_makes_no_sense_is_a_clear_refusal(
    cast: Cast, change: dict[str, Any], status: int, code: str
) -> None:
    answer = member_program(cast.alpha, "su").post("bookings/plans", wish(cast, **change))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_steps_are_listed_for_whoever_books(cast: Cast) -> None:
    at = f"steps?store={cast.alpha.stores['north'].id}&service={cast.alpha.services['facial'].id}"
    assert member_program(cast.alpha, "su").get(at).json()["results"] == [
        {
            "vertical": "booking",
            "name": "note",
            "label": "Message",
            "kind": "text",
            "required": False,
            "fills": "note",
            "least": None,
            "most": None,
            "choices": [],
        }
    ]
