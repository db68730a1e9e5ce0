"""Sessions at the desk: opened from the timeline, joined, moved with everybody in them; one seat moved elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from chains.scope import chain_scope
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.models import Booking, Session
from tenants.extension import registry
from tenants.extension.hooks import Field, Hooks
from tenants.extension.manifest import Manifest
from tenants.people.models import Leave
from tenants.stores.models import Store
from tests.booking.counted import Counted
from tests.ground.cast import Cast, local
from tests.web.test_workbench import concerns
from tests.web.test_workbench_timeline import names
from tests.web.workbench import TODAY, _noon, make_booking, sign_in, text_of, url

__all__ = ["_noon", "sign_in"]  # fixtures

FOUR = local(TODAY, 16)


class House:
    """North with a session of today, given by Ya, in which Su has a seat."""

    def __init__(self, cast: Cast, **plan: Any) -> None:
        self.cast = cast
        with chain_scope(cast.alpha.info):
            self.counted = Counted(cast.alpha)
            who = cast.alpha.employees["practitioner"].id
            self.session = self.counted.session(FOUR, **{"practitioner_id": who, **plan})
            self.seat = self.counted.book(session_id=self.session.id)

    def url(self, tail: str = "") -> str:
        return url(self.cast, f"sessions/{self.session.id}/{tail}")

    def stands(self) -> tuple[Any, ...]:
        with chain_scope(self.cast.alpha.info):
            assert check_bookings() == []
            now = Session.objects.get(id=self.session.id)
            return now.starts_at, now.practitioner_id, now.resource_id

    def place(self, browser: Client, **fields: Any) -> Any:
        return browser.post(self.url("place/"), fields)


@pytest.fixture()
def house(cast: Cast) -> House:
    return House(cast)


@pytest.fixture()
def boots(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """North has a vertical that asks for a size."""
    hooks = Hooks(steps=lambda asked: [Field("size", "Size of boot", "number", required=True)])
    manifest = Manifest(code="boots", names={"en": "b"}, icon="lock", order=1, services=(), hooks=hooks)
    with chain_scope(cast.alpha.info):
        Store.objects.filter(id=cast.alpha.stores["north"].id).update(verticals=["boots"])
    monkeypatch.setattr(registry, "verticals", lambda: (manifest,))
    yield


# On the timeline


def test_a_session_is_a_block_that_opens_and_moves_for_whoever_plans_sessions(house, cast, sign_in):
    for role, movable in (("store_manager", True), ("clerk", False)):
        answer = sign_in(role).get(url(cast))
        assert names(cast, answer)["practitioner"] == ["Flow 1/3"]
        block = re.search(rf'<a [^>]*id="block-{house.session.id}"[^>]*>', answer.content.decode())
        assert block is not None
        hand = f'data-can="move" data-place="{house.url("place/")}"'
        assert (hand in block.group(), f'hx-get="{house.url()}"' in block.group()) == (movable, True)


def test_a_session_of_nobody_stands_in_a_column_of_its_own(cast, sign_in):
    House(cast, practitioner_id=None)
    clerk = sign_in("clerk")
    assert names(cast, clerk.get(url(cast)))["nobody"] == ["Flow 1/3"]
    assert names(cast, clerk.get(url(cast, "?view=rooms")))["noroom"] == ["Flow 1/3"]


def test_the_week_of_who_gives_it_shows_the_session_once_and_not_its_seats(house, cast, sign_in):
    who = cast.alpha.employees["practitioner"].id
    found = names(cast, sign_in("clerk").get(url(cast, f"?view=week&who={who}")))
    assert found[f"2026-11-{TODAY}"] == ["Flow 1/3"]


@pytest.mark.parametrize("asked", ["status=confirmed", "channel=online", "service=other"])
def test_a_filter_that_leaves_a_session_out_shows_its_time_as_taken(house, cast, sign_in, asked):
    asked = asked.replace("other", str(cast.alpha.services["facial"].id))
    answer = sign_in("clerk").get(url(cast, f"?{asked}"))
    assert names(cast, answer)["practitioner"] == []
    assert "Flow 1/3" in text_of(answer)


# Its panel


def test_the_panel_says_who_is_booked_and_offers_what_may_be_done(house, cast, sign_in):
    page = sign_in("store_manager").get(house.url(), HTTP_HX_REQUEST="true")
    words = text_of(page)
    for said in (
        "Flow",
        "1 of 3 places, 0 here",
        "苏晴",
        "Confirmed",
        "Redeem",
        "Add a guest",
        "Move session",
    ):
        assert said in words
    assert "Move session" not in text_of(sign_in("clerk").get(house.url()))
    whole = sign_in("clerk").get(url(cast, f"?session={house.session.id}")).content.decode()
    assert f'data-booking="{house.session.id}" data-kind="session"' in whole


def test_a_guest_joins_and_what_the_vertical_asks_is_asked_here_too(house, boots, cast, sign_in):
    clerk = sign_in("clerk")
    assert "Size of boot" in text_of(clerk.get(house.url()))
    nobody = clerk.post(house.url("join/"), {"boots.size": "43"})
    unanswered = clerk.post(house.url("join/"), {"who": "Walk", "seats": "2"})
    assert (nobody.status_code, unanswered.status_code) == (422, 422)
    assert 'value="Walk"' in unanswered.content.decode()
    joined = clerk.post(house.url("join/"), {"who": "Walk", "seats": "2", "boots.size": "43"})
    assert (joined.status_code, joined["Location"]) == (302, house.url())
    with chain_scope(cast.alpha.info):
        booking = Booking.objects.get(member__name="Walk")
        assert (booking.party_size, booking.details) == (2, {"boots": {"size": 43}})
    assert "3 of 3 places" in text_of(clerk.get(house.url()))
    assert "Add a guest" not in text_of(clerk.get(house.url()))


def test_the_page_of_sessions_asks_a_walk_in_the_same_and_keeps_what_was_typed(house, boots, cast, sign_in):
    clerk, form = sign_in("clerk"), {"name": "Walk", "seats": "1"}
    address = url(cast, f"scheduled/{house.session.id}/join/")
    refused = clerk.post(address, form)
    assert (refused.status_code, 'value="Walk"' in refused.content.decode()) == (422, True)
    assert "Size of boot" in text_of(refused)
    assert clerk.post(address, {**form, "boots.size": "43"}).status_code == 302
    with chain_scope(cast.alpha.info):
        assert Booking.objects.get(member__name="Walk").details == {"boots": {"size": 43}}


# Moving


def test_a_drop_moves_the_session_and_its_toast_takes_it_back(house, cast, sign_in):
    manager, lin = sign_in("store_manager"), cast.alpha.employees["second"].id
    before = house.stands()
    dropped = house.place(manager, starts_at=local(TODAY, 18).isoformat(), who=str(lin), version="1")
    assert dropped.json()["words"] == "Now 18:00–19:00 · Lin, and whoever booked is told"
    assert house.stands() == (local(TODAY, 18), lin, None)
    room = cast.alpha.rooms["a"].id
    roomed = house.place(manager, room=str(room), version="2").json()
    assert house.stands() == (local(TODAY, 18), lin, room)
    house.place(manager, **roomed["undo"])
    house.place(manager, **{**dropped.json()["undo"], "version": "4"})
    assert house.stands() == before


def test_a_trial_says_what_stands_against_it_and_a_refused_drop_what_would_do(house, cast, sign_in):
    make_booking(cast, at=local(TODAY, 18), member="chen")
    manager, at = sign_in("store_manager"), local(TODAY, 18).isoformat()
    tried = house.place(manager, starts_at=at, version="1", **{"try": "1"})
    assert tried.json() == {"fits": False, "words": "Ya is already booked at that time."}
    refused = house.place(manager, starts_at=at, version="1")
    words = text_of(refused)
    assert refused.status_code == 409
    assert "It stays where it was" in words and "Today, 16:45" in words
    assert house.stands()[0] == FOUR
    with chain_scope(cast.alpha.info):
        lin = cast.alpha.employees["second"]
        house.counted.session(local(TODAY, 14), practitioner_id=lin.id)
    other = house.place(manager, starts_at=local(TODAY, 14).isoformat(), who=str(lin.id), version="1")
    assert f'name="who" value="{lin.id}"' in other.content.decode()
    assert house.place(sign_in("clerk"), starts_at=at).status_code == 403


def test_the_form_says_whether_it_fits_before_it_moves(house, cast, sign_in):
    make_booking(cast, at=local(TODAY, 18), member="chen")
    manager, asked = sign_in("store_manager"), {"on": f"2026-11-{TODAY}", "at": "18:00"}
    form = text_of(manager.get(house.url("move/")))
    assert "1 booking moves with it and is told." in form
    against = text_of(manager.get(house.url("move/"), {**asked, "try": "1"}))
    assert "Ya is already booked at that time." in against and "This would do" in against
    lin = str(cast.alpha.employees["second"].id)
    free = text_of(manager.get(house.url("move/"), {**asked, "who": lin, "try": "1"}))
    assert free.strip() == "Free: 18:00–19:00"
    assert manager.post(house.url("move/"), {**asked, "version": "1"}).status_code == 409
    moved = manager.post(house.url("move/"), {**asked, "who": lin, "version": "1"})
    assert (moved.status_code, house.stands()[:2]) == (
        302,
        (local(TODAY, 18), cast.alpha.employees["second"].id),
    )
    assert sign_in("clerk").get(house.url("move/")).status_code == 403


def test_a_time_of_other_digits_is_no_time_and_moves_nothing(house, cast, sign_in):
    answer = sign_in("store_manager").get(house.url("move/"), {"try": "1", "on": "2026-11-18", "at": "²:00"})
    assert (answer.status_code, house.stands()[0]) == (200, FOUR)


def test_one_seat_moves_to_another_session_and_is_offered_those_with_room(house, cast, sign_in):
    with chain_scope(cast.alpha.info):
        house.counted.session(local(TODAY, 19))
        house.counted.session(local(TODAY, 20), seats=1)
        full = Session.objects.get(starts_at=local(TODAY, 20))
        house.counted.book(session_id=full.id, who="chen")
    clerk, address = sign_in("clerk"), url(cast, f"bookings/{house.seat.id}/move/")
    page = clerk.get(address)
    assert re.findall(r'name="starts_at" value="([^"]+)"', page.content.decode()) == [
        local(TODAY, 19).isoformat()
    ]
    assert "3 places left" in text_of(page)
    moved = clerk.post(address, {"starts_at": local(TODAY, 19).isoformat(), "version": "1"})
    assert moved.status_code == 302
    with chain_scope(cast.alpha.info):
        assert Booking.objects.get(id=house.seat.id).starts_at == local(TODAY, 19)
    panel = text_of(clerk.get(url(cast, f"bookings/{house.seat.id}/")))
    assert "Open the session" in panel


def leave(cast: Cast, first: Any, end: Any) -> None:
    """Ya is away, without anybody having been asked about sessions."""
    with chain_scope(cast.alpha.info):
        Leave.objects.create(employee=cast.alpha.employees["practitioner"], starts_at=first, ends_at=end)


def test_a_session_whose_person_is_on_leave_by_now_needs_attention_with_the_way_to_change_it(
    cast, house, sign_in, monkeypatch
):
    clerk, owner = sign_in("clerk"), sign_in("store_manager")
    assert concerns(owner.get(url(cast))) == []
    leave(cast, FOUR, local(TODAY, 17))
    assert concerns(owner.get(url(cast))) == [("session_leave", "Ya is on leave")]
    assert "16:00 Flow 1/3" in text_of(owner.get(url(cast)))
    ways = {
        who: re.findall(r'hx-get="[^"]*/sessions/[^"/]+/([a-z]*)', part_of(browser.get(url(cast))))
        for who, browser in (("manager", owner), ("clerk", clerk))
    }
    assert ways == {"manager": ["move"], "clerk": [""]}
    monkeypatch.setattr("django.utils.timezone.now", lambda: local(TODAY, 18))
    assert "session_leave" not in dict(concerns(owner.get(url(cast))))


def part_of(answer: Any) -> str:
    return answer.content.decode().split('data-concern="session_leave"')[1].split("</section>")[0]


def test_the_form_of_one_booking_offers_no_service_that_is_booked_by_session(cast, house, sign_in):
    clerk = sign_in("clerk")
    body = clerk.get(url(cast, "new/"), {"service": str(house.counted.flow.id)}).content.decode()
    offered = re.findall(r'name="service"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="service"', body)
    keys = {one or other for one, other in offered}
    assert str(house.counted.flow.id) not in keys
    assert str(cast.alpha.services["facial"].id) in keys
