"""At the desk, for those who may: letting a member off a penalty, and booking over another booking."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.change import mark_no_show
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.models import Booking, Claim, Penalty, PenaltyWaiver
from tenants.people.models import AccessNote
from tests.ground.cast import NOW, Cast, later, local
from tests.web.workbench import TODAY, _noon, make_booking, sign_in, text_of, url

__all__ = ["_noon", "sign_in"]  # fixtures

REASON = "Both are sisters"


def missed(cast: Cast, **penalty: Any) -> Penalty:
    booking = make_booking(cast, at=local(TODAY, 13))
    with chain_scope(cast.alpha.info):
        mark_no_show(booking.id, by=cast.alpha.actors["clerk"], now=later(90))
        fields = {"kind": "fee", "amount": 5000, "currency": "CNY", **penalty}
        return Penalty.objects.create(
            booking=booking, member=booking.member, cause="no_show", at=NOW, **fields
        )


@pytest.mark.parametrize(
    ("penalty", "words"),
    [
        ({}, "Did not come: a fee of ¥50.00"),
        ({"kind": "points", "amount": 20, "currency": ""}, "Did not come: 20 points off"),
        ({"kind": "credits", "amount": 1, "currency": ""}, "Did not come: 1 visit off the pass"),
    ],
)
def test_the_panel_says_what_the_booking_brought(cast, sign_in, penalty, words):
    booking = missed(cast, **penalty).booking_id
    page = text_of(sign_in("clerk").get(url(cast, f"bookings/{booking}/")))
    assert (words in page, "Waive penalty" in page) == (True, False)


def test_a_manager_waives_a_penalty_with_a_reason_once(cast, sign_in):
    penalty = missed(cast)
    manager, address = sign_in("store_manager"), url(cast, f"bookings/{penalty.booking_id}/waive/")
    assert "Waive penalty" in text_of(manager.get(url(cast, f"bookings/{penalty.booking_id}/")))
    form = {"penalty": penalty.id, "reason": "was ill"}
    answers = [manager.post(address, one) for one in ({**form, "reason": " "}, form, form)]
    assert [one.status_code for one in answers] == [422, 302, 409]
    with chain_scope(cast.alpha.info):
        assert PenaltyWaiver.objects.get().reason == "was ill"
    page = text_of(manager.get(url(cast, f"bookings/{penalty.booking_id}/")))
    name = cast.alpha.employees["store_manager"].name
    assert (f"Waived by {name}: was ill" in page, "Waive penalty" in page) == (True, False)


def test_who_may_not_and_what_is_not_of_the_booking_waives_nothing(cast, sign_in):
    penalty = missed(cast)
    other = make_booking(cast, at=local(TODAY, 17))
    manager, form = sign_in("store_manager"), {"penalty": penalty.id, "reason": "ill"}
    address = url(cast, f"bookings/{penalty.booking_id}/waive/")
    answers = [
        sign_in("clerk").post(address, form),
        manager.post(url(cast, f"bookings/{other.id}/waive/"), form),
        manager.post(address, {"penalty": "x", "reason": "ill"}),
        manager.get(address),
    ]
    with chain_scope(cast.alpha.info):
        assert ([one.status_code for one in answers], PenaltyWaiver.objects.count()) == (
            [403, 404, 404, 405],
            0,
        )


def taken(cast: Cast, hour: int = 14) -> dict[str, str]:
    """A booking of Ya at that hour, and the fields that ask for the very same."""
    make_booking(cast, at=local(TODAY, hour))
    alpha = cast.alpha
    return {
        "service": str(alpha.services["facial"].id),
        "practitioner": str(alpha.employees["practitioner"].id),
        "starts_at": local(TODAY, hour).isoformat(),
        "who": "Walk",
    }


def overbooked(cast: Cast) -> list[Any]:
    with chain_scope(cast.alpha.info):
        return [
            note.detail["overbooked"]["reason"]
            for note in AccessNote.objects.filter(act="booking_overbooked")
        ]


def ticked(answer: Any) -> str:
    found = re.search(r'name="overbook_at" value="([^"]+)"', answer.content.decode())
    return found.group(1) if found else ""


def test_a_taken_time_is_booked_over_by_a_manager_with_a_reason(cast, sign_in):
    form, manager = taken(cast), sign_in("store_manager")
    refused = manager.post(url(cast, "new/"), form)
    assert (refused.status_code, ticked(refused)) == (
        409,
        form["starts_at"].replace("+08:00", "+00:00").replace("T14", "T06"),
    )
    over = {**form, "starts_at": "", "overbook_at": ticked(refused)}
    unsaid = manager.post(url(cast, "new/"), {**over, "overbook": " "})
    assert (unsaid.status_code, ticked(unsaid)) == (422, ticked(refused))
    made = manager.post(url(cast, "new/"), {**over, "overbook": REASON})
    assert (made.status_code, overbooked(cast)) == (302, [REASON])
    assert f": {REASON}" in text_of(manager.get(made["Location"]))


def test_a_clerk_is_neither_offered_to_overbook_nor_let(cast, sign_in):
    form, clerk = taken(cast), sign_in("clerk")
    refused = clerk.post(url(cast, "new/"), form)
    forced = clerk.post(url(cast, "new/"), {**form, "overbook_at": form["starts_at"], "overbook": REASON})
    assert (refused.status_code, ticked(refused), forced.status_code) == (409, "", 403)
    assert overbooked(cast) == []


def test_a_move_to_a_taken_time_is_done_over_it_with_a_reason(cast, sign_in):
    form, manager = taken(cast), sign_in("store_manager")
    booking = make_booking(cast, at=local(TODAY, 17), member="chen")
    address = url(cast, f"bookings/{booking.id}/move/")
    refused = manager.post(address, form)
    assert refused.status_code == 409
    moved = manager.post(
        address, {"practitioner": form["practitioner"], "overbook_at": ticked(refused), "overbook": REASON}
    )
    with chain_scope(cast.alpha.info):
        after = Booking.objects.get(id=booking.id)
    assert (moved.status_code, after.starts_at, overbooked(cast)) == (302, local(TODAY, 14), [REASON])


def test_a_drop_on_a_taken_time_can_be_put_there_all_the_same(cast, sign_in):
    taken(cast)
    booking = make_booking(cast, at=local(TODAY, 17), member="chen")
    drop = {"starts_at": local(TODAY, 14).isoformat()}
    address = url(cast, f"bookings/{booking.id}/place/")
    clerk, manager = sign_in("clerk"), sign_in("store_manager")
    assert "Put it there all the same" not in text_of(clerk.post(address, drop))
    assert "Put it there all the same" in text_of(manager.post(address, drop))
    assert clerk.post(address, {**drop, "overbook": REASON}).status_code == 403
    assert manager.post(address, {**drop, "overbook": ""}).status_code == 422
    assert manager.post(address, {**drop, "overbook": REASON}).status_code == 200
    with chain_scope(cast.alpha.info):
        assert Booking.objects.get(id=booking.id).starts_at == local(TODAY, 14)
    assert overbooked(cast) == [REASON]


def test_the_summary_says_the_time_that_was_refused_while_it_is_offered(cast, sign_in):
    form = taken(cast)
    said = text_of(sign_in("store_manager").post(url(cast, "new/"), form))
    assert ("Today, 14:00 Deep hydration" in said, "No time chosen yet" in said) == (True, False)
    assert "No time chosen yet" in text_of(sign_in("clerk").post(url(cast, "new/"), form))


@pytest.mark.parametrize("drawn", ["ends_at", "room"])
def test_a_drop_with_another_end_or_room_can_be_put_there_all_the_same(cast, sign_in, drawn):
    room = cast.alpha.rooms["a"].id
    make_booking(cast, at=local(TODAY, 18), member="chen", resource_id=room)
    booking = make_booking(cast, at=local(TODAY, 16, 30))
    drop = {"ends_at": local(TODAY, 18, 30).isoformat()}
    if drawn == "room":
        booking = make_booking(cast, at=local(TODAY, 18, 15), who="second")
        drop = {"room": str(room)}
    address = url(cast, f"bookings/{booking.id}/place/")
    manager = sign_in("store_manager")
    refused = manager.post(address, drop)
    assert (refused.status_code, "Put it there all the same" in text_of(refused)) == (409, True)
    assert f'name="{drawn}" value="{drop[drawn]}"' in refused.content.decode()
    assert sign_in("clerk").post(address, {**drop, "overbook": REASON}).status_code == 403
    assert manager.post(address, {**drop, "overbook": REASON}).status_code == 200
    with chain_scope(cast.alpha.info):
        after = Booking.objects.get(id=booking.id)
        assert (after.ends_at == local(TODAY, 18, 30), after.resource_id == room) == (
            drawn == "ends_at",
            drawn == "room",
        )
        assert check_bookings() == []
    assert overbooked(cast) == [REASON]


def test_undo_of_a_drop_takes_back_a_room_that_it_added(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 17))
    address, room = url(cast, f"bookings/{booking.id}/place/"), cast.alpha.rooms["a"].id
    clerk = sign_in("clerk")
    dropped = clerk.post(address, {"room": str(room)}).json()
    with chain_scope(cast.alpha.info):
        assert Booking.objects.get(id=booking.id).resource_id == room
    assert clerk.post(address, dropped["undo"]).status_code == 200
    with chain_scope(cast.alpha.info):
        assert Booking.objects.get(id=booking.id).resource_id is None
        assert not Claim.objects.filter(booking_id=booking.id, resource_id=room, active=True).exists()
        assert check_bookings() == []
