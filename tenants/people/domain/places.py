"""Stores as employees set them up: the rights, then the stores' own rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal
from tenants.people.domain.rights import Action, Actor, Forbidden, NotSeen, may, require, sees_store
from tenants.stores.domain import stores
from tenants.stores.domain.stores import DayHours, StoreFields
from tenants.stores.models import Closure, OpeningHours, Resource, Store


class TermsNotYours(Refusal):
    """Whose a store is and in what it is paid are the chain's to say, not the store's."""

    code = "store_terms_not_yours"
    status = 403
    title = _("Decided by the chain")
    detail = _("A store’s ownership and currency are set by the chain’s management.")
    fix = _("Leave both as they are, or ask the owner.")


def open_store(fields: StoreFields, *, by: Actor) -> Store:
    """A new store of the chain. Raises Forbidden, StoreWrong, PhoneInvalid, StoreLimitReached, ChainReadOnly."""
    require(by, Action.CREATE_STORE)
    return stores.create_store(fields)


def change_store(store_id: UUID, fields: StoreFields, *, by: Actor, version: int | None = None) -> Store:
    """Change what is named; what a field held before may be named by anybody who manages the store.

    Raises NotSeen, Forbidden, TermsNotYours, StaleVersion, StoreWrong, PhoneInvalid, StoreLimitReached,
    ChainReadOnly.
    """
    store = managed_store(store_id, by=by)
    if not may(by, Action.MANAGE_CHAIN):
        _require_same_terms(store, fields)
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


def managed_store(store_id: UUID, *, by: Actor, action: Action = Action.MANAGE_STORE) -> Store:
    """The store, for who may manage it, or do the `action` there.

    Raises Forbidden for a store that anybody can read, NotSeen for one that is closed to the public and
    none of theirs (docs/decisions/0010-not-found-or-forbidden.md).
    """
    store = Store.objects.filter(id=store_id).first()
    if store is None:
        raise NotSeen
    if may(by, action, store_id=store_id):
        return store
    raise Forbidden if store.active or sees_store(by, store_id) else NotSeen


def _require_same_terms(store: Store, fields: StoreFields) -> None:
    before = {"ownership": store.ownership, "currency": store.currency}
    changed = [name for name, value in before.items() if fields.get(name, value) != value]
    if changed:
        code, detail = TermsNotYours.code, TermsNotYours.detail
        raise TermsNotYours(errors=[FieldError(name, code, detail) for name in changed])
