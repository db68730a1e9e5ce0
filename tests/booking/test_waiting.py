"""A place that becomes free goes to the first in the queue whom it fits, and on by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tenants.booking.domain.book import book
from tenants.booking.domain.change import cancel_booking, mark_no_show, reschedule_booking
from tenants.booking.domain.sessions import change_session
from tenants.booking.domain.waiting_offers import (
    NothingOffered,
    OfferGone,
    accept_offer,
    decline_offer,
    leave_waiting,
)
from tenants.booking.domain.waiting_rules import write_rules
from tenants.booking.domain.wishes import (
    AlreadyWaiting,
    NotWaitable,
    Wanted,
    join_waiting,
    places_in_queue,
    wanted_seat,
)
from tenants.booking.models import Booking, Claim, WaitingOffer, Wish, WishWindow
from tenants.people.domain.places import set_hours
from tenants.people.domain.rights import NotSeen
from tenants.people.domain.shifts import DatedShift, set_days
from tenants.stores.domain.stores import DayHours
from tests.booking.counted import Counted
from tests.booking.queue import MONDAY, at, fill_day, make_members, scope, wish_of, work_off
from tests.ground.cast import NOW, Cast, local


def _states(chain: Any) -> list[tuple[str, str]]:
    """Each wish's status and what became of its last offer, in the queue's order."""
    found = []
    with scope(chain):
        for wish in Wish.objects.order_by("joined_at", "id"):
            last = wish.offers.order_by("-made_at", "-id").first()
            found.append((wish.status, last.state if last else ""))
    return found


@pytest.fixture()
def full(cast: Cast) -> Any:
    """North's Monday is full; two wait for any time of it, Chen's after Su's."""
    with scope(cast.alpha):
        made = fill_day(cast.alpha)
        wish_of(cast.alpha, cast.alpha.actors["su"])
        wish_of(cast.alpha, cast.alpha.actors["chen"], now=at(1))
    work_off(at(1))
    return made


def test_nobody_is_offered_anything_while_nothing_is_free(cast: Cast, full: Any) -> None:
    assert _states(cast.alpha) == [("waiting", ""), ("waiting", "")]


def test_a_cancelled_time_is_held_for_the_first_in_the_queue(cast: Cast, full: Any) -> None:
    with scope(cast.alpha):
        gone = cancel_booking(full[3], by=cast.alpha.actors["store_manager"], now=at(2))
    work_off(at(2))
    assert _states(cast.alpha) == [("offered", "open"), ("waiting", "")]
    with scope(cast.alpha):
        offer = WaitingOffer.objects.select_related("booking").get()
        held = offer.booking
        assert (held.status, held.starts_at, held.practitioner_id, held.member_id) == (
            "held",
            gone.starts_at,
            gone.practitioner_id,
            cast.alpha.members["su"].id,
        )
        assert (held.expires_at, offer.because, offer.ahead) == (at(32), "joined_first", 0)


def test_accepted_offer_is_the_members_booking(cast: Cast, full: Any) -> None:
    su = cast.alpha.actors["su"]
    with scope(cast.alpha):
        cancel_booking(full[3], by=cast.alpha.actors["store_manager"], now=at(2))
    work_off(at(2))
    with scope(cast.alpha):
        wish = Wish.objects.get(member_id=su.member_id)
        booking = accept_offer(wish.id, by=su, now=at(3))
        assert booking.status == "confirmed"
    work_off(at(3))
    assert _states(cast.alpha) == [("booked", "accepted"), ("waiting", "")]


def test_declined_offer_passes_on_at_once_and_never_comes_back(cast: Cast, full: Any) -> None:
    su = cast.alpha.actors["su"]
    with scope(cast.alpha):
        gone = cancel_booking(full[3], by=cast.alpha.actors["store_manager"], now=at(2))
    work_off(at(2))
    with scope(cast.alpha):
        decline_offer(Wish.objects.get(member_id=su.member_id).id, by=su, now=at(3))
    work_off(at(3))
    assert _states(cast.alpha) == [("waiting", "declined"), ("offered", "open")]
    with scope(cast.alpha):
        chen = cast.alpha.actors["chen"]
        decline_offer(Wish.objects.get(member_id=chen.member_id).id, by=chen, now=at(4))
    work_off(at(4))
    work_off(at(60))
    assert _states(cast.alpha) == [("waiting", "declined"), ("waiting", "declined")]
    with scope(cast.alpha):
        held = Claim.objects.filter(active=True, starts_at__lte=gone.starts_at, ends_at__gt=gone.starts_at)
        assert gone.practitioner.resource_id not in held.values_list("resource_id", flat=True)  # type: ignore[union-attr]


