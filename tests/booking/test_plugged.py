"""Every door that makes or moves a booking asks the plug-ins: their questions, and their rules, once each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chains.refusals import Refusal
from tenants.booking.domain.book import book
from tenants.booking.domain.change import confirm_booking, reschedule_booking
from tenants.booking.domain.open import NotOpen
from tenants.booking.domain.placing import resize_booking
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.domain.visitor_holds import confirm_visitor_hold, hold_scheduled_for_visitor
from tenants.booking.domain.waiting import serve_store
from tenants.booking.domain.waiting_offers import accept_offer
from tenants.booking.models import Booking, OfferState, Status, WaitingOffer
from tenants.extension import registry
from tenants.extension.answers import DetailsInvalid
from tenants.extension.hooks import Field, Hooks
from tenants.extension.hooks import Wish as Heard
from tenants.extension.manifest import Manifest
from tenants.stores.models import Store
from tests.booking.counted import Counted
from tests.booking.queue import at, make_members, wish_of
from tests.ground.cast import NOW, local
from tests.ground.messages import questions

SIZE = {"boots": {"size": 43}}


class Locked(Refusal):
    code = "locked"
    detail = "The door is locked."


class Boots:
    """A vertical that asks for a size and hears every wish; `shut` refuses those that are complete."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, bool, bool]] = []
        self.shut = False

    def ask(self, asked: Any) -> list[Field]:
        return [Field("size", "Size", "number", required=True)]

    def hear(self, wish: Heard) -> None:
        self.heard.append((wish.details.get("size"), wish.complete, wish.moves))
        if self.shut and wish.complete:
            raise Locked


