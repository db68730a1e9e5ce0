"""Stock changes only with a reason, which stays, and never below what bookings have reserved."""

from __future__ import annotations

import pytest

from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.items import Item
from tenants.booking.domain.stock import StockReserved, StockWrong, adjust_stock, count_stock
from tenants.booking.models import Stock, StockChange, StockReason
from tenants.people.domain.rights import Forbidden, NotSeen
from tests.booking.counted import Counted
from tests.ground.cast import NOW


def adjust(counted: Counted, product_id: object, units: int, *, who: str = "clerk", **more: object) -> Stock:
    asked = {"reason": StockReason.DAMAGED, **more}
    return adjust_stock(
        counted.store.id, product_id, units=units, by=counted.chain.actors[who], now=NOW, **asked
    )


def test_each_change_is_logged_with_who_and_why(counted: Counted) -> None:
    serum = counted.product(there=5)
    adjust(counted, serum.id, -2, note="fell")
    stock = count_stock(counted.store.id, serum.id, counted=7, by=counted.owner, now=NOW)
    assert (stock.pool.taken, stock.pool.capacity) == (0, 7)
    rows = StockChange.objects.order_by("id").values_list("units", "reason", "note", "by__name")
    assert list(rows) == [
        (5, "delivered", "", "Owner"),
        (-2, "damaged", "fell", "Clerk"),
        (4, "counted", "", "Owner"),
    ]
    assert check_bookings() == []


def test_count_that_says_what_was_known_is_no_change(counted: Counted) -> None:
    serum = counted.product(there=5)
    count_stock(counted.store.id, serum.id, counted=5, by=counted.owner, now=NOW)
    assert StockChange.objects.count() == 1


def test_reserved_units_cannot_be_taken_away(counted: Counted) -> None:
    serum = counted.product(there=5)
    counted.book(window_id=counted.windows()[0].id, items=(Item(serum.id, 3),))
    with pytest.raises(StockReserved) as refused:
        adjust(counted, serum.id, -3)
    assert refused.value.extra["taken"] == 3
    adjust(counted, serum.id, -2)
    assert counted.taken(Stock.objects.get().pool_id) == (3, 3)


def test_change_of_nothing_of_the_unknown_or_by_who_may_not_is_refused(counted: Counted) -> None:
    serum = counted.product()
    with pytest.raises(StockWrong):
        adjust(counted, serum.id, 0)
    with pytest.raises(StockWrong):
        adjust(counted, serum.id, 1, reason=StockReason.HANDED_OVER)
    with pytest.raises(NotSeen):
        adjust(counted, counted.store.id, 1)
    with pytest.raises(Forbidden):
        adjust(counted, serum.id, 1, who="cashier")
    with pytest.raises(Forbidden):
        adjust(counted, serum.id, 1, who="south_clerk")
