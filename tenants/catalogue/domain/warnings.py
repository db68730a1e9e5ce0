"""What a configuration contradicts: told beside the answer, never a refusal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils.translation import gettext

from tenants.catalogue.domain.needs import NeedSpec, specs_of
from tenants.catalogue.domain.practitioners import Practitioner, read_practitioners
from tenants.catalogue.models import BookedAs, Service
from tenants.stores.domain.openings import longest_opening
from tenants.stores.models import OpeningHours, Resource, ResourceKind, Store


@dataclass(frozen=True, slots=True)
class Warning:
    """A stable code and a sentence in the active language; the store it is about, where it is about one."""

    code: str
    detail: str
    store_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Shop:
    """What warnings compare a service with."""

    longest: Mapping[UUID, int]
    people: Sequence[Practitioner]
    things: Sequence[Resource]


def warn_of(service: Service) -> list[Warning]:
    """Why nobody may be able to book this service, store by store. A fixed number of queries.

    `not_offered` nowhere; `longer_than_opening` at no time of the week; `nobody_has_skills` no
    practitioner (or too few) of the store has all of them; `no_resource` the store does not have the room,
    table or station that a need asks for, or not as many.
    """
    stores = list(Store.objects.filter(offers__service=service, offers__active=True))
    if service.booked_as != BookedAs.TIME and stores:
        return []  # its times are planned one by one
    skills = list(service.skills.values_list("id", flat=True))
    kept = Service.objects.prefetch_related("needs__skills").get(id=service.id)
    return warn_of_draft(service.minutes, skills, stores, needs=specs_of(kept))


def warn_of_draft(
    minutes: int, skills: Sequence[UUID], stores: Sequence[Store], *, needs: Sequence[NeedSpec] = ()
) -> list[Warning]:
    """What warn_of would say of a service of this length, skills and needs, offered at these stores."""
    if not stores:
        return [Warning("not_offered", gettext("No store offers this service yet."))]
    return _warnings(minutes, set(skills), needs, stores, _read_shop([store.id for store in stores]))


def warn_of_all() -> list[tuple[Service, Warning]]:
    """The warnings of every active service, in the catalogue's order. A fixed number of queries."""
    services = list(
        Service.objects.filter(active=True).prefetch_related("skills", "offers__store", "needs__skills")
    )
    offered = {
        service.id: [offer.store for offer in service.offers.all() if offer.active and offer.store.active]
        for service in services
    }
    shop = _read_shop({store.id for stores in offered.values() for store in stores})
    found: list[tuple[Service, Warning]] = []
    for service in services:
        stores = offered[service.id]
        needed = {skill.id for skill in service.skills.all()}
        if service.booked_as != BookedAs.TIME and stores:
            continue
        warnings = (
            _warnings(service.minutes, needed, specs_of(service), stores, shop)
            if stores
            else warn_of_draft(0, [], [])
        )
        found.extend((service, warning) for warning in warnings)
    return found


def _read_shop(stores: Collection[UUID]) -> _Shop:
    things = list(Resource.objects.filter(active=True, store_id__in=stores))
    return _Shop(_longest_openings(stores), read_practitioners(), things)


def _warnings(
    minutes: int,
    skills: set[UUID],
    needs: Sequence[NeedSpec],
    stores: Sequence[Store],
    shop: _Shop,
) -> list[Warning]:
    found: list[Warning] = []
    roles = _roles(skills, needs)
    for store in stores:
        words = {"store": store.name, "minutes": minutes, "open": shop.longest[store.id]}
        if minutes > shop.longest[store.id]:
            sentence = gettext("%(store)s is never open for %(minutes)s minutes on end (longest: %(open)s).")
            found.append(Warning("longer_than_opening", sentence % words, store.id))
        found.extend(_unserved(roles, store, shop, named=bool(needs)))
    return found


def _roles(skills: set[UUID], needs: Sequence[NeedSpec]) -> list[NeedSpec]:
    """The needs, one a role, with all that is asked of it; a service without any takes one practitioner."""
    main = next((need.role for need in needs if need.kind == ResourceKind.PRACTITIONER), None)
    if not needs:
        return [NeedSpec("", ResourceKind.PRACTITIONER, 0, 5, skills=tuple(str(skill) for skill in skills))]
    roles: dict[str, NeedSpec] = {}
    for need in needs:
        before = roles.get(need.role, replace(need, skills=(), tags=()))
        roles[need.role] = replace(
            before, skills=(*before.skills, *need.skills), tags=(*before.tags, *need.tags)
        )
    if main is not None:
        roles[main] = replace(roles[main], skills=(*roles[main].skills, *(str(skill) for skill in skills)))
    return list(roles.values())


def _unserved(roles: Sequence[NeedSpec], store: Store, shop: _Shop, *, named: bool) -> Iterator[Warning]:
    """The roles that the store has nobody or nothing for, or too few."""
    for role in roles:
        words = {"store": store.name, "role": role.role, "count": role.count}
        if role.kind == ResourceKind.PRACTITIONER:
            # a skill that is only a name yet is one that nobody has
            needed = {UUID(skill) if _is_id(skill) else UUID(int=0) for skill in role.skills}
            able = sum(person.can_do(needed, store_id=store.id) for person in shop.people)
            if able >= role.count:
                continue
            sentence = gettext("Nobody at %(store)s has all the skills this service needs.")
            if named:
                sentence = gettext("%(store)s has too few people with the skills for “%(role)s”.")
            yield Warning("nobody_has_skills", sentence % words, store.id)
        else:
            fitting = [
                thing
                for thing in shop.things
                if thing.store_id == store.id
                and thing.kind == role.kind
                and set(role.tags) <= set(thing.tags)
            ]
            if len(fitting) < role.count:
                sentence = gettext("%(store)s does not have what “%(role)s” needs (%(count)s).")
                yield Warning("no_resource", sentence % words, store.id)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _longest_openings(stores: Iterable[UUID]) -> dict[UUID, int]:
    hours: dict[UUID, list[tuple[int, int, int]]] = defaultdict(list)
    for store_id, *row in OpeningHours.objects.filter(store_id__in=stores).values_list(
        "store_id", "weekday", "opens", "closes"
    ):
        weekday, opens, closes = row
        hours[store_id].append((weekday, opens, closes))
    return defaultdict(int, {store_id: longest_opening(rows) for store_id, rows in hours.items()})