@pytest.fixture()
def boots(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> Iterator[Boots]:
    """Boots, switched on at North."""
    found = Boots()
    hooks = Hooks(steps=found.ask, rules=found.hear)
    manifest = Manifest(code="boots", names={"en": "b"}, icon="lock", order=1, services=(), hooks=hooks)
    monkeypatch.setattr(registry, "verticals", lambda: (manifest,))
    Store.objects.filter(id=counted.store.id).update(verticals=["boots"])
    yield found


def spots(counted: Counted) -> dict[str, dict[str, Any]]:
    """A session, and goods in a window."""
    from tenants.booking.domain.items import Item

    window = counted.windows()[0]
    return {
        "session": {"session_id": counted.session().id},
        "pickup": {"window_id": window.id, "items": (Item(counted.product().id, 1),)},
    }


@pytest.mark.parametrize("kind", ["session", "pickup"])
def test_seats_and_pickups_are_asked_before_anything_is_taken(
    counted: Counted, boots: Boots, kind: str
) -> None:
    wish = spots(counted)[kind]
    for by in ("su", "clerk"):
        member = {"member": counted.chain.members["chen"].id} if by == "clerk" else {}
        with pytest.raises(DetailsInvalid):
            book_scheduled(Wish(**wish), by=counted.chain.actors[by], now=NOW, **member)
    assert Booking.objects.count() == 0
    booking = counted.book(**wish, details=SIZE)
    assert (booking.details, boots.heard) == (SIZE, [(43, True, False)])
    boots.shut = True
    with pytest.raises(Locked):
        counted.book(who="chen", **wish, details=SIZE)
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("kind", ["session", "pickup"])
def test_a_visitor_is_asked_when_the_hold_becomes_a_booking(
    counted: Counted, boots: Boots, kind: str
) -> None:
    wish = Wish(**spots(counted)[kind])
    held = hold_scheduled_for_visitor(wish, visitor="key", address="10.0.0.1", now=NOW)
    assert (held.details, boots.heard) == ({}, [(None, False, False)])
    su = counted.chain.actors["su"]
    with pytest.raises(DetailsInvalid):
        confirm_visitor_hold(held.id, visitor="key", by=su, now=NOW)
    done = confirm_visitor_hold(held.id, visitor="key", by=su, now=NOW, details=SIZE)
    assert (done.details, boots.heard[1:]) == (SIZE, [(43, True, False)])


def test_seats_that_are_held_stay_as_many_as_were_held(
    counted: Counted, boots: Boots, monkeypatch: Any
) -> None:
    monkeypatch.setattr(boots, "ask", None)
    hooks = Hooks(steps=lambda asked: [Field("people", "People", "number", fills="party_size")])
    manifest = Manifest(code="boots", names={"en": "b"}, icon="lock", order=1, services=(), hooks=hooks)
    monkeypatch.setattr(registry, "verticals", lambda: (manifest,))
    wish = Wish(**spots(counted)["session"], party_size=2)
    held = hold_scheduled_for_visitor(wish, visitor="key", address="10.0.0.1", now=NOW)
    su = counted.chain.actors["su"]
    with pytest.raises(DetailsInvalid) as refused:
        confirm_visitor_hold(held.id, visitor="key", by=su, now=NOW, details={"boots": {"people": 3}})
    assert [(one.field, one.code) for one in refused.value.errors] == [("party_size", "not_as_held")]
    done = confirm_visitor_hold(held.id, visitor="key", by=su, now=NOW, details={"boots": {"people": 2}})
    assert (done.party_size, done.status) == (2, Status.CONFIRMED)


def test_a_move_to_another_session_is_heard(counted: Counted, boots: Boots) -> None:
    first, other = counted.session(), counted.session(local(24, 10))
    booking = counted.book(session_id=first.id, details=SIZE)
    boots.shut = True
    act = {"starts_at": other.starts_at, "by": counted.chain.actors["su"], "now": NOW}
    with pytest.raises(Locked):
        reschedule_booking(booking.id, **act)
    boots.shut = False
    assert reschedule_booking(booking.id, **act).session_id == other.id
    assert boots.heard[1:] == [(43, True, True)] * 2


def test_a_booking_that_is_made_longer_is_heard(counted: Counted, boots: Boots) -> None:
    chain = counted.chain
    booking = book(
        chain.services["facial"].id,
        store_id=counted.store.id,
        starts_at=local(23, 10),
        by=chain.actors["su"],
        details=SIZE,
        now=NOW,
    )
    boots.shut = True
    ends_at = booking.ends_at + timedelta(minutes=15)
    with pytest.raises(Locked):
        resize_booking(booking.id, ends_at=ends_at, by=chain.actors["clerk"], now=NOW)
    assert Booking.objects.get(id=booking.id).ends_at == booking.ends_at
    assert boots.heard[1:] == [(43, True, True)]


def offered(counted: Counted, **asked: Any) -> tuple[Any, WaitingOffer]:
    (by,) = make_members(1)
    wish_of(counted.chain, by, **asked)
    (offer,) = serve_store(counted.store.id, now=at(1))
    return by, WaitingOffer.objects.get(id=offer.id)


@pytest.mark.parametrize("door", ["accept", "confirm"])
def test_an_offer_is_asked_when_it_is_accepted(counted: Counted, boots: Boots, door: str) -> None:
    by, offer = offered(counted)
    assert [complete for _size, complete, _moves in boots.heard] == [False]
    with pytest.raises(DetailsInvalid):
        if door == "accept":
            accept_offer(offer.wish_id, by=by, now=at(2))
        else:
            confirm_booking(offer.booking_id, by=by, now=at(2))
    boots.shut = True
    with pytest.raises(Locked):
        accept_offer(offer.wish_id, by=by, now=at(2), details=SIZE)
    boots.shut = False
    assert WaitingOffer.objects.get(id=offer.id).state == OfferState.OPEN
    booking = accept_offer(offer.wish_id, by=by, now=at(2), details=SIZE)
    assert (booking.status, Booking.objects.get(id=booking.id).details) == (Status.CONFIRMED, SIZE)
    assert WaitingOffer.objects.get(id=offer.id).state == OfferState.ACCEPTED


def test_who_agreed_to_be_booked_at_once_is_told_where_something_is_asked(
    counted: Counted, boots: Boots
) -> None:
    _by, offer = offered(counted, auto_accept=True)
    assert (offer.state, offer.told_at) == (OfferState.OPEN, at(1))
    assert Booking.objects.get(id=offer.booking_id).status == Status.HELD


@pytest.mark.parametrize("door", ["book", "hold"])
def test_a_chain_that_is_not_open_gives_no_seats_and_is_asked_once(
    counted: Counted, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    wish = Wish(**spots(counted)["session"])

    def take(who: str) -> Booking:
        if door == "book":
            return book_scheduled(wish, by=counted.chain.actors[who], now=NOW)
        return hold_scheduled_for_visitor(wish, visitor="key", address="10.0.0.1", now=NOW)

    with questions() as asked:
        take("su")
    assert sum("own_chain()" in sql for sql in asked) == 1
    monkeypatch.setattr("tenants.booking.domain.open._own_row", lambda: ("trial", None))
    with pytest.raises(NotOpen):
        take("chen")
    assert Booking.objects.count() == 1
