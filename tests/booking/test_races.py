"""Who comes at the same moment: one gets it, the others are told; and the race is real without the guard."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from chains.scope import chain_scope
from tenants.booking.domain import claims
from tenants.booking.domain.book import book
from tenants.booking.domain.change import cancel_booking, reschedule_booking
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.items import Item
from tenants.booking.models import Booking, Claim, Pool, Stock
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.booking.counted import Counted, strangers
from tests.booking.crowd import crowd
from tests.booking.test_claims import bare_booking, span
from tests.ground.cast import NOW, Cast, fill_alpha, local
from tests.ground.chains import make_chain
from tests.ground.races import race

pytestmark = pytest.mark.race


def _codes(answers: list[Any]) -> Counter[str]:
    return Counter(getattr(answer, "code", type(answer).__name__) for answer in answers if _refused(answer))


def _refused(answer: Any) -> bool:
    return isinstance(answer, Exception)


def test_of_eight_who_want_one_slot_one_gets_it(cast: Cast) -> None:
    chain = cast.alpha
    acts = crowd(chain, 8)
    answers = race(chain.info, acts)
    assert _codes(answers) == {"slot_taken": 7}
    with chain_scope(chain.info):
        assert (Booking.objects.count(), check_bookings()) == (1, [])


def test_anybody_falls_through_to_the_next_candidate(cast: Cast) -> None:
    chain = cast.alpha
    acts = crowd(chain, 6, practitioner_id=None)
    answers = race(chain.info, acts)
    assert _codes(answers) == {"slot_taken": 4}
    with chain_scope(chain.info):
        assert Booking.objects.values("practitioner").distinct().count() == 2
        assert check_bookings() == []


def test_one_member_at_two_places_at_once_gets_one(cast: Cast) -> None:
    chain = cast.alpha
    acts = [
        partial(
            book,
            chain.services["facial"].id,
            store_id=chain.stores["north"].id,
            starts_at=MONDAY_TEN,
            by=chain.actors["su"],
            practitioner_id=chain.employees[who].id,
            now=NOW,
        )
        for who in ("practitioner", "second")
    ]
    for _round in range(3):
        answers = race(chain.info, acts)
        assert _codes(answers) == {"member_overlap": 1}
        with chain_scope(chain.info):
            made = next(answer for answer in answers if not isinstance(answer, Exception))
            cancel_booking(made.id, by=chain.actors["su"], now=NOW)
            assert check_bookings() == []


def test_two_bookings_that_trade_places_never_deadlock(cast: Cast, desk: Desk) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        first, second = desk.book(), desk.book(local(23, 14), who="chen")
    swap = [
        partial(
            reschedule_booking,
            first.id,
            starts_at=local(23, 14),
            by=chain.actors["su"],
            now=NOW,
            anybody=True,
        ),
        partial(
            reschedule_booking,
            second.id,
            starts_at=MONDAY_TEN,
            by=chain.actors["chen"],
            now=NOW,
            anybody=True,
        ),
        partial(cancel_booking, first.id, by=chain.actors["su"], now=NOW),
    ]
    for answer in race(chain.info, swap):
        assert not _refused(answer) or getattr(answer, "code", "") in {"status_forbids", "slot_taken"}
    with chain_scope(chain.info):
        assert check_bookings() == []


def test_claims_in_opposite_orders_never_deadlock(cast: Cast) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        rooms: list[Any] = [chain.rooms["a"].id, chain.employees["practitioner"].resource_id]
        ids = [bare_booking(chain) for _n in range(8)]
    acts = []
    for n, booking_id in enumerate(ids):
        order = rooms if n % 2 else rooms[::-1]
        wanted = [claims.ResourceClaim(room, span(local(23, 10))) for room in order]
        acts.append(partial(claims.set_claims, booking_id, wanted=wanted))
    assert _codes(race(chain.info, acts)) == {"slot_taken": 7}


def test_last_seats_go_to_as_many_as_there_are(cast: Cast) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        pool = Pool.objects.create(store=chain.stores["north"], kind="session", capacity=3)
        ids = [bare_booking(chain) for _n in range(8)]
    acts = [partial(claims.set_claims, one, wanted=[claims.PoolClaim(pool.id)]) for one in ids]
    assert _codes(race(chain.info, acts)) == {"session_full": 5}
    with chain_scope(chain.info):
        pool.refresh_from_db()
        assert (pool.taken, Claim.objects.filter(pool=pool, active=True).count()) == (3, 3)


@pytest.mark.parametrize("waits", [True, False])
def test_seats_with_goods_in_any_order_are_sold_once_and_never_deadlock(cast: Cast, waits: bool) -> None:
    """Seat and two goods are taken in the message that writes the booking, against cancellations of the same."""
    chain = cast.alpha
    with chain_scope(chain.info):
        counted = Counted(chain)
        session = counted.session(seats=6)
        goods = [counted.product(name, there=5).id for name in ("Serum", "Mask")]
        gone = [
            counted.book_for(one, session_id=session.id, items=(Item(goods[0], 1),)).id
            for one in strangers(2)
        ]
        members = strangers(8)

    def take(number: int, member: Any) -> Booking:
        items = tuple(Item(key, 1) for key in (goods if number % 2 else reversed(goods)))
        return counted.book_for(member, session_id=session.id, items=items)

    cancel = [partial(cancel_booking, key, by=chain.actors["clerk"], now=NOW) for key in gone]
    acts = [*cancel, *(partial(take, n, one) for n, one in enumerate(members))]
    answers = race(chain.info, acts, waits=waits)
    refused = _codes(answers)
    assert set(refused) <= {"session_full", "out_of_stock"}
    with chain_scope(chain.info):
        stood = 8 - refused.total()
        assert (3 <= stood <= 5, counted.taken(session.pool_id)) == (True, (stood, 6))
        pools = {one.product_id: one.pool_id for one in Stock.objects.all()}
        assert [counted.taken(pools[key]) for key in goods] == [(stood, 5), (stood, 5)]
        assert check_bookings() == []


def test_without_lock_and_constraint_the_same_race_sells_twice(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the check alone lets both through when both have checked before either writes."""
    from chains.schemas.owner import owner_connection

    chain = fill_alpha(make_chain("control"))
    with owner_connection() as owner:
        owner.execute(
            f"ALTER TABLE {chain.info.schema_name}.booking_claim DROP CONSTRAINT claim_resource_once_at_a_time"
        )
    both = Barrier(2)
    check = claims.check_free

    def check_then_wait(*args: Any) -> None:
        check(*args)
        both.wait(20)

    monkeypatch.setattr(claims, "lock_resources", lambda ids: None)
    monkeypatch.setattr(claims, "check_free", check_then_wait)
    with chain_scope(chain.info):
        ids = [bare_booking(chain), bare_booking(chain)]
    wanted = [claims.ResourceClaim(chain.rooms["a"].id, span(local(23, 10)))]
    answers = race(chain.info, [partial(claims.set_claims, one, wanted=wanted) for one in ids])
    assert answers == [None, None]
    with chain_scope(chain.info):
        assert Claim.objects.filter(active=True).count() == 2
        assert "no two claims of a resource overlap" in {breach.promise for breach in check_bookings()}


def test_expired_hold_wanted_by_many_goes_to_one(cast: Cast, desk: Desk) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        desk.book(hold=True)
    later = NOW + timedelta(minutes=11)
    acts = crowd(chain, 5, now=later)
    answers = race(chain.info, acts)
    assert _codes(answers) == {"slot_taken": 4}
    with chain_scope(chain.info):
        assert check_bookings() == []
