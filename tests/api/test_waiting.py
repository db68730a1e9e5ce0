"""`waiting`, `policies` and the terms of a booking, as programs see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.waiting import serve_store
from tenants.extension import registry
from tenants.extension.hooks import Field, Hooks
from tenants.extension.manifest import Manifest
from tenants.stores.models import Store
from tests.api.conftest import employee_program, member_program
from tests.booking.queue import fill_day, scope, wish_of, work_off
from tests.ground.cast import NOW, Cast

MONDAY = ["2026-11-23T09:00:00+08:00", "2026-11-23T21:00:00+08:00"]


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def _wish(cast: Cast, **other: Any) -> dict[str, Any]:
    alpha = cast.alpha
    return {
        "store": str(alpha.stores["north"].id),
        "services": [str(alpha.services["facial"].id)],
        "windows": [MONDAY],
        **other,
    }


def test_member_waits_is_offered_accepts_and_is_booked(cast: Cast) -> None:
    su = member_program(cast.alpha, "su")
    with scope(cast.alpha):
        made = fill_day(cast.alpha)
    joined = su.post("waiting", _wish(cast))
    assert (joined.status_code, joined.json()["status"], joined.json()["place"]) == (201, "waiting", 1)
    with scope(cast.alpha):
        cancel_booking(made[2], by=cast.alpha.actors["store_manager"], now=NOW)
    work_off(NOW)
    (wish,) = su.get("waiting").json()["results"]
    assert (wish["status"], wish["offer"]["because"]) == ("offered", "joined_first")
    assert wish["offer"]["expires_at"] == "2026-11-21T12:30:00+08:00"
    accepted = su.post(f"waiting/{wish['id']}/accept", {})
    assert (accepted.status_code, accepted.json()["status"]) == (200, "booked")
    booking = su.get(f"bookings/{accepted.json()['booking']}").json()
    assert (booking["status"], booking["starts_at"]) == ("confirmed", wish["offer"]["starts_at"])
    again = su.post(f"waiting/{wish['id']}/accept", {})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_offered")


def test_the_hold_of_an_offer_is_confirmed_with_what_the_vertical_asks(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = Hooks(steps=lambda asked: [Field("size", "Size of boot", "number", required=True)])
    manifest = Manifest(code="boots", names={"en": "b"}, icon="lock", order=1, services=(), hooks=hooks)
    monkeypatch.setattr(registry, "verticals", lambda: (manifest,))
    su = member_program(cast.alpha, "su")
    with scope(cast.alpha):
        Store.objects.filter(id=cast.alpha.stores["north"].id).update(verticals=["boots"])
        wish_of(cast.alpha, cast.alpha.actors["su"])
        (offer,) = serve_store(cast.alpha.stores["north"].id, now=NOW)
    address = f"bookings/{offer.booking_id}/confirm"
    asked = su.post(address, {})
    assert (asked.status_code, asked.json()["code"]) == (422, "details_invalid")
    done = su.post(address, {"details": {"boots": {"size": 43}}})
    assert (done.json()["status"], done.json()["details"]) == ("confirmed", {"boots": {"size": 43}})


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"windows": [MONDAY[::-1]]}, 422, "window_wrong"),
        ({"windows": [["2026-11-20T09:00:00+08:00", "2026-11-20T21:00:00+08:00"]]}, 422, "window_closed"),
        ({"windows": [[MONDAY[0], "2026-11-23T09:30:00+08:00"]]}, 422, "window_too_short"),
        ({"windows": [["2026-11-23T09:00:00", MONDAY[1]]]}, 400, "offset_missing"),
        ({"windows": [["soon", MONDAY[1]]]}, 400, "time_malformed"),
        ({"services": []}, 400, "malformed"),
    ],
)
def test_wish_that_makes_no_sense_is_refused_and_changes_nothing(
    cast: Cast, change: dict[str, Any], status: int, code: str
) -> None:
    su = member_program(cast.alpha, "su")
    answer = su.post("waiting", _wish(cast, **change))
    assert answer.status_code == status, answer.content
    told = {answer.json()["code"], *(row["code"] for row in answer.json().get("errors", []))}
    assert code in told
    assert su.get("waiting").json()["results"] == []


def test_terms_are_told_before_the_cancellation(cast: Cast) -> None:
    owner, su = employee_program(cast.alpha, "owner"), member_program(cast.alpha, "su")
    policy = {
        "late": {"kind": "fixed", "value": 5000},
        "no_show": {"kind": "pause", "value": 7},
        "currency": "CNY",
    }
    assert owner.post("policies", policy).status_code == 201
    assert owner.post("policies", policy).json()["code"] == "policy_there"
    wish = {
        "store": str(cast.alpha.stores["north"].id),
        "service": str(cast.alpha.services["facial"].id),
        "starts_at": "2026-11-21T14:00:00+08:00",
    }
    booking = su.post("bookings", wish).json()
    assert booking["terms"]["late"] == {"kind": "fee", "amount": 5000}
    terms = su.get(f"bookings/{booking['id']}/terms").json()
    assert terms["cancel"] == {
        "allowed": True,
        "free_until": "2026-11-21T10:00:00+08:00",
        "brings": {"kind": "fee", "amount": 5000},
        "detail": "Cancelling now costs ¥50.",
    }
    assert terms["sentences"][-1] == "After not coming you cannot book online for 7 days."
    assert su.post(f"bookings/{booking['id']}/cancel", {}).status_code == 200
    (penalty,) = su.get(f"bookings/{booking['id']}/penalties").json()["results"]
    assert (penalty["cause"], penalty["amount"], penalty["waived"]) == ("late_cancel", 5000, False)
    waived = owner.post(f"penalties/{penalty['id']}/waive", {"reason": "was ill"})
    assert (waived.status_code, waived.json()["waiver"]["reason"]) == (200, "was ill")
