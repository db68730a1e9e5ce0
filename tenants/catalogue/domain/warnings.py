"""What a configuration contradicts: told beside the answer, never a refusal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import F, Max
from django.utils.translation import gettext

from tenants.catalogue.domain.needs import NeedSpec, specs_of
from tenants.catalogue.domain.practitioners import Practitioner, read_practitioners
from tenants.catalogue.models import BookedAs, Service
from tenants.people.models import DayShift, WeeklyShift
from tenants.stores.domain.openings import longest_opening, longest_within
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
    # by store and employee: the longest shift, and the longest time on shift while the store is open, in minutes
    shifts: Mapping[tuple[UUID, UUID], tuple[int, int]]


def warn_of(service: Service) -> list[Warning]:
    """Why nobody may be able to book this service, store by store. A fixed number of queries.

    `not_offered` nowhere; `longer_than_opening` at no time of the week; `nobody_has_skills` no
    practitioner (or too few) of the store has all of them; `nobody_works` those who have are never on shift for
    as long as it takes while the store is open; `no_resource` the store does not have the room, table or station
    that a need asks for, or not as many; `notice_past_horizon` it is to be booked longer ahead than bookings are
    open.
    """
    found = _of_notice(service)
    stores = list(Store.objects.filter(offers__service=service, offers__active=True))
    if service.booked_as != BookedAs.TIME and stores:
        return found  # its times are planned one by one
    skills = list(service.skills.values_list("id", flat=True))
    kept = Service.objects.prefetch_related("needs__skills").get(id=service.id)
    around = (service.prepare, service.clean_up)
    return [*found, *warn_of_draft(service.minutes, skills, stores, needs=specs_of(kept), around=around)]


def _of_notice(service: Service) -> list[Warning]:
    if service.lead <= service.horizon_days * 24 * 60:
        return []
    sentence = gettext(
        "It is booked %(lead)s minutes ahead at least and %(days)s days at most: no time fits both."
    )
    return [Warning("notice_past_horizon", sentence % {"lead": service.lead, "days": service.horizon_days})]


def warn_of_draft(
    minutes: int,
    skills: Sequence[UUID],
    stores: Sequence[Store],
    *,
    needs: Sequence[NeedSpec] = (),
    around: tuple[int, int] = (0, 0),
) -> list[Warning]:
    """What warn_of would say of a service of this length, skills and needs, offered at these stores.

    `around` are the minutes to prepare and clean up of a service that states no needs.
    """
    if not stores:
        return [Warning("not_offered", gettext("No store offers this service yet."))]
    shop = _read_shop([store.id for store in stores])
    return _warnings(minutes, _roles(set(skills), needs, minutes, around), stores, shop, named=bool(needs))


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
        found.extend((service, warning) for warning in _of_notice(service))
        if service.booked_as != BookedAs.TIME and stores:
            continue
        needs, around = specs_of(service), (service.prepare, service.clean_up)
        roles = _roles(needed, needs, service.minutes, around)
        warnings = (
            _warnings(service.minutes, roles, stores, shop, named=bool(needs))
            if stores
            else warn_of_draft(0, [], [])
        )
        found.extend((service, warning) for warning in warnings)
    return found


def warn_of_stores(stores: Collection[UUID], codes: Collection[str]) -> list[tuple[Service, Warning]]:
    """Those of warn_of_all that have one of the codes and are about one of the stores."""
    return [pair for pair in warn_of_all() if pair[1].store_id in stores and pair[1].code in codes]


def _read_shop(stores: Collection[UUID]) -> _Shop:
    things = list(Resource.objects.filter(active=True, store_id__in=stores))
    hours = _read_hours(stores)
    longest = defaultdict(int, {store_id: longest_opening(rows) for store_id, rows in hours.items()})
    return _Shop(longest, read_practitioners(), things, _read_shifts(stores, hours))


def _warnings(
    minutes: int,
    roles: Sequence[NeedSpec],
    stores: Sequence[Store],
    shop: _Shop,
    *,
    named: bool,
) -> list[Warning]:
    found: list[Warning] = []
    for store in stores:
        words = {"store": store.name, "minutes": minutes, "open": shop.longest[store.id]}
        if minutes > shop.longest[store.id]:
            sentence = gettext("%(store)s is never open for %(minutes)s minutes on end (longest: %(open)s).")
            found.append(Warning("longer_than_opening", sentence % words, store.id))
        found.extend(_unserved(roles, store, shop, minutes=minutes, named=named))
    return found


def _roles(
    skills: set[UUID], needs: Sequence[NeedSpec], minutes: int, around: tuple[int, int]
) -> list[NeedSpec]:
    """The needs, one a role, with all that is asked of it; a service without any takes one practitioner."""
    main = next((need.role for need in needs if need.kind == ResourceKind.PRACTITIONER), None)
    if not needs:
        ids = tuple(str(skill) for skill in skills)
        return [NeedSpec("", ResourceKind.PRACTITIONER, 0, minutes, *around, skills=ids)]
    roles: dict[str, NeedSpec] = {}
    for need in needs:
        before = roles.get(need.role, replace(need, skills=(), tags=()))
        roles[need.role] = replace(
            max(before, need, key=_claimed),
            skills=(*before.skills, *need.skills),
            tags=(*before.tags, *need.tags),
        )
    if main is not None:
        roles[main] = replace(roles[main], skills=(*roles[main].skills, *(str(skill) for skill in skills)))
    return list(roles.values())


def _claimed(need: NeedSpec) -> int:
    """How long somebody who serves the need is claimed on end, in minutes."""
    return need.prepare + need.minutes + need.clean_up


def _unserved(
    roles: Sequence[NeedSpec], store: Store, shop: _Shop, *, minutes: int, named: bool
) -> Iterator[Warning]:
    """The roles that the store has nobody or nothing for, or too few, or who do not work long enough."""
    for role in roles:
        words = {"store": store.name, "role": role.role, "count": role.count, "minutes": _claimed(role)}
        if role.kind == ResourceKind.PRACTITIONER:
            # a skill that is only a name yet is one that nobody has
            needed = {UUID(skill) if _is_id(skill) else UUID(int=0) for skill in role.skills}
            able = [person for person in shop.people if person.can_do(needed, store_id=store.id)]
            if len(able) >= role.count:
                works = [shop.shifts.get((store.id, person.employee.id), (0, 0)) for person in able]
                if minutes <= shop.longest[store.id] and role.count > sum(
                    shift >= _claimed(role) and within >= role.minutes for shift, within in works
                ):
                    sentence = gettext(
                        "Nobody at %(store)s who can do it works %(minutes)s minutes on end while it is open."
                    )
                    yield Warning("nobody_works", sentence % words, store.id)
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


def _read_hours(stores: Iterable[UUID]) -> dict[UUID, list[tuple[int, int, int]]]:
    """The weekly timetable of each store as rows (weekday, opens, closes)."""
    hours: dict[UUID, list[tuple[int, int, int]]] = defaultdict(list)
    for store_id, *row in OpeningHours.objects.filter(store_id__in=stores).values_list(
        "store_id", "weekday", "opens", "closes"
    ):
        weekday, opens, closes = row
        hours[store_id].append((weekday, opens, closes))
    return hours


def _read_shifts(
    stores: Iterable[UUID], hours: Mapping[UUID, list[tuple[int, int, int]]]
) -> dict[tuple[UUID, UUID], tuple[int, int]]:
    """See _Shop.shifts. Single days count with their length, whatever the hours of that weekday."""
    weekly: dict[tuple[UUID, UUID], list[tuple[int, int, int]]] = defaultdict(list)
    for row in WeeklyShift.objects.filter(store_id__in=stores):
        weekly[row.store_id, row.employee_id].append((row.weekday, row.starts, row.ends))
    found = {
        key: (longest_opening(rows), longest_within(rows, hours.get(key[0], [])))
        for key, rows in weekly.items()
    }
    dated = DayShift.objects.filter(store_id__in=stores, starts__isnull=False).order_by()
    for store_id, employee_id, length in dated.values_list("store_id", "employee_id").annotate(
        length=Max(F("ends") - F("starts"))
    ):
        shift, within = found.get((store_id, employee_id), (0, 0))
        found[store_id, employee_id] = (max(shift, length), max(within, length))
    return found
