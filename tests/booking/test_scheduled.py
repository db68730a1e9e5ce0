"""Goods in a pickup window, dishes beside a service, credits of a pass: claimed with it, all or none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.ids import new_id
from tenants.booking.domain.book import book
from tenants.booking.domain.change import (
    NoticeGone,
    cancel_booking,
    complete_booking,
    mark_no_show,
    reschedule_booking,
)
from tenants.booking.domain.claims import OutOfStock, PassUsedUp, WindowFull
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.items import Item, ItemsWrong
from tenants.booking.domain.pool_credits import PassNotForThis
from tenants.booking.domain.redeem import TooLate, redeem_code, undo_redemption
from tenants.booking.domain.rules import MemberOverlap
from tenants.booking.domain.scheduled import NothingOrdered, WindowClosed
from tenants.booking.models import Booking, CreditLine, PickupWindow, Status, Stock, StockChange
from tenants.people.domain.rights import NotSeen
from tests.booking.conftest import MONDAY_TEN
from tests.booking.counted import EVENING, Counted, strangers
from tests.ground.cast import NOW, local


def stock_of(counted: Counted, product: Any) -> tuple[int, int]:
    """Reserved and there."""
    return counted.taken(Stock.objects.get(store=counted.store, product=product).pool_id)


def lines(booking: Booking) -> list[str]:
    found = CreditLine.objects.filter(booking_id=booking.id).order_by("id")
    return list(found.values_list("kind", flat=True))


def test_pickup_reserves_window_and_every_item_at_their_prices(counted: Counted) -> None:
    window = counted.windows()[0]
    serum, cream = counted.product(), counted.product("Cream", price=5000)
    booking = counted.book(window_id=window.id, items=(Item(serum.id, 2), Item(cream.id, 1)))
    assert (booking.price_amount, booking.starts_at, booking.ends_at, booking.pickup_window_id) == (
        30600,
        local(23, 10),
        local(23, 11),
        window.id,
    )
    assert (counted.taken(window.pool_id), stock_of(counted, serum), stock_of(counted, cream)) == (
        (1, 2),
        (2, 5),
        (1, 5),
    )
    items = booking.items.values_list("product__name", "quantity", "price_amount")
    assert list(items) == [("Serum", 2, 12800), ("Cream", 1, 5000)]
    assert check_bookings() == []


def test_one_item_short_leaves_window_and_all_other_items_untouched(counted: Counted) -> None:
    window = counted.windows()[0]
    serum, cream = counted.product(), counted.product("Cream", there=1)
    with pytest.raises(OutOfStock) as refused:
        counted.book(window_id=window.id, items=(Item(serum.id, 2), Item(cream.id, 2)))
    claim = refused.value.extra["claim"]
    assert (claim["product"], claim["product_name"], claim["left"]) == (str(cream.id), "Cream", 1)
    assert refused.value.extra["alternatives"] == []
    assert (counted.taken(window.pool_id), stock_of(counted, serum), stock_of(counted, cream)) == (
        (0, 2),
        (0, 5),
        (0, 1),
    )


def test_full_window_refuses_with_the_windows_that_have_room(counted: Counted) -> None:
    first, second = counted.windows(cap=1)[:2]
    serum = counted.product()
    counted.book(window_id=first.id, items=(Item(serum.id, 1),))
    with pytest.raises(WindowFull) as refused:
        counted.book(window_id=first.id, items=(Item(serum.id, 1),), who="chen")
    found = [one["pickup_window"] for one in refused.value.extra["alternatives"]]
    assert found[0] == str(second.id)
    assert str(first.id) not in found
    assert stock_of(counted, serum) == (1, 5)


def test_goods_can_be_fetched_while_the_member_is_booked_elsewhere(counted: Counted) -> None:
    chain = counted.chain
    book(
        chain.services["facial"].id,
        store_id=counted.store.id,
        starts_at=MONDAY_TEN,
        by=chain.actors["su"],
        now=NOW,
    )
    serum = counted.product()
    counted.book(window_id=counted.windows()[0].id, items=(Item(serum.id, 1),))
    assert Booking.objects.filter(status=Status.CONFIRMED).count() == 2
    assert check_bookings() == []


@pytest.mark.parametrize("items", [(), "unknown", "twice", "elsewhere"])
def test_pickup_of_nothing_or_of_what_the_shop_does_not_sell_is_refused(counted: Counted, items: Any) -> None:
    window, serum = counted.windows()[0], counted.product()
    other = counted.product("Rare", there=0)
    wanted = {
        "unknown": (Item(new_id(), 1),),
        "twice": (Item(serum.id, 1), Item(serum.id, 1)),
        "elsewhere": (Item(other.id, 1),),
    }.get(items or "", ())
    with pytest.raises((ItemsWrong, NothingOrdered)):
        counted.book(window_id=window.id, items=wanted)
    assert counted.taken(window.pool_id) == (0, 2)


def test_window_that_the_shop_closed_takes_no_order(counted: Counted) -> None:
    window, serum = counted.windows()[0], counted.product()
    PickupWindow.objects.filter(id=window.id).update(open=False)
    with pytest.raises(WindowClosed):
        counted.book(window_id=window.id, items=(Item(serum.id, 1),))


def test_goods_leave_the_stock_when_they_are_handed_over(counted: Counted) -> None:
    window, serum = counted.windows()[0], counted.product()
    booking = counted.book(window_id=window.id, items=(Item(serum.id, 2),))
    clerk = counted.chain.actors["clerk"]
    with pytest.raises(TooLate):
        redeem_code(counted.store.id, code=booking.code, by=clerk, now=window.ends_at)
    redeem_code(counted.store.id, code=booking.code, by=clerk, now=window.starts_at)
    assert stock_of(counted, serum) == (2, 5)
    complete_booking(booking.id, by=clerk, now=window.starts_at)
    assert stock_of(counted, serum) == (0, 3)
    assert list(StockChange.objects.order_by("id").values_list("units", "reason", "booking_id")) == [
        (5, "delivered", None),
        (-2, "handed_over", booking.id),
    ]
    assert check_bookings() == []


@pytest.mark.parametrize("end", ["cancel", "no_show"])
def test_goods_that_were_not_fetched_come_back(counted: Counted, end: str) -> None:
    window, serum = counted.windows()[0], counted.product()
    booking = counted.book(window_id=window.id, items=(Item(serum.id, 2),))
    if end == "cancel":
        cancel_booking(booking.id, by=counted.chain.actors["su"], now=NOW)
    else:
        mark_no_show(booking.id, by=counted.chain.actors["clerk"], now=window.ends_at)
    assert (stock_of(counted, serum), counted.taken(window.pool_id)) == ((0, 5), (0, 2))
    assert check_bookings() == []


def test_pickup_moves_to_another_window_with_its_goods(counted: Counted) -> None:
    first, second = counted.windows()[:2]
    serum = counted.product()
    booking = counted.book(window_id=first.id, items=(Item(serum.id, 2),))
    moved = reschedule_booking(booking.id, starts_at=second.starts_at, by=counted.chain.actors["su"], now=NOW)
    assert (moved.pickup_window_id, moved.ends_at) == (second.id, second.ends_at)
    assert (counted.taken(first.pool_id), counted.taken(second.pool_id), stock_of(counted, serum)) == (
        (0, 2),
        (1, 2),
        (2, 5),
    )
    assert check_bookings() == []


def test_dishes_ahead_are_claimed_with_the_service_and_stay_when_it_moves(counted: Counted) -> None:
    chain, serum = counted.chain, counted.product()
    made = book(
        chain.services["facial"].id,
        store_id=counted.store.id,
        starts_at=MONDAY_TEN,
        items=(Item(serum.id, 3),),
        by=chain.actors["su"],
        now=NOW,
    )
    assert (made.price_amount, stock_of(counted, serum)) == (39800 + 3 * 12800, (3, 5))
    with pytest.raises(OutOfStock):
        book(
            chain.services["facial"].id,
            store_id=counted.store.id,
            starts_at=MONDAY_TEN + timedelta(hours=4),
            items=(Item(serum.id, 3),),
            by=chain.actors["chen"],
            now=NOW,
        )
    reschedule_booking(made.id, starts_at=MONDAY_TEN + timedelta(hours=4), by=chain.actors["su"], now=NOW)
    assert stock_of(counted, serum) == (3, 5)
    assert check_bookings() == []


def test_pass_pays_the_seat_is_consumed_at_redemption_and_used_up_at_the_end(counted: Counted) -> None:
    session, card = counted.session(), counted.member_pass(credits=2)
    booking = counted.book(session_id=session.id, pass_id=card.id)
    clerk = counted.chain.actors["clerk"]
    assert (booking.price_amount, counted.taken(card.pool_id)) == (0, (1, 2))
    redeem_code(counted.store.id, code=booking.code, by=clerk, now=EVENING)
    undo_redemption(booking.id, by=clerk, now=EVENING)
    redeem_code(counted.store.id, code=booking.code, by=clerk, now=EVENING)
    complete_booking(booking.id, by=clerk, now=EVENING + timedelta(hours=1))
    assert lines(booking) == ["reserved", "consumed", "restored", "consumed"]
    assert counted.taken(card.pool_id) == (0, 1)
    assert check_bookings() == []


def test_credit_comes_back_with_a_cancellation_in_time_and_is_forfeited_by_a_no_show(
    counted: Counted,
) -> None:
    session, card = counted.session(), counted.member_pass(credits=2)
    su, clerk = counted.chain.actors["su"], counted.chain.actors["clerk"]
    first = counted.book(session_id=session.id, pass_id=card.id)
    cancel_booking(first.id, by=su, now=NOW)
    assert (lines(first), counted.taken(card.pool_id)) == (["reserved", "returned"], (0, 2))
    second = counted.book(session_id=session.id, pass_id=card.id)
    with pytest.raises(NoticeGone):
        cancel_booking(second.id, by=su, now=EVENING - timedelta(hours=1))
    mark_no_show(second.id, by=clerk, now=EVENING + timedelta(minutes=30))
    assert (lines(second), counted.taken(card.pool_id)) == (["reserved", "forfeited"], (0, 1))
    assert check_bookings() == []


def test_pass_that_is_used_up_or_for_something_else_or_of_another_leaves_the_seat_free(
    counted: Counted,
) -> None:
    session = counted.session()
    empty = counted.member_pass(credits=1)
    counted.book(session_id=session.id, pass_id=empty.id)
    later = counted.session(EVENING + timedelta(days=1))
    with pytest.raises(PassUsedUp) as refused:
        counted.book(session_id=later.id, pass_id=empty.id)
    other = counted.member_pass(services=(counted.chain.services["facial"].id,))
    with pytest.raises(PassNotForThis):
        counted.book(session_id=later.id, pass_id=other.id)
    with pytest.raises(NotSeen):
        counted.book(session_id=later.id, pass_id=other.id, who="chen")
    assert refused.value.sentence() == "The pass has 0 visits left."
    assert counted.taken(later.pool_id) == (0, 3)


def test_pass_pays_a_service_at_a_time_too(counted: Counted) -> None:
    chain, card = counted.chain, counted.member_pass()
    made = book(
        chain.services["facial"].id,
        store_id=counted.store.id,
        starts_at=MONDAY_TEN,
        pass_id=card.id,
        by=chain.actors["su"],
        now=NOW,
    )
    assert (made.price_amount, counted.taken(card.pool_id), lines(made)) == (0, (1, 2), ["reserved"])


def test_guests_of_one_window_and_one_product_are_as_many_as_fit(counted: Counted) -> None:
    window, serum = counted.windows(cap=3)[0], counted.product(there=2)
    told = []
    for member in strangers(3):
        try:
            counted.book_for(member, window_id=window.id, items=(Item(serum.id, 1),))
            told.append("booked")
        except OutOfStock:
            told.append("out")
    assert told == ["booked", "booked", "out"]
    assert counted.taken(window.pool_id) == (2, 3)


def test_an_overlap_names_other_sessions_at_which_the_member_is_free(counted: Counted) -> None:
    first, second, third = (counted.session(local(23, hour)) for hour in (10, 14, 16))
    counted.book(session_id=first.id)
    counted.book(session_id=second.id)
    with pytest.raises(MemberOverlap) as refused:
        counted.book(session_id=first.id)
    assert [one["session"] for one in refused.value.extra["alternatives"]] == [str(third.id)]
