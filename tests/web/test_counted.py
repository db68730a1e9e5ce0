"""Sessions, pickups and stock on the pages of members, clerks and owners."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from chains.scope import chain_scope
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.models import Booking, PickupWindow, Session, Status, Stock
from tenants.catalogue.models import Product
from tests.bars.rights_world import session_of
from tests.booking.counted import EVENING, Counted
from tests.ground.cast import NOW, Cast


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


class House:
    """North with a session, pickup windows and a product; a browser a person."""

    def __init__(self, cast: Cast) -> None:
        self.chain = cast.alpha
        self.north = cast.alpha.stores["north"].id
        with chain_scope(cast.alpha.info):
            self.counted = Counted(cast.alpha)
            self.session = self.counted.session(
                seats=2, practitioner_id=cast.alpha.employees["practitioner"].id
            )
            self.window = self.counted.windows()[0]
            self.serum = self.counted.product()

    def browser(self, *, user: str = "", member: str = "") -> Client:
        client = Client(HTTP_HOST="alpha.tessera.test", HTTP_ACCEPT_LANGUAGE="en")
        person = self.chain.employees[user].user if user else None
        who = self.chain.members[member].id if member else None
        if user or member:
            client.cookies.load(session_of(self.chain, user=person, member=who))
        return client

    def booked(self) -> Booking:
        with chain_scope(self.chain.info):
            assert check_bookings() == []
            return Booking.objects.get()


@pytest.fixture()
def house(cast: Cast) -> House:
    return House(cast)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_shop_leads_to_sessions_and_pickups(house: House) -> None:
    page = house.browser().get(f"/?store={house.north}").content.decode()
    assert f'href="/sessions/?store={house.north}&amp;service={house.counted.flow.id}"' in page
    assert f'href="/pickup/?store={house.north}"' in page
    led = house.browser().get(f"/book/{house.counted.flow.id}/?store={house.north}")
    assert led.status_code == 302


def test_list_says_of_each_session_what_is_left(house: House) -> None:
    address = f"/sessions/?store={house.north}&day=2026-11-23"
    assert "2 of 2 left" in text_of(house.browser().get(address))
    with chain_scope(house.chain.info):
        house.counted.book(session_id=house.session.id, who="chen")
    assert "Only 1 place left" in text_of(house.browser().get(address))
    with chain_scope(house.chain.info):
        house.counted.book(session_id=house.session.id)
    assert "Full" in text_of(house.browser().get(address))
    assert "Booked" in text_of(house.browser(member="su").get(address))


def test_member_books_a_seat_in_one_tap_and_a_full_session_says_so(house: House) -> None:
    su = house.browser(member="su")
    done = su.post(f"/sessions/{house.session.id}/take/?store={house.north}")
    booking = house.booked()
    assert (done.status_code, done["Location"]) == (302, f"/my/{booking.id}/?new=1")
    again = su.post(f"/sessions/{house.session.id}/take/?store={house.north}&day=2026-11-23")
    assert again.status_code == 409
    ticket = text_of(su.get(f"/my/{booking.id}/"))
    assert "Flow" in ticket and "Choose another time" in ticket


def test_visitor_holds_a_seat_and_is_led_to_confirm_it(house: House) -> None:
    visitor = house.browser()
    held = visitor.post(f"/sessions/{house.session.id}/take/?store={house.north}")
    booking = house.booked()
    assert (held["Location"], booking.status) == (f"/confirm/{booking.id}/", Status.HELD)
    assert visitor.get(held["Location"]).status_code == 200


def test_pickup_page_takes_goods_and_window_in_one_form(house: House) -> None:
    su = house.browser(member="su")
    page = text_of(su.get(f"/pickup/?store={house.north}&day=2026-11-23"))
    assert "Serum" in page and "10:00–11:00" in page
    form = {"store": house.north, "window": house.window.id, f"item-{house.serum.id}": "2"}
    done = su.post("/pickup/", form)
    booking = house.booked()
    assert (done.status_code, booking.price_amount) == (302, 25600)
    ticket = text_of(su.get(done["Location"]))
    assert "Reserved for you" in ticket and "× 2" in ticket
    short = su.post("/pickup/", {**form, f"item-{house.serum.id}": "4"})
    nothing = su.post("/pickup/", {**form, f"item-{house.serum.id}": "0"})
    unset = su.post("/pickup/", {"store": house.north})
    assert (short.status_code, nothing.status_code, unset.status_code) == (409, 422, 422)


def test_desk_shows_the_roster_lets_a_guest_join_and_redeems(house: House) -> None:
    clerk = house.browser(user="clerk")
    address = f"/workbench/{house.north}/scheduled/?on=2026-11-23"
    joined = clerk.post(
        f"/workbench/{house.north}/scheduled/{house.session.id}/join/?on=2026-11-23",
        {"name": "Walk", "phone": "13800000077", "seats": "2"},
    )
    assert (joined.status_code, joined["Location"]) == (302, address)
    page = text_of(clerk.get(address))
    assert "Walk" in page and "2 of 2 places, 0 here" in page
    full = clerk.post(f"/workbench/{house.north}/scheduled/{house.session.id}/join/", {"name": "More"})
    assert full.status_code == 409
    with time_machine.travel(EVENING, tick=False):
        clerk.post(f"/workbench/{house.north}/bookings/{house.booked().id}/redeem/")
        assert "2 of 2 places, 1 here" in text_of(clerk.get(address))


def test_sessions_stand_on_the_desks_timeline_as_one_thing(house: House) -> None:
    with chain_scope(house.chain.info):
        house.counted.book(session_id=house.session.id)
    page = text_of(house.browser(user="clerk").get(f"/workbench/{house.north}/?on=2026-11-23"))
    assert "Flow 1/2" in page


def test_desk_corrects_the_stock_with_a_reason(house: House) -> None:
    clerk = house.browser(user="clerk")
    address = f"/workbench/{house.north}/stock/{house.serum.id}/"
    assert clerk.post(address, {"units": "-2", "reason": "damaged"}).status_code == 302
    assert clerk.post(address, {"units": "x", "reason": "damaged"}).status_code == 422
    with chain_scope(house.chain.info):
        stock = Stock.objects.get()
        changes = list(stock.changes.order_by("id").values_list("units", "reason"))
        assert (stock.pool.capacity, changes) == (3, [(5, "delivered"), (-2, "damaged")])


def test_owner_plans_sessions_calls_one_off_and_lays_pickups(house: House) -> None:
    owner = house.browser(user="owner")
    form = {
        "service": house.counted.flow.id, "day": "2026-11-24", "clock": "18:00", "practitioner": "",
        "resource": "", "capacity": "8", "minimum": "3", "weeks": "2",
    }  # fmt: skip
    made = owner.post(f"/manage/sessions/new/{house.north}/", form)
    assert (made.status_code, made["Location"]) == (302, f"/manage/sessions/?store={house.north}")
    clash = owner.post(
        f"/manage/sessions/new/{house.north}/",
        {**form, "day": "2026-11-23", "practitioner": house.chain.employees["practitioner"].id},
    )
    assert clash.status_code == 422 and "is already booked" in text_of(clash)
    off = owner.post(f"/manage/sessions/{house.session.id}/call-off/", {"reason": "too few"})
    assert off.status_code == 302
    spans = {"weekdays": ["2"], "starts": "10:00", "ends": "12:00", "minutes": "30", "cap": "4"}
    assert owner.post(f"/manage/pickups/{house.north}/", spans).status_code == 302
    page = text_of(owner.get(f"/manage/sessions/?store={house.north}"))
    assert "Called off" in page and "every 30 min, 4 orders each" in page
    with chain_scope(house.chain.info):
        assert Session.objects.count() == 3
        assert PickupWindow.objects.filter(open=True).count() == 8
        assert check_bookings() == []


def test_owner_adds_a_product_with_its_stock_and_changes_it(house: House) -> None:
    owner = house.browser(user="owner")
    made = owner.post(
        "/manage/products/new/",
        {"name": "Cream", "amount": "59", "active": "on", f"there-{house.north}": "7"},
    )
    assert made.status_code == 302
    with chain_scope(house.chain.info):
        cream = Product.objects.get(name="Cream")
        assert (cream.price_amount, Stock.objects.get(product=cream).pool.capacity) == (5900, 7)
    page = text_of(owner.get("/manage/products/"))
    assert "Cream" in page and "7 here, 0 of them reserved" in page
    stale = owner.post(
        f"/manage/products/{cream.id}/", {"name": "Cream 2", "amount": "60", "active": "on", "version": "0"}
    )
    assert stale.status_code == 422
    changed = owner.post(
        f"/manage/products/{cream.id}/", {"name": "Cream 2", "amount": "60", "active": "on", "version": "1"}
    )
    assert changed.status_code == 302
