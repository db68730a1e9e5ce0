"""Stores as employees set them up: the rights, then the stores' own rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal
from tenants.people.domain.rights import Action, Actor, Forbidden, NotSeen, may, require, sees_store
from tenants.stores.domain import resources, stores
from tenants.stores.domain.resources import ResourceFields
from tenants.stores.domain.stores import DayHours, StoreFields
from tenants.stores.models import Closure, OpeningHours, Resource, ResourceCombination, Store


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


def change_store(
    store_id: UUID,
    fields: StoreFields,
    *,
    by: Actor,
    version: int | None = None,
    ways: Mapping[UUID, int] = MappingProxyType({}),
) -> Store:
    """Change what is named; what a field held before may be named by anybody who manages the store.

    `ways` are minutes to other stores, as set_travel takes them. Raises NotSeen, Forbidden, TermsNotYours, StaleVersion, StoreWrong, PhoneInvalid, StoreLimitReached,
    ChainReadOnly.
    """
    store = managed_store(store_id, by=by)
    if not may(by, Action.MANAGE_CHAIN):
        _require_same_terms(store, fields)
    changed = stores.change_store(store_id, fields, version=version)
    for other_id, minutes in ways.items():
        set_travel(store_id, other_id, minutes=minutes, by=by)
    return changed


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


def add_resource(
    store_id: UUID,
    *,
    kind: str,
    name: str,
    capacity: int,
    by: Actor,
    min_party: int = 1,
    tags: Sequence[str] = (),
) -> Resource:
    """A room, table, station or piece of equipment. Raises NotSeen, Forbidden, StoreWrong."""
    store = managed_store(store_id, by=by)
    return resources.add_resource(
        store,
        {"kind": kind, "name": name, "capacity": capacity, "min_party": min_party, "tags": tags},
    )


def change_resource(resource_id: UUID, fields: ResourceFields, *, by: Actor) -> Resource:
    """Change what is named; `active` false retires it. Raises NotSeen, Forbidden, StoreWrong."""
    changed = resources.change_resource(_store_of(Resource, resource_id, by=by), resource_id, fields)
    if changed is None:
        raise NotSeen
    return changed


def combine_resources(
    store_id: UUID, members: Sequence[UUID], *, name: str, min_party: int, max_party: int, by: Actor
) -> ResourceCombination:
    """Things that serve one larger party together. Raises NotSeen, Forbidden, StoreWrong."""
    store = managed_store(store_id, by=by)
    return resources.combine_resources(store, members, name=name, min_party=min_party, max_party=max_party)


def drop_combination(combination_id: UUID, *, by: Actor) -> None:
    """Combine no more. Raises NotSeen, Forbidden."""
    store = _store_of(ResourceCombination, combination_id, by=by)
    if not resources.drop_combination(store, combination_id):
        raise NotSeen


def set_travel(store_id: UUID, other_id: UUID, *, minutes: int, by: Actor) -> None:
    """Minutes on the way between two stores, of both of which `by` is a manager. Raises NotSeen, Forbidden, StoreWrong."""
    store = managed_store(store_id, by=by)
    managed_store(other_id, by=by)
    resources.set_travel(store, other_id, minutes)


def _store_of(model: type[Resource] | type[ResourceCombination], row_id: UUID, *, by: Actor) -> Store:
    """The store in which it stands, for who may manage that store. Raises NotSeen, Forbidden."""
    store_id = model.objects.filter(id=row_id).values_list("store_id", flat=True).first()
    if store_id is None:
        raise NotSeen
    return managed_store(store_id, by=by)


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
