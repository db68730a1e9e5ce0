"""What a configuration contradicts: told beside the answer, never a refusal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext

from tenants.catalogue.domain.practitioners import Practitioner, read_practitioners
from tenants.catalogue.models import BookedAs, Service
from tenants.stores.models import OpeningHours, Store


@dataclass(frozen=True, slots=True)
class Warning:
    """A stable code and a sentence in the active language."""

    code: str
    detail: str


def warn_of(service: Service) -> list[Warning]:
    """Why nobody may be able to book this service, store by store. A fixed number of queries.

    `not_offered` nowhere; `longer_than_opening` at no time of the week; `nobody_has_skills` no
    practitioner of the store has all of them.
    """
    stores = list(Store.objects.filter(offers__service=service, offers__active=True))
    if service.booked_as != BookedAs.TIME and stores:
        return []  # its times are planned one by one
    return warn_of_draft(service.minutes, list(service.skills.values_list("id", flat=True)), stores)


def warn_of_draft(minutes: int, skills: Sequence[UUID], stores: Sequence[Store]) -> list[Warning]:
    """What warn_of would say of a service of this length and these skills, offered at these stores."""
    if not stores:
        return [Warning("not_offered", gettext("No store offers this service yet."))]
    ids = [store.id for store in stores]
    return _warnings(minutes, set(skills), stores, _longest_openings(ids), read_practitioners())


def warn_of_all() -> list[tuple[Service, Warning]]:
    """The warnings of every active service, in the catalogue's order. A fixed number of queries."""
    services = list(Service.objects.filter(active=True).prefetch_related("skills", "offers__store"))
    offered = {
        service.id: [offer.store for offer in service.offers.all() if offer.active and offer.store.active]
        for service in services
    }
    longest = _longest_openings({store.id for stores in offered.values() for store in stores})
    people = read_practitioners()
    found: list[tuple[Service, Warning]] = []
    for service in services:
        stores = offered[service.id]
        needed = {skill.id for skill in service.skills.all()}
        if service.booked_as != BookedAs.TIME and stores:
            continue
        warnings = (
            _warnings(service.minutes, needed, stores, longest, people)
            if stores
            else warn_of_draft(0, [], [])
        )
        found.extend((service, warning) for warning in warnings)
    return found


def _warnings(
    minutes: int,
    needed: set[UUID],
    stores: Sequence[Store],
    longest: dict[UUID, int],
    people: Sequence[Practitioner],
) -> list[Warning]:
    found: list[Warning] = []
    for store in stores:
        words = {"store": store.name, "minutes": minutes, "open": longest[store.id]}
        if minutes > longest[store.id]:
            sentence = gettext("%(store)s is never open for %(minutes)s minutes on end (longest: %(open)s).")
            found.append(Warning("longer_than_opening", sentence % words))
        if not any(person.can_do(needed, store_id=store.id) for person in people):
            sentence = gettext("Nobody at %(store)s has all the skills this service needs.")
            found.append(Warning("nobody_has_skills", sentence % words))
    return found


def _longest_openings(stores: Iterable[UUID]) -> dict[UUID, int]:
    longest: dict[UUID, int] = defaultdict(int)
    for store_id, opens, closes in OpeningHours.objects.filter(store_id__in=stores).values_list(
        "store_id", "opens", "closes"
    ):
        longest[store_id] = max(longest[store_id], closes - opens)
    return longest
