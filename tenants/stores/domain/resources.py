"""What stands in a store: rooms, tables, stations and equipment, what is combined, and the way to other stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError
from tenants.stores.domain.stores import StoreWrong
from tenants.stores.models import Resource, ResourceCombination, ResourceKind, Store, Travel

MOST_TAGS = 20


class ResourceFields(TypedDict, total=False):
    """What can be said of a room, table, station or piece of equipment: for `min_party` to `capacity` people."""

    kind: str
    name: str
    capacity: int
    min_party: int
    tags: Sequence[str]
    active: bool


def add_resource(store: Store, fields: ResourceFields) -> Resource:
    """A new one. Raises StoreWrong for a practitioner or unknown kind, or a party out of order."""
    resource = Resource(store=store)
    _set(resource, fields)
    resource.save()
    return resource


def change_resource(store: Store, resource_id: UUID, fields: ResourceFields) -> Resource | None:
    """Change what is named; `active` false retires it, its bookings stay. None where the store has no such one."""
    resource = Resource.objects.select_for_update().filter(id=resource_id, store=store).first()
    if resource is None:
        return None
    _set(resource, fields)
    resource.save()
    return resource


def _set(resource: Resource, fields: ResourceFields) -> None:
    for name in ("kind", "capacity", "min_party", "active"):
        if name in fields:
            setattr(resource, name, fields[name])
    if "name" in fields:
        resource.name = fields["name"].strip()
    if "tags" in fields:
        resource.tags = sorted({tag.strip() for tag in fields["tags"]} - {""})
    wrong = []
    if resource.kind not in ResourceKind.values or resource.kind == ResourceKind.PRACTITIONER:
        wrong.append(FieldError("kind", "invalid", _("There is no such kind of resource.")))
    if not 1 <= resource.min_party <= resource.capacity:
        wrong.append(FieldError("min_party", "out_of_order", _("The fewest people are at most the most.")))
    if len(resource.tags) > MOST_TAGS or any(len(tag) > 40 for tag in resource.tags):
        wrong.append(FieldError("tags", "too_long", _("At most 20 words of 40 characters.")))
    if wrong:
        raise StoreWrong(errors=wrong)


def combine_resources(
    store: Store, members: Sequence[UUID], *, name: str, min_party: int, max_party: int
) -> ResourceCombination:
    """Resources that serve one larger party together. Raises StoreWrong: two at least, of this store, of one kind."""
    found = list(Resource.objects.filter(id__in=members, store=store, active=True))
    wrong = []
    if len(found) != len(set(members)) or len(found) < 2:
        wrong.append(FieldError("members", "unknown", _("Choose two or more that stand in this store.")))
    elif len({one.kind for one in found}) > 1:
        wrong.append(FieldError("members", "mixed", _("Only things of one kind can be combined.")))
    if not 1 <= min_party <= max_party <= 32767:
        wrong.append(FieldError("min_party", "out_of_order", _("The fewest people are at most the most.")))
    if wrong:
        raise StoreWrong(errors=wrong)
    combination = ResourceCombination.objects.create(
        store=store, name=name.strip(), min_party=min_party, max_party=max_party
    )
    combination.members.set(found)
    return combination


def drop_combination(store: Store, combination_id: UUID) -> bool:
    """Combine no more; bookings made stay. False where the store has no such combination."""
    return bool(ResourceCombination.objects.filter(id=combination_id, store=store).delete()[0])


LONGEST_WAY = 720


@dataclass(frozen=True, slots=True)
class Way:
    """Minutes on the way to another store; 0 for no time at all."""

    store_id: UUID
    name: str
    minutes: int


def read_ways(store_id: UUID, others: Sequence[Store]) -> list[Way]:
    """The ways to the others, in their order; one query."""
    told = dict(Travel.objects.filter(store_id=store_id).values_list("other_id", "minutes"))
    return [Way(one.id, one.name, told.get(one.id, 0)) for one in others if one.id != store_id]


def set_travel(store: Store, other_id: UUID, minutes: int) -> None:
    """How long a practitioner is on the way between both stores, either way; 0 is no time at all.

    Raises StoreWrong for the store itself, one that is not there, or more than 12 hours.
    """
    if other_id == store.id or not Store.objects.filter(id=other_id).exists():
        raise StoreWrong(errors=[FieldError("store", "unknown", _("There is no such other store."))])
    if not 0 <= minutes <= LONGEST_WAY:
        raise StoreWrong(errors=[FieldError("minutes", "invalid", _("Between 0 and 720 minutes."))])
    for here, there in sorted([(store.id, other_id), (other_id, store.id)]):
        if minutes:
            Travel.objects.update_or_create(store_id=here, other_id=there, defaults={"minutes": minutes})
        else:
            Travel.objects.filter(store_id=here, other_id=there).delete()
