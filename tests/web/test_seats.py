"""Seats of a session on the member's pages: how many, paid how, moved where, and waited for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chains.scope import chain_scope
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.items import Item
from tenants.booking.domain.wishes import join_waiting, wanted_seat
from tenants.booking.models import Booking, Wish
from tests.booking.counted import strangers
from tests.ground.cast import NOW, Cast, local
from tests.web.test_counted import House, text_of


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture()
def house(cast: Cast) -> House:
    return House(cast)


def take_url(house: House) -> str:
    return f"/sessions/{house.session.id}/take/"


def booked_one(house: House, key: UUID) -> Booking:
    with chain_scope(house.chain.info):
        assert check_bookings() == []
        return Booking.objects.get(id=key)


def bookings(house: House) -> int:
    with chain_scope(house.chain.info):
        return Booking.objects.count()


def test_the_list_leads_to_the_seats_and_each_number_says_its_price(house: House) -> None:
    su = house.browser(member="su")
    assert f'href="{take_url(house)}"' in su.get(f"/sessions/?store={house.north}").content.decode()
    page = su.get(take_url(house))
    assert "1 place · ¥80 2 places · ¥160" in text_of(page) and "2 places are left" in text_of(page)
    assert "How you pay" not in text_of(page)


def test_as_many_seats_as_chosen_are_booked_at_their_price(house: House) -> None:
    su = house.browser(member="su")
    done = su.post(take_url(house), {"seats": "2"})
    booking = house.booked()
    assert (done.status_code, booking.party_size, booking.price_amount) == (302, 2, 16000)
    assert "2 places" in text_of(su.get(f"/my/{booking.id}/"))


def test_a_visitor_holds_as_many_seats_as_chosen(house: House) -> None:
    house.browser().post(take_url(house), {"seats": "2"})
    assert (house.booked().party_size, house.booked().price_amount) == (2, 16000)


@pytest.mark.parametrize("seats", ["0", "21", "two", "-1", "9999999999"])
def test_what_is_no_number_of_seats_books_nothing(house: House, seats: str) -> None:
    answer = house.browser(member="su").post(f"{take_url(house)}?store={house.north}", {"seats": seats})
    assert (answer.status_code, bookings(house)) == (422, 0)
    assert "From 1 to 20 places can be booked at once." in text_of(answer)


def test_more_seats_than_are_left_are_refused_with_the_list(house: House) -> None:
    answer = house.browser(member="su").post(f"{take_url(house)}?store={house.north}", {"seats": "3"})
    assert (answer.status_code, bookings(house)) == (409, 0)


def test_a_session_without_room_leads_back_to_its_day(house: House) -> None:
    with chain_scope(house.chain.info):
        house.counted.book(session_id=house.session.id, who="chen", party_size=2)
    answer = house.browser(member="su").get(take_url(house))
    assert answer["Location"] == f"/sessions/?store={house.north}&day=2026-11-23"


def test_own_passes_that_fit_are_offered_and_pay_for_the_seats(house: House) -> None:
    with chain_scope(house.chain.info):
        flow, facial = house.counted.flow.id, house.chain.services["facial"].id
        mine = house.counted.member_pass(credits=3, services=(flow,))
        house.counted.member_pass(credits=3, services=(facial,))
        house.counted.member_pass(credits=3, who="chen")
    su = house.browser(member="su")
    page = su.get(take_url(house)).content.decode()
    offered = re.findall(r'name="pass" value="([^"]*)"', page)
    assert (offered, "3 visits left" in page) == (["", str(mine.id)], True)
    su.post(take_url(house), {"seats": "2", "pass": mine.id})
    booking = house.booked()
    assert (booking.pass_id, booking.price_amount) == (mine.id, 0)
    assert "paid with “Ten visits”" in text_of(su.get(f"/my/{booking.id}/"))
    with chain_scope(house.chain.info):
        assert house.counted.taken(mine.pool_id) == (2, 3)


def test_a_pass_that_is_not_ones_own_books_nothing(house: House) -> None:
    with chain_scope(house.chain.info):
        theirs = house.counted.member_pass(who="chen")
    form = {"seats": "1", "pass": theirs.id}
    for browser in (house.browser(member="su"), house.browser()):
        assert browser.post(take_url(house), form).status_code == 404
        assert browser.post(take_url(house), {"pass": "x"}).status_code == 404
    assert bookings(house) == 0


def test_a_seat_is_moved_to_a_session_of_the_service_that_has_room(house: House) -> None:
    with chain_scope(house.chain.info):
        booking = house.counted.book(session_id=house.session.id, party_size=2)
        full = house.counted.session(local(24, 18), seats=2)
        house.counted.book(session_id=full.id, who="chen")
        free = house.counted.session(local(25, 18), seats=4)
        bigger = house.counted.session(local(25, 18), seats=8)
    su = house.browser(member="su")
    page = su.get(f"/my/{booking.id}/move/")
    offered = re.findall(r'name="at" value="([^"]*)"', page.content.decode())
    assert offered == ["2026-11-25T10:00:00Z"] and "8 left" in text_of(page)
    moved = su.post(f"/my/{booking.id}/move/", {"at": offered[0]})
    after = booked_one(house, booking.id)
    assert (moved["Location"], after.session_id) == (f"/my/{booking.id}/?new=1", bigger.id)
    assert (after.code, after.party_size) == (booking.code, 2)
    with chain_scope(house.chain.info):
        pools = (house.session.pool_id, free.pool_id, bigger.pool_id)
        assert [house.counted.taken(one)[0] for one in pools] == [0, 0, 2]


def test_an_order_is_moved_to_another_window(house: House) -> None:
    with chain_scope(house.chain.info):
        first, second = house.counted.windows()[:2]
        items = (Item(house.serum.id, 2),)
        booking = house.counted.book(window_id=first.id, items=items)
    su = house.browser(member="su")
    assert f'href="/my/{booking.id}/move/"' in su.get(f"/my/{booking.id}/").content.decode()
    at = f"{second.starts_at:%Y-%m-%dT%H:%M:%S}Z"
    assert f'value="{at}"' in su.get(f"/my/{booking.id}/move/").content.decode()
    assert su.post(f"/my/{booking.id}/move/", {"at": at}).status_code == 302
    assert booked_one(house, booking.id).pickup_window_id == second.id


def test_a_move_to_what_is_full_or_no_time_changes_nothing(house: House) -> None:
    with chain_scope(house.chain.info):
        booking = house.counted.book(session_id=house.session.id, party_size=2)
        full = house.counted.session(local(24, 18), seats=2)
        house.counted.book(session_id=full.id, who="chen")
    su = house.browser(member="su")
    answers = [
        su.post(f"/my/{booking.id}/move/", {"at": at}).status_code
        for at in ("2026-11-24T10:00:00Z", "tomorrow", "", "2026-11-24T11:00:00Z")
    ]
    assert answers == [409, 400, 400, 404]
    assert "Nothing else has room" in text_of(su.get(f"/my/{booking.id}/move/"))
    assert booked_one(house, booking.id).session_id == house.session.id
    assert house.browser(member="chen").get(f"/my/{booking.id}/move/").status_code == 404


def test_the_list_to_move_to_takes_as_many_queries_for_one_as_for_many(house: House) -> None:
    with chain_scope(house.chain.info):
        booking = house.counted.book(session_id=house.session.id)
    su = house.browser(member="su")
    su.get(f"/my/{booking.id}/move/")  # what a first page reads for good
    counts = []
    for days in ((24,), (25, 26, 27, 28)):
        with chain_scope(house.chain.info):
            for day in days:
                house.counted.session(
                    local(day, 18), practitioner_id=house.chain.employees["practitioner"].id
                )
        with CaptureQueriesContext(connection) as queries:
            assert su.get(f"/my/{booking.id}/move/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def wait_url(house: House, session: UUID) -> str:
    page = house.browser(member="su").get(f"/sessions/?store={house.north}&day=2026-11-23").content.decode()
    links = re.findall(r'href="(/waiting/join/[^"]*)"', page)
    (found,) = [unescape(one) for one in links if str(session) in one]
    return found


def test_a_full_session_leads_in_one_tap_to_its_own_queue(house: House) -> None:
    with chain_scope(house.chain.info):
        twin = house.counted.session(seats=1)
        one, two, ahead = strangers(3)
        house.counted.book_for(one, session_id=house.session.id, party_size=2)
        house.counted.book_for(two, session_id=twin.id)
        join_waiting(wanted_seat(twin.id), by=house.chain.actors["clerk"], now=NOW, member_id=ahead.id)
    su = house.browser(member="su")
    form = su.get(wait_url(house, twin.id)).content.decode()
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    joined = su.post(wait_url(house, twin.id).partition("?")[0], {**fields, "when": "time"})
    assert joined["Location"] == "/my/#waiting"
    with chain_scope(house.chain.info):
        assert Wish.objects.get(member=house.chain.members["su"]).session_id == twin.id
    page = su.get(f"/sessions/?store={house.north}&day=2026-11-23")
    assert "No. 2 in the queue" in text_of(page)
    assert len(re.findall(r'href="/waiting/join/', page.content.decode())) == 1
    assert "in the queue" not in text_of(house.browser(member="chen").get(page.wsgi_request.get_full_path()))


def test_a_session_of_another_time_is_not_waited_for(house: House) -> None:
    with chain_scope(house.chain.info):
        other = house.counted.session(local(24, 18))
    form = {"store": house.north, "at": "2026-11-23T10:00Z", "session": other.id, "when": "time"}
    answer = house.browser(member="su").post(f"/waiting/join/{house.counted.flow.id}/", form)
    with chain_scope(house.chain.info):
        assert (answer.status_code, Wish.objects.count()) == (404, 0)


def test_the_list_takes_as_many_queries_for_one_queue_as_for_many(house: House) -> None:
    su, counts = house.browser(member="su"), []
    address = f"/sessions/?store={house.north}&day=2026-11-24"
    su.get(address)
    for hours in ((8,), (10, 12, 14, 16)):
        with chain_scope(house.chain.info):
            for hour in hours:
                session = house.counted.session(local(24, hour), seats=1, outside="early")
                house.counted.book(session_id=session.id, who="chen")
                join_waiting(wanted_seat(session.id), by=house.chain.actors["su"], now=NOW)
        with CaptureQueriesContext(connection) as queries:
            assert "No. 1 in the queue" in text_of(su.get(address))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_refused_booking_keeps_the_number_and_the_pass(house: House) -> None:
    with chain_scope(house.chain.info):
        mine = house.counted.member_pass(credits=1)
    form = {"seats": "2", "pass": mine.id}
    answer = house.browser(member="su").post(f"{take_url(house)}?store={house.north}", form)
    page = answer.content.decode()
    assert (answer.status_code, bookings(house)) == (409, 0)
    assert re.search(r'<option value="2" selected', page) and 'name="seats"' in page
    assert re.search(rf'name="pass" value="{mine.id}" checked', page)


def test_a_visitor_signs_in_and_finds_the_same_choice_with_the_passes(house: House) -> None:
    with chain_scope(house.chain.info):
        mine = house.counted.member_pass(credits=3)
    visitor = house.browser()
    assert "Sign in to use it" in text_of(visitor.get(take_url(house)))
    gone = visitor.post(f"{take_url(house)}?store={house.north}", {"seats": "2", "sign_in": "1"})
    assert (bookings(house), gone["Location"].split("?")[0]) == (0, "/my/sign-in/")
    back = parse_qs(urlsplit(gone["Location"]).query)["next"][0]
    page = house.browser(member="su").get(back).content.decode()
    assert '<option value="2" selected' in page and f'value="{mine.id}"' in page
    assert "Sign in to use it" not in page


def test_sessions_are_filtered_by_service_and_person_and_show_the_passes(house: House) -> None:
    with chain_scope(house.chain.info):
        house.counted.member_pass(credits=4)
        second = house.chain.employees["second"]
        house.counted.session(local(23, 20), practitioner_id=second.id)
    address = f"/sessions/?store={house.north}&day=2026-11-23"
    su = house.browser(member="su")
    everybody = text_of(su.get(address))
    assert ("18:00" in everybody, "20:00" in everybody, "4 visits left" in everybody) == (True, True, True)
    one = su.get(f"{address}&with={second.id}").content.decode()
    assert ("18:00" in one, "20:00" in one) == (False, True)
    assert re.search(rf'href="[^"]*with={second.id}[^"]*" aria-current="true"', one)
    nobody = text_of(su.get(f"{address}&service={house.chain.services['facial'].id}"))
    assert "No session that day" in nobody
