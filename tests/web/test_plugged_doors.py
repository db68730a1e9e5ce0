"""What a vertical asks is asked on every page that makes a booking; the waiting list knows how many come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from chains.scope import chain_scope
from tenants.booking.domain.desk_payments import take_deposit
from tenants.booking.domain.payments import open_payment
from tenants.booking.domain.policies import write_policy
from tenants.booking.domain.waiting import serve_store
from tenants.booking.domain.waiting_offers import offer_token
from tenants.booking.models import Booking, Status, Wish
from tenants.extension import registry
from tenants.extension.answers import DetailsInvalid
from tenants.extension.hooks import Field, Hooks
from tenants.extension.manifest import Manifest
from tenants.people.domain.rights import Actor
from tenants.stores.models import Store
from tests.bars.rights_world import session_of
from tests.booking.counted import Counted
from tests.booking.queue import at, wish_of
from tests.ground.cast import NOW, Cast, Chain

SIZE = {"boots": {"size": 43}}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture()
def boots(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """Alpha, whose North has a vertical that asks for a size."""
    hooks = Hooks(steps=lambda asked: [Field("size", "Size of boot", "number", required=True)])
    manifest = Manifest(code="boots", names={"en": "b"}, icon="lock", order=1, services=(), hooks=hooks)
    monkeypatch.setattr(registry, "verticals", lambda: (manifest,))
    with chain_scope(cast.alpha.info):
        Store.objects.filter(id=cast.alpha.stores["north"].id).update(verticals=["boots"])
    return cast.alpha


def su_of(chain: Chain) -> Client:
    client = Client(HTTP_HOST="alpha.tessera.test", HTTP_ACCEPT_LANGUAGE="en")
    client.cookies.load(session_of(chain, member=chain.members["su"].id))
    return client


def only_booking(chain: Chain) -> Booking:
    with chain_scope(chain.info):
        return Booking.objects.get()


@pytest.mark.parametrize("kind", ["session", "pickup"])
def test_a_member_who_is_asked_something_holds_the_place_and_answers_on_the_next_page(
    boots: Chain, kind: str
) -> None:
    with chain_scope(boots.info):
        counted = Counted(boots)
        session, window, serum = counted.session(), counted.windows()[0], counted.product()
    client = su_of(boots)
    if kind == "session":
        held = client.post(f"/sessions/{session.id}/take/", {"seats": "1"})
    else:
        form = {"store": counted.store.id, "window": window.id, f"item-{serum.id}": "1"}
        held = client.post("/pickup/", form)
    booking = only_booking(boots)
    assert (held.status_code, held["Location"], booking.status) == (
        302,
        f"/confirm/{booking.id}/",
        Status.HELD,
    )
    assert "Size of boot" in client.get(held["Location"]).content.decode()
    done = client.post(held["Location"], {"boots.size": "43"})
    booking = only_booking(boots)
    assert (done.status_code, booking.status, booking.details) == (302, Status.CONFIRMED, SIZE)


def test_an_offer_asks_on_its_page_and_stands_until_it_is_answered(boots: Chain) -> None:
    with chain_scope(boots.info):
        by = Actor(member_id=boots.members["su"].id, name="Su")
        wish_of(boots, by)
        (offer,) = serve_store(boots.stores["north"].id, now=at(0))
        url = f"/waiting/offer/{offer_token(offer.id)}/"
    client = su_of(boots)
    assert "Size of boot" in client.get(url).content.decode()
    wrong = client.post(url, {"answer": "accept", "boots.size": ""})
    assert (wrong.status_code, only_booking(boots).status) == (422, Status.HELD)
    assert 'form="take"' in wrong.content.decode()
    done = client.post(url, {"answer": "accept", "boots.size": "43"})
    booking = only_booking(boots)
    assert (done.status_code, booking.status, booking.details) == (302, Status.CONFIRMED, SIZE)


def test_the_desk_confirms_an_offers_hold_with_what_is_asked(boots: Chain) -> None:
    with chain_scope(boots.info):
        wish_of(boots, Actor(member_id=boots.members["su"].id, name="Su"))
        (offer,) = serve_store(boots.stores["north"].id, now=at(0))
    url = f"/workbench/{boots.stores['north'].id}/bookings/{offer.booking_id}/confirm/"
    clerk = Client(HTTP_HOST="alpha.tessera.test", HTTP_ACCEPT_LANGUAGE="en")
    clerk.cookies.load(session_of(boots, user=boots.employees["clerk"].user))
    asked = clerk.post(url, {"version": "1"})
    assert (asked.status_code, "Size of boot" in asked.content.decode()) == (422, True)
    wrong = clerk.post(url, {"version": "1", "boots.size": "large"})
    assert (wrong.status_code, only_booking(boots).status) == (422, Status.HELD)
    assert clerk.post(url, {"version": "1", "boots.size": "43"}).status_code == 302
    booking = only_booking(boots)
    assert (booking.status, booking.details) == (Status.CONFIRMED, SIZE)


@pytest.mark.parametrize("act", ["take-deposit", "deposit/waive"])
def test_the_desk_settles_an_offers_deposit_with_what_is_asked(boots: Chain, act: str) -> None:
    with chain_scope(boots.info):
        policy = {"deposit_kind": "fixed", "deposit_value": 5000, "currency": "CNY"}
        write_policy(policy, by=boots.actors["owner"], now=at(0))
        wish_of(boots, Actor(member_id=boots.members["su"].id, name="Su"))
        (offer,) = serve_store(boots.stores["north"].id, now=at(0))
    url = f"/workbench/{boots.stores['north'].id}/bookings/{offer.booking_id}/{act}/"
    manager = Client(HTTP_HOST="alpha.tessera.test", HTTP_ACCEPT_LANGUAGE="en")
    manager.cookies.load(session_of(boots, user=boots.employees["store_manager"].user))
    asked = manager.post(url, {"reason": "a regular"})
    page = asked.content.decode()
    assert (asked.status_code, "Size of boot" in page, f'action="{url}"' in page) == (422, True, True)
    assert '<input type="hidden" name="reason" value="a regular">' in page
    assert only_booking(boots).status == Status.HELD
    assert manager.post(url, {"reason": "a regular", "boots.size": "43"}).status_code == 302
    booking = only_booking(boots)
    assert (booking.status, booking.details) == (Status.CONFIRMED, SIZE)


def test_a_member_pays_an_offers_deposit_only_with_what_is_asked_and_the_desk_asks_no_more(
    boots: Chain,
) -> None:
    with chain_scope(boots.info):
        policy = {"deposit_kind": "fixed", "deposit_value": 5000, "currency": "CNY"}
        write_policy(policy, by=boots.actors["owner"], now=at(0))
        su = Actor(member_id=boots.members["su"].id, name="Su")
        wish_of(boots, su)
        (offer,) = serve_store(boots.stores["north"].id, now=at(0))
        with pytest.raises(DetailsInvalid):
            open_payment(offer.booking_id, by=su, now=at(0))
        token = offer_token(offer.id)
    pressed = su_of(boots).post(f"/my/{offer.booking_id}/pay/")
    assert pressed["Location"] == f"/waiting/offer/{token}/"
    assert "Size of boot" in su_of(boots).get(pressed["Location"]).content.decode()
    with chain_scope(boots.info):
        open_payment(offer.booking_id, details=SIZE, by=su, now=at(0))
        take_deposit(offer.booking_id, by=boots.actors["clerk"], now=at(0))
    booking = only_booking(boots)
    assert (booking.status, booking.details) == (Status.CONFIRMED, SIZE)


def test_who_joins_the_waiting_list_for_a_party_waits_for_places_for_all(cast: Cast) -> None:
    chain = cast.alpha
    client = su_of(chain)
    url = f"/waiting/join/{chain.services['facial'].id}/"
    asked: dict[str, Any] = {"store": chain.stores["north"].id, "day": "2026-11-23", "party": "3"}
    page = client.get(url, asked).content.decode()
    assert '<input type="hidden" name="party" value="3">' in page
    assert "3 people" in page
    assert client.post(url, {**asked, "when": "day"}).status_code == 302
    with chain_scope(chain.info):
        assert Wish.objects.get().party_size == 3