def test_offer_that_runs_out_passes_on_by_the_clock(cast: Cast, full: Any) -> None:
    su = cast.alpha.actors["su"]
    with scope(cast.alpha):
        cancel_booking(full[3], by=cast.alpha.actors["store_manager"], now=at(2))
    work_off(at(2))
    work_off(at(31.9))
    assert _states(cast.alpha) == [("offered", "open"), ("waiting", "")]
    work_off(at(32))
    assert _states(cast.alpha) == [("waiting", "expired"), ("offered", "open")]
    with scope(cast.alpha), pytest.raises(OfferGone):
        accept_offer(Wish.objects.get(member_id=su.member_id).id, by=su, now=at(33))


def test_expired_offer_is_refused_even_before_anybody_swept_it(cast: Cast, full: Any) -> None:
    su = cast.alpha.actors["su"]
    with scope(cast.alpha):
        cancel_booking(full[3], by=cast.alpha.actors["store_manager"], now=at(2))
    work_off(at(2))
    with scope(cast.alpha), pytest.raises(OfferGone):
        accept_offer(Wish.objects.get(member_id=su.member_id).id, by=su, now=at(32))


def test_moved_booking_frees_its_old_time_for_the_queue(cast: Cast, full: Any) -> None:
    with scope(cast.alpha):
        moved = Booking.objects.get(id=full[2])
        was = moved.starts_at
        reschedule_booking(moved.id, starts_at=local(24, 10), by=cast.alpha.actors["clerk"], now=at(2))
    work_off(at(2))
    with scope(cast.alpha):
        assert WaitingOffer.objects.get().starts_at == was


def test_no_show_frees_what_is_left_of_it_if_something_fits(cast: Cast) -> None:
    with scope(cast.alpha):
        made = fill_day(cast.alpha)
        first = Booking.objects.get(id=made[0])
        early = first.starts_at
        wish_of(
            cast.alpha,
            cast.alpha.actors["su"],
            service="short",
            windows=[(early, early + timedelta(hours=1))],
        )
    work_off(early)
    with scope(cast.alpha):
        assert WaitingOffer.objects.count() == 0
        mark_no_show(made[0], by=cast.alpha.actors["clerk"], now=early + timedelta(minutes=5))
    work_off(early + timedelta(minutes=5))
    with scope(cast.alpha):
        assert WaitingOffer.objects.get().starts_at == early + timedelta(minutes=30)


def test_new_shift_is_offered_to_who_waits(cast: Cast, full: Any) -> None:
    chain = cast.alpha
    with scope(chain):
        manager, third = chain.actors["store_manager"], chain.employees["second"]
        # the shop closes at nine; a longer shift alone makes nothing bookable
        set_days(
            third.id, chain.stores["north"].id, [DatedShift(local(23, 9).date(), 8 * 60, 24 * 60)], by=manager
        )
        set_hours(
            chain.stores["north"].id,
            [DayHours(weekday, 9 * 60, 24 * 60) for weekday in range(1, 8)],
            by=manager,
        )
        Wish.objects.update(ends_at=local(24, 0))
        WishWindow.objects.update(ends_at=local(24, 0))
    work_off(at(2))
    with scope(chain):
        assert {offer.practitioner_id for offer in WaitingOffer.objects.all()} == {third.id}
        assert WaitingOffer.objects.count() == 2


def test_a_place_that_is_free_when_joining_is_offered_at_once(cast: Cast) -> None:
    with scope(cast.alpha):
        wish_of(cast.alpha, cast.alpha.actors["su"])
    work_off(NOW)
    assert _states(cast.alpha) == [("offered", "open")]


def test_members_own_booking_at_that_time_lets_the_next_have_it(cast: Cast, full: Any) -> None:
    with scope(cast.alpha):
        south = cast.alpha.stores["south"].id
        gone = Booking.objects.get(id=full[3])
        book(
            cast.alpha.services["facial"].id,
            store_id=south,
            starts_at=gone.starts_at,
            by=cast.alpha.actors["su"],
            now=at(1),
        )
        cancel_booking(gone.id, by=cast.alpha.actors["store_manager"], now=at(2))
    work_off(at(2))
    assert _states(cast.alpha) == [("waiting", ""), ("offered", "open")]


def test_who_was_told_often_enough_today_is_passed_over(cast: Cast, full: Any) -> None:
    with scope(cast.alpha):
        manager = cast.alpha.actors["store_manager"]
        write_rules(cast.alpha.stores["north"].id, {"per_day": 1}, by=manager)
        cancel_booking(full[3], by=manager, now=at(2))
    work_off(at(2))
    with scope(cast.alpha):
        su = cast.alpha.actors["su"]
        decline_offer(Wish.objects.get(member_id=su.member_id).id, by=su, now=at(3))
        chen = cast.alpha.actors["chen"]
    work_off(at(3))
    with scope(cast.alpha):
        decline_offer(Wish.objects.get(member_id=chen.member_id).id, by=chen, now=at(4))
        cancel_booking(full[4], by=manager, now=at(5))
    work_off(at(5))
    assert _states(cast.alpha) == [("waiting", "declined"), ("waiting", "declined")]
    tomorrow = NOW + timedelta(days=1)
    work_off(tomorrow)
    assert _states(cast.alpha) == [("offered", "open"), ("waiting", "declined")]


