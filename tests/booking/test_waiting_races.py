"""Two releases at once, answer against expiry, answer twice: one outcome, and the race is real without the guard."""

from __future__ import annotations

from collections import Counter
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from chains.schemas.owner import owner_connection
from tenants.booking.domain import waiting
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.holds import expire_holds
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.penalties import waive_penalty
from tenants.booking.domain.waiting import serve_store
from tenants.booking.domain.waiting_offers import accept_offer, decline_offer
from tenants.booking.models import (
    Booking,
    Cause,
    OfferState,
    Penalty,
    PenaltyKind,
    PenaltyWaiver,
    WaitingOffer,
    Wish,
)
from tests.booking.conftest import Desk
from tests.booking.queue import at, fill_day, make_members, scope, wish_of, work_off
from tests.ground.cast import NOW, Cast, Chain, fill_alpha
from tests.ground.chains import make_chain
from tests.ground.races import race

pytestmark = pytest.mark.race


def _codes(answers: list[Any]) -> Counter[str]:
    refused = [one for one in answers if isinstance(one, Exception)]
    return Counter(getattr(one, "code", repr(one)) for one in refused)


def _freed(chain: Chain, *, places: int, wishes: int) -> list[Any]:
    """So many places of a full day are free again, and nobody has served the queue yet."""
    with scope(chain):
        made = fill_day(chain)
        people = make_members(wishes)
        waits = [wish_of(chain, by, now=at(n / 60)) for n, by in enumerate(people)]
        for booking_id in made[:places]:
            cancel_booking(booking_id, by=chain.actors["store_manager"], now=at(1))
    return list(zip(people, waits, strict=True))


def _serve(chain: Chain, times: int) -> list[Any]:
    act = partial(serve_store, chain.stores["north"].id, now=at(1))
    return race(chain.info, [act] * times)


def test_releases_at_once_offer_each_place_once_and_in_order(cast: Cast) -> None:
    queue = _freed(cast.alpha, places=2, wishes=4)
    assert _codes(_serve(cast.alpha, 4)) == {}
    with scope(cast.alpha):
        offers = list(WaitingOffer.objects.order_by("wish__joined_at").values_list("wish_id", "state"))
        assert offers == [(wish.id, "open") for _by, wish in queue[:2]]
        assert check_bookings() == []


def _both_have_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two serve the queue without its lock, and each has seen the wish waiting before either takes a place."""
    both, real = Barrier(2), waiting.fitting

    def look_then_wait(*args: Any, **options: Any) -> Any:
        found = real(*args, **options)
        both.wait(20)
        return found

    monkeypatch.setattr(waiting, "lock_queue", lambda store_id: None)
    monkeypatch.setattr(waiting, "fitting", look_then_wait)


def test_keys_alone_hold_when_the_lock_is_gone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _freed(cast.alpha, places=2, wishes=1)
    _both_have_looked(monkeypatch)
    assert _codes(_serve(cast.alpha, 2)) == {}
    with scope(cast.alpha):
        assert WaitingOffer.objects.filter(state=OfferState.OPEN).count() == 1
        assert check_bookings() == []


def test_without_lock_and_keys_one_wish_gets_two_offers(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the look alone lets both take a place for the same wish."""
    chain = fill_alpha(make_chain("control"))
    _freed(chain, places=2, wishes=1)
    with owner_connection() as owner:
        owner.execute(f"DROP INDEX {chain.info.schema_name}.waiting_offer_one_open_a_wish")
    _both_have_looked(monkeypatch)
    monkeypatch.setattr(waiting, "set_status", lambda *args, **options: True)
    assert _codes(_serve(chain, 2)) == {}
    with scope(chain):
        assert WaitingOffer.objects.filter(state=OfferState.OPEN).count() == 2


def test_answer_against_expiry_has_one_outcome(cast: Cast) -> None:
    for round_ in range(3):
        if round_ == 0:
            ((by, wish),) = _freed(cast.alpha, places=1, wishes=1)
        with scope(cast.alpha):
            offer = WaitingOffer.objects.filter(state=OfferState.OPEN).first()
            if offer is None:
                (offer,) = serve_store(cast.alpha.stores["north"].id, now=at(1)) or [None]
        if offer is None:
            break
        answers = race(
            cast.alpha.info,
            [
                partial(accept_offer, wish.id, by=by, now=at(2)),
                partial(expire_holds, now=offer.expires_at),
                partial(decline_offer, wish.id, by=by, now=at(2)),
            ],
        )
        assert set(_codes(answers)) <= {"offer_gone", "nothing_offered"}
        work_off(at(40))
        with scope(cast.alpha):
            state = WaitingOffer.objects.get(id=offer.id).state
            booking = Booking.objects.get(id=offer.booking_id)
            outcome = {"accepted": "confirmed", "declined": "expired", "expired": "expired"}
            assert booking.status == outcome[state]
            assert Wish.objects.get(id=wish.id).status == ("booked" if state == "accepted" else "waiting")
            assert check_bookings() == []


def test_many_taps_on_accept_book_once(cast: Cast) -> None:
    ((by, wish),) = _freed(cast.alpha, places=1, wishes=1)
    _serve(cast.alpha, 1)
    answers = race(cast.alpha.info, [partial(accept_offer, wish.id, by=by, now=at(2))] * 6)
    assert sum(not isinstance(one, Exception) for one in answers) == 1
    with scope(cast.alpha):
        assert (
            Booking.objects.filter(member_id=by.member_id).values_list("status", flat=True).get()
            == "confirmed"
        )


def test_two_waivers_at_once_are_one(cast: Cast, desk: Desk) -> None:
    manager = cast.alpha.actors["store_manager"]
    with scope(cast.alpha):
        made = desk.book()
        penalty = Penalty.objects.create(
            booking=made,
            member_id=made.member_id,
            cause=Cause.NO_SHOW,
            kind=PenaltyKind.POINTS,
            amount=1,
            at=NOW,
        )
    act = partial(waive_penalty, penalty.id, reason="ill", by=manager, now=NOW)
    assert _codes(race(cast.alpha.info, [act] * 4)) == {"waived_already": 3}
    with scope(cast.alpha):
        assert PenaltyWaiver.objects.count() == 1
