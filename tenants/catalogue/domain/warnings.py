"""What a configuration contradicts: told beside the answer, never a refusal."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext

from tenants.catalogue.models import Offer, Service
from tenants.people.models import Employee, Role
from tenants.stores.models import OpeningHours


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
    offers = list(Offer.objects.filter(service=service, active=True).select_related("store"))
    if not offers:
        return [Warning("not_offered", gettext("No store offers this service yet."))]
    stores = [offer.store_id for offer in offers]
    longest = _longest_openings(stores)
    able = _able_at(service, stores)
    found: list[Warning] = []
    for offer in offers:
        words = {"store": offer.store.name, "minutes": service.minutes, "open": longest[offer.store_id]}
        if service.minutes > longest[offer.store_id]:
            sentence = gettext("%(store)s is never open for %(minutes)s minutes on end (longest: %(open)s).")
            found.append(Warning("longer_than_opening", sentence % words))
        if not able[offer.store_id]:
            sentence = gettext("Nobody at %(store)s has all the skills this service needs.")
            found.append(Warning("nobody_has_skills", sentence % words))
    return found


def _longest_openings(stores: list[UUID]) -> dict[UUID, int]:
    longest: dict[UUID, int] = defaultdict(int)
    for store_id, opens, closes in OpeningHours.objects.filter(store_id__in=stores).values_list(
        "store_id", "opens", "closes"
    ):
        longest[store_id] = max(longest[store_id], closes - opens)
    return longest


def _able_at(service: Service, stores: list[UUID]) -> dict[UUID, bool]:
    """Whether a practitioner who has every skill holds that role at the store or in the chain."""
    needed = set(service.skills.values_list("id", flat=True))
    practitioners = Employee.objects.filter(
        active=True, resource__active=True, grants__role=Role.PRACTITIONER
    ).prefetch_related("skills", "grants")
    able: dict[UUID, bool] = defaultdict(bool)
    for employee in practitioners.distinct():
        if needed <= {skill.id for skill in employee.skills.all()}:
            nodes = {grant.store_id for grant in employee.grants.all() if grant.role == Role.PRACTITIONER}
            for store_id in stores:
                able[store_id] |= bool(nodes & {None, store_id})
    return able
