"""Stores as employees set them up: the rights, then the stores' own rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from tenants.people.domain.rights import Action, Actor, NotSeen, require
from tenants.stores.domain import stores
from tenants.stores.domain.stores import DayHours, StoreFields
from tenants.stores.models import Closure, OpeningHours, Resource, Store


def open_store(fields: StoreFields, *, by: Actor) -> Store:
    """A new store of the chain. Raises Forbidden, StoreWrong, PhoneInvalid."""
    require(by, Action.CREATE_STORE)
    return stores.create_store(fields)


def change_store(store_id: UUID, fields: StoreFields, *, by: Actor, version: int | None = None) -> Store:
    """Change what is named. Raises NotSeen, Forbidden, StaleVersion, StoreWrong, PhoneInvalid."""
    managed_store(store_id, by=by)
    return stores.change_store(store_id, fields, version=version)


def set_hours(
    store_id: UUID, hours: Sequence[DayHours], *, by: Actor, version: int | None = None
) -> list[OpeningHours]:
    """The weekly timetable; `version` is the store's `calendar_version` it was made from.

    Raises NotSeen, Forbidden, HoursPastMidnight, HoursOverlap, StaleVersion.
    """
    return stores.replace_hours(managed_store(store_id, by=by), hours, version=version)


def close_days(
    store_id: UUID, *, first: date, end: date, reason: str, by: Actor, version: int | None = None
) -> Closure:
    """Close on `[first, end)`; `version` as in set_hours. Raises NotSeen, Forbidden, RangeBackwards, StaleVersion."""
    store = managed_store(store_id, by=by)
    return stores.close_days(store, first=first, end=end, reason=reason, version=version)


def reopen_days(store_id: UUID, closure_id: UUID, *, by: Actor) -> None:
    """Take a closure back. Raises NotSeen, Forbidden."""
    if not stores.reopen_days(managed_store(store_id, by=by), closure_id):
        raise NotSeen


def add_resource(store_id: UUID, *, kind: str, name: str, capacity: int, by: Actor) -> Resource:
    """A room, table, station or piece of equipment. Raises NotSeen, Forbidden, StoreWrong."""
    return stores.add_resource(managed_store(store_id, by=by), kind=kind, name=name, capacity=capacity)


def managed_store(store_id: UUID, *, by: Actor) -> Store:
    """The store, for who may manage it. Raises NotSeen, Forbidden."""
    require(by, Action.MANAGE_STORE, store_id=store_id)
    store = Store.objects.filter(id=store_id).first()
    if store is None:
        raise NotSeen
    return store
