"""Stock: how many units of a product a store has, changed only with a reason that stays in the log."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id
from chains.refusals import FieldError, Refusal
from tenants.booking.models import Booking, Pool, Stock, StockChange, StockReason
from tenants.catalogue.models import Product
from tenants.events.domain.record import record_event
from tenants.people.domain.places import managed_store
from tenants.people.domain.rights import Action, Actor, NotSeen
from tenants.stores.models import Store

from .attempts import Raced, again_on_conflict
from .claims import STOCK, constraint_of

# Why people change a stock; that units were handed over follows from the booking.
BY_HAND = tuple(reason for reason in StockReason if reason != StockReason.HANDED_OVER)
MOST = 1_000_000


class StockReserved(Refusal):
    """Fewer units would be left than bookings have reserved."""

    code = "stock_reserved"
    status = 409
    title = _("Reserved by bookings")
    detail = _("%(taken)s units are reserved, so no fewer can be there.")
    fix = _("Cancel a booking first, or correct the number.")


class StockWrong(Refusal):
    """A change of nothing, or more than a store can have."""

    code = "stock_wrong"
    status = 422
    title = _("The number cannot be kept")
    detail = _("A change is by at least one unit, and a shop has at most a million.")
    fix = _("Correct the number.")


@again_on_conflict
def adjust_stock(
    store_id: UUID,
    product_id: UUID,
    *,
    units: int,
    reason: StockReason,
    by: Actor,
    now: datetime,
    note: str = "",
) -> Stock:
    """Add `units` (take away where negative) and keep why; a store that has none of it yet begins to.

    Raises Forbidden, NotSeen, StockWrong, and StockReserved where bookings have more than would be left.
    """
    managed_store(store_id, by=by, action=Action.ADJUST_STOCK)
    stock = _stock_of(store_id, product_id)
    if units == 0 or abs(units) > MOST or reason not in BY_HAND:
        raise StockWrong(errors=[FieldError("units", "invalid", StockWrong.detail)])
    pool = Pool.objects.filter(id=stock.pool_id, taken__lte=F("capacity") + units)
    if not pool.update(capacity=F("capacity") + units):
        stock.pool.refresh_from_db()
        raise StockReserved(params={"taken": stock.pool.taken}, extra={"taken": stock.pool.taken})
    _note(stock, units=units, reason=reason, note=note, by=by, now=now)
    stock.pool.refresh_from_db()
    if stock.pool.capacity > MOST:
        raise StockWrong(errors=[FieldError("units", "too_many", StockWrong.detail)])
    return stock


@again_on_conflict
def count_stock(
    store_id: UUID, product_id: UUID, *, counted: int, by: Actor, now: datetime, note: str = ""
) -> Stock:
    """The shop has counted: exactly `counted` units are there, the reserved ones among them.

    Nothing is noted where that was known. Raises as adjust_stock.
    """
    managed_store(store_id, by=by, action=Action.ADJUST_STOCK)
    stock = _stock_of(store_id, product_id)
    known = Pool.objects.select_for_update(no_key=True).get(id=stock.pool_id)
    units = counted - known.capacity
    if not units:
        return stock
    return adjust_stock(
        store_id, product_id, units=units, reason=StockReason.COUNTED, by=by, now=now, note=note
    )


def note_handed_over(booking: Booking, *, by: Actor, now: datetime) -> None:
    """Log that the booking's items have left the stock; the claims that held them take the units away."""
    StockChange.objects.bulk_create(
        StockChange(
            stock_id=stock_id,
            units=-quantity,
            reason=StockReason.HANDED_OVER,
            booking_id=booking.id,
            by_id=by.employee_id,
            at=now,
        )
        for stock_id, quantity in booking.items.values_list("stock_id", "quantity")
    )


def _stock_of(store_id: UUID, product_id: UUID) -> Stock:
    """The store's stock of the product, begun with nothing where there is none. Raises NotSeen."""
    found = Stock.objects.select_related("pool", "product").filter(store_id=store_id, product_id=product_id)
    stock = found.first()
    if stock is not None:
        return stock
    product = Product.objects.filter(id=product_id).first()
    store = Store.objects.filter(id=store_id).first()
    if product is None or store is None:
        raise NotSeen
    if product.currency != store.currency:
        raise StockWrong(errors=[FieldError("product", "other", _("The store takes another currency."))])
    pool = Pool.objects.create(
        id=new_id(), store_id=store_id, kind=STOCK, name=product.name[:120], capacity=0
    )
    try:
        with transaction.atomic():
            return Stock.objects.create(store_id=store_id, product=product, pool=pool)
    except IntegrityError as error:
        if constraint_of(error) == "stock_once":
            raise Raced from error
        raise


def _note(stock: Stock, *, units: int, reason: StockReason, note: str, by: Actor, now: datetime) -> None:
    change = StockChange.objects.create(
        stock=stock, units=units, reason=reason, note=note, by_id=by.employee_id, at=now
    )
    record_event(
        "stock.changed", subject_id=stock.id, store_id=stock.store_id, version=change.id % 2**31, now=now
    )