def test_consent_books_at_once_but_not_in_the_last_hours(cast: Cast) -> None:
    with scope(cast.alpha):
        made = fill_day(cast.alpha)
        wish_of(cast.alpha, cast.alpha.actors["su"], auto_accept=True)
        cancel_booking(made[3], by=cast.alpha.actors["store_manager"], now=at(2))
    work_off(at(2))
    assert _states(cast.alpha) == [("booked", "accepted")]
    late = local(23, 9, 30)
    with scope(cast.alpha):
        wish_of(cast.alpha, cast.alpha.actors["chen"], auto_accept=True, now=late)
        cancel_booking(made[2], by=cast.alpha.actors["store_manager"], now=late)
    work_off(late)
    assert _states(cast.alpha)[1] == ("offered", "open")


def test_left_wish_gets_nothing_and_lets_its_offer_go(cast: Cast, full: Any) -> None:
    su = cast.alpha.actors["su"]
    with scope(cast.alpha):
        cancel_booking(full[3], by=cast.alpha.actors["store_manager"], now=at(2))
    work_off(at(2))
    with scope(cast.alpha):
        leave_waiting(Wish.objects.get(member_id=su.member_id).id, by=su, now=at(3))
    work_off(at(3))
    assert _states(cast.alpha) == [("left", "declined"), ("offered", "open")]


def test_others_wishes_are_not_there(cast: Cast, full: Any) -> None:
    with scope(cast.alpha):
        wish = Wish.objects.get(member_id=cast.alpha.members["su"].id)
        for act in (accept_offer, decline_offer, leave_waiting):
            with pytest.raises(NotSeen):
                act(wish.id, by=cast.alpha.actors["chen"], now=NOW)
        with pytest.raises(NothingOffered):
            accept_offer(wish.id, by=cast.alpha.actors["su"], now=NOW)


def test_place_in_the_queue_counts_those_before_who_could_take_the_same(cast: Cast) -> None:
    with scope(cast.alpha):
        fill_day(cast.alpha)
        ya, lin = (cast.alpha.employees[who].id for who in ("practitioner", "second"))
        people = make_members(5)
        asked: list[dict[str, Any]] = [
            {"practitioners": [ya]},
            {"practitioners": [lin]},
            {"windows": [(local(24, 9), local(24, 12))]},
            {"service": "short"},
            {},
        ]
        wishes = [
            wish_of(cast.alpha, by, now=at(n), **one)
            for n, (by, one) in enumerate(zip(people, asked, strict=True))
        ]
        places = places_in_queue([wish.id for wish in wishes])
        assert [places[wish.id] for wish in wishes] == [1, 1, 1, 1, 3]


def test_freed_seat_of_a_session_goes_to_the_first_who_waits_for_it(cast: Cast) -> None:
    chain = cast.alpha
    with scope(chain):
        counted = Counted(chain)
        session = counted.session(seats=1)
        taken = counted.book(session_id=session.id)
        people = make_members(2)
        for n, by in enumerate(people):
            join_waiting(wanted_seat(session.id), by=by, now=at(n))
    work_off(at(2))
    assert _states(chain) == [("waiting", ""), ("waiting", "")]
    with scope(chain):
        cancel_booking(taken.id, by=chain.actors["su"], now=at(3))
    work_off(at(3))
    assert _states(chain) == [("offered", "open"), ("waiting", "")]
    with scope(chain):
        held = WaitingOffer.objects.get().booking
        assert (held.session_id, held.member_id, held.status) == (session.id, people[0].member_id, "held")
    work_off(at(40))
    # the only place there is has gone by: nothing is left to wait for
    assert _states(chain) == [("over", "expired"), ("offered", "open")]


def test_more_seats_are_offered_to_who_waits(cast: Cast) -> None:
    chain = cast.alpha
    with scope(chain):
        counted = Counted(chain)
        session = counted.session(seats=1)
        counted.book(session_id=session.id)
        join_waiting(wanted_seat(session.id), by=chain.actors["chen"], now=NOW)
    work_off(NOW)
    with scope(chain):
        change_session(session.id, capacity=2, by=chain.actors["owner"], now=at(1))
    work_off(at(1))
    assert _states(chain) == [("offered", "open")]


def test_nobody_queues_twice_for_a_session_nor_for_goods(cast: Cast) -> None:
    chain = cast.alpha
    with scope(chain):
        counted, su = Counted(chain), chain.actors["su"]
        session = counted.session()
        join_waiting(wanted_seat(session.id), by=su, now=NOW)
        with pytest.raises(AlreadyWaiting):
            join_waiting(wanted_seat(session.id), by=su, now=NOW)
        goods = Wanted(store_id=chain.stores["north"].id, services=[counted.pickup.id], windows=[MONDAY])
        with pytest.raises(NotWaitable):
            join_waiting(goods, by=su, now=NOW)
