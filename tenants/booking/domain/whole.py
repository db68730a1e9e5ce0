"""A booking with the names that a document of it shows and its items, in one message and without an ORM query.

Whatever else of its store, service or people is asked for is read then (see known.py).
"""

from __future__ import annotations

from typing import Any

from chains.postgresql.ask import Question, ask_all
from tenants.booking.models import Booking, BookingItem
from tenants.catalogue.models import Product, Service
from tenants.members.models import Member
from tenants.people.models import Employee
from tenants.stores.models import Resource, Store

from .items import hold_items
from .known import known

_BESIDE = (
    ("store", Store, ("id", "name", "time_zone", "translations")),
    ("service", Service, ("id", "name", "translations")),
    ("member", Member, ("id", "name", "phone", "note")),
    ("practitioner", Employee, ("id", "name")),
    ("resource", Resource, ("id", "name")),
)
_OWN = [field.attname for field in Booking._meta.concrete_fields]
_ITEM = [field.attname for field in BookingItem._meta.concrete_fields]
_COLUMNS = [
    *(f"b.{name}" for name in _OWN),
    *(f"{of}.{name}" for of, _model, names in _BESIDE for name in names),
]
_JOINS = " ".join(
    f"LEFT JOIN {model._meta.db_table} {of} ON {of}.id = b.{of}_id" for of, model, _names in _BESIDE
)
_BY_CODE = f"SELECT {', '.join(_COLUMNS)} FROM booking_booking b {_JOINS} WHERE b.code = %s"  # noqa: S608
_ITEMS = (
    f"SELECT {', '.join(f'i.{name}' for name in _ITEM)}, p.name FROM booking_bookingitem i"  # noqa: S608
    " JOIN catalogue_product p ON p.id = i.product_id"
    " WHERE i.booking_id = (SELECT id FROM booking_booking WHERE code = %s) ORDER BY i.position"
)


def read_by_code(code: str) -> Booking | None:
    """The booking of that code; None where there is none."""
    booking, items = ask_all([Question(_BY_CODE, (code,), _booking), Question(_ITEMS, (code,), _items)])
    if booking is not None:
        hold_items(booking, items)
    return booking  # type: ignore[no-any-return]


def _booking(rows: list[tuple[Any, ...]]) -> Booking | None:
    if not rows:
        return None
    values = iter(rows[0])
    booking = known(Booking, **{name: next(values) for name in _OWN})
    for of, model, names in _BESIDE:
        columns = {name: next(values) for name in names}
        setattr(booking, of, known(model, **columns) if columns["id"] is not None else None)
    return booking


def _items(rows: list[tuple[Any, ...]]) -> list[BookingItem]:
    found = []
    for *own, name in rows:
        item = known(BookingItem, **dict(zip(_ITEM, own, strict=True)))
        item.product = known(Product, id=item.product_id, name=name)
        found.append(item)
    return found
