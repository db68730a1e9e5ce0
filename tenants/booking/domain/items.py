"""Items: products by the piece that belong to a booking, priced and claimed from the store's stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id
from chains.refusals import FieldError, Refusal
from tenants.booking.models import Booking, BookingItem, Stock

from .claims import OutOfStock, PoolClaim, Wanted

MOST = 999


class ItemsWrong(Refusal):
    """A product that the store does not sell, the same product twice, or nothing where something is needed."""

    code = "items_wrong"
    status = 422
    title = _("These items cannot be ordered")
    detail = _("Some of the items cannot be ordered at this shop.")
    fix = _("Choose among the shop's products, each once.")


@dataclass(frozen=True, slots=True)
class Item:
    """So many units (at least 1) of a product."""

    product_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Basket:
    """Items with their prices and claims; `amount` is their sum in minor units."""

    rows: tuple[BookingItem, ...] = ()
    claims: tuple[Wanted, ...] = ()

    @property
    def amount(self) -> int:
        """What all of it costs."""
        return sum(row.price_amount * row.quantity for row in self.rows)


EMPTY = Basket()


def fill_basket(store_id: UUID, items: Sequence[Item], *, currency: str) -> Basket:
    """Price the items as the store sells them now; one query, none without items.

    Raises ItemsWrong for a product the store does not sell in that currency, or one that stands twice.
    """
    if not items:
        return EMPTY
    wanted = [item.product_id for item in items]
    sold = {
        stock.product_id: stock
        for stock in Stock.objects.select_related("product").filter(
            store_id=store_id, product_id__in=wanted, product__active=True, product__currency=currency
        )
    }
    wrong = [
        FieldError(f"items.{place}.product", "unknown", _("The shop does not sell this."))
        for place, item in enumerate(items)
        if item.product_id not in sold
    ]
    if len(set(wanted)) != len(wanted):
        wrong.append(FieldError("items", "repeated", _("The same product stands twice.")))
    if wrong:
        raise ItemsWrong(errors=wrong)
    rows = tuple(
        BookingItem(
            id=new_id(),
            product=sold[item.product_id].product,
            stock=sold[item.product_id],
            quantity=item.quantity,
            price_amount=sold[item.product_id].product.price_amount,
            position=place,
        )
        for place, item in enumerate(items)
    )
    return Basket(rows, tuple(PoolClaim(row.stock.pool_id, row.quantity) for row in rows))


def write_items(booking: Booking, basket: Basket) -> None:
    """Keep the items with their booking, which has been written; nobody reads them again from this object."""
    for row in basket.rows:
        row.booking = booking
    BookingItem.objects.bulk_create(basket.rows)
    hold_items(booking, basket.rows)


def hold_items(booking: Booking, rows: Sequence[BookingItem]) -> None:
    """Put all of the booking's items, with their products, on it in memory, as a prefetch does."""
    items = BookingItem.objects.all()
    items._result_cache = list(rows)
    booking.__dict__["_prefetched_objects_cache"] = {"items": items}


def has_items(booking: Booking) -> bool:
    """Whether the booking's items, with their products, stand in memory."""
    return "items" in getattr(booking, "_prefetched_objects_cache", {})


def name_short(refusal: OutOfStock, basket: Basket) -> OutOfStock:
    """The refusal, saying which product it is that is short, and that no other time would help."""
    claim = refusal.extra.get("claim", {})
    for row in basket.rows:
        if str(row.stock.pool_id) == claim.get("pool"):
            claim |= {"product": str(row.product_id), "product_name": row.stock.product.name}
    refusal.extra.setdefault("alternatives", [])
    return refusal
