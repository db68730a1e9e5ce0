"""A new shop's first services: which of the industry's it offers, at what price, and its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal, require_version
from tenants.catalogue.domain.services import Price, create_service
from tenants.catalogue.models import Offer, Service
from tenants.people.domain.rights import Action, Actor, NotSeen, require
from tenants.stores.models import Store


class NothingChosen(Refusal):
    """A shop that would offer nothing."""

    code = "nothing_chosen"
    status = 422
    title = _("Choose a service")
    detail = _("A shop offers one service at least.")
    fix = _("Tick one, or add your own.")


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether a service is offered, at what price (minor units of its own currency)."""

    service_id: UUID
    offered: bool
    amount: int


@dataclass(frozen=True, slots=True)
class OwnService:
    """A service of the shop's own; whole minutes, minor units."""

    name: str
    minutes: int
    amount: int
    skill: str


def version_of(services: Iterable[Service]) -> int:
    """The version of a list of services: greater after any of them changed or one came, for none ever goes."""
    return sum(service.version for service in services)


def choose_services(
    store_id: UUID,
    choices: Sequence[Choice],
    *,
    own: OwnService | None,
    by: Actor,
    version: int | None = None,
) -> list[Service]:
    """Offer the ticked services online at the store and retire the others, all at once.

    `version` is version_of the services that were chosen from. Raises Forbidden, NotSeen, NothingChosen,
    StaleVersion.
    """
    require(by, Action.MANAGE_CATALOGUE)
    store = Store.objects.filter(id=store_id).first()
    if store is None:
        raise NotSeen
    if own is None and not any(choice.offered for choice in choices):
        raise NothingChosen(errors=[FieldError("services", "required", NothingChosen.detail)])
    by_id = {choice.service_id: choice for choice in choices}
    services = list(Service.objects.select_for_update(of=("self",)).filter(id__in=by_id).order_by("id"))
    if len(services) != len(by_id):
        raise NotSeen
    require_version(version_of(services), version)
    for service in services:
        choice = by_id[service.id]
        service.active = choice.offered
        if choice.offered:
            service.price_amount, service.online = choice.amount, True
        service.version += 1
    Service.objects.bulk_update(services, ["active", "online", "price_amount", "version"])
    Offer.objects.bulk_create(
        [Offer(service=service, store=store) for service in services if service.active],
        update_conflicts=True,
        unique_fields=["service", "store"],
        update_fields=["active"],
    )
    if own is not None:
        services.append(
            create_service(
                {"name": own.name, "minutes": own.minutes},
                price=Price(own.amount, store.currency),
                skills=[own.skill] if own.skill else [],
                stores=[store.id],
                by=by,
            )
        )
    return services
