"""Services: what can be booked, where, and for how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal, require_version
from tenants.catalogue.domain.needs import NeedSpec, replace_needs, require_fitting, specs_of
from tenants.catalogue.models import Offer, Service
from tenants.people.domain.rights import Action, Actor, NotSeen, require
from tenants.people.domain.skills import read_skills
from tenants.stores.models import Store


class ServiceWrong(Refusal):
    """A price in a currency the store does not take, a store that is not there, minutes out of bounds."""

    code = "service_wrong"
    status = 422
    title = _("This service cannot be kept")
    detail = _("Some of what was said of the service does not fit.")
    fix = _("Correct the fields that are named.")


@dataclass(frozen=True, slots=True)
class Price:
    """Minor units of a currency (ISO 4217)."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class OfferAt:
    """The service at one store; `amount` None is the service's own price."""

    store_id: UUID
    amount: int | None = None
    active: bool = True


class ServiceFields(TypedDict, total=False):
    """What can be said of a service; minutes are whole."""

    name: str
    description: str
    category: str
    translations: dict[str, dict[str, str]]
    minutes: int
    booked_as: str
    prepare: int
    clean_up: int
    step: int
    lead: int
    horizon_days: int
    notice: int
    online: bool
    active: bool
    position: int


def create_service(
    fields: ServiceFields,
    *,
    price: Price,
    skills: Sequence[str],
    stores: Sequence[UUID] | None,
    by: Actor,
    needs: Sequence[NeedSpec] = (),
) -> Service:
    """A new service, offered at the stores; None is every open store that takes the currency.

    Raises Forbidden, ServiceWrong, SkillUnknown, NeedsWrong.
    """
    require(by, Action.MANAGE_CATALOGUE)
    if stores is None:
        taking = Store.objects.filter(active=True, currency=price.currency)
        stores = list(taking.values_list("id", flat=True))
    service = Service.objects.create(**fields, price_amount=price.amount, currency=price.currency)
    service.skills.set(read_skills(skills, by=by))
    _replace_offers(service, [OfferAt(store_id) for store_id in stores])
    replace_needs(service, needs, by=by)
    return service


def change_service(
    service_id: UUID,
    fields: ServiceFields,
    *,
    by: Actor,
    version: int | None = None,
    price: Price | None = None,
    skills: Sequence[str] | None = None,
    offers: Sequence[OfferAt] | None = None,
    needs: Sequence[NeedSpec] | None = None,
) -> Service:
    """Change what is given. `offers` replaces all of them: a store left out offers it no longer; so does `needs`.

    Raises NotSeen, Forbidden, StaleVersion, ServiceWrong, SkillUnknown, NeedsWrong.
    """
    require(by, Action.MANAGE_CATALOGUE)
    service = Service.objects.select_for_update().filter(id=service_id).first()
    if service is None:
        raise NotSeen
    require_version(service.version, version)
    for field, value in fields.items():
        setattr(service, field, value)
    if price is not None:
        service.price_amount, service.currency = price.amount, price.currency
    service.version += 1
    service.save()
    if skills is not None:
        service.skills.set(read_skills(skills, by=by))
    if needs is not None:
        replace_needs(service, needs, by=by)
    elif "minutes" in fields:
        require_fitting(specs_of(service), minutes=service.minutes)
    if offers is not None:
        _replace_offers(service, offers)
    elif price is not None:
        _require_currency(service, list(service.offers.values_list("store_id", flat=True)), "price.currency")
    return service


def require_service(service_id: UUID) -> None:
    """Raise NotSeen for a service that is not there or retired."""
    if not Service.objects.filter(id=service_id, active=True).exists():
        raise NotSeen


def _replace_offers(service: Service, offers: Sequence[OfferAt]) -> None:
    _require_currency(service, [offer.store_id for offer in offers], "store")
    service.offers.exclude(store_id__in=[offer.store_id for offer in offers]).update(active=False)
    Offer.objects.bulk_create(
        [
            Offer(service=service, store_id=offer.store_id, price_amount=offer.amount, active=offer.active)
            for offer in offers
        ],
        update_conflicts=True,
        unique_fields=["service", "store"],
        update_fields=["price_amount", "active"],
    )


def _require_currency(service: Service, stores: Sequence[UUID], field: str) -> None:
    known = dict(Store.objects.filter(id__in=stores).values_list("id", "currency"))
    wrong = []
    for store_id in stores:
        if store_id not in known:
            wrong.append(FieldError(field, "unknown", _("There is no such store.")))
        elif known[store_id] != service.currency:
            wrong.append(FieldError("price.currency", "other", _("The store takes another currency.")))
    if len(set(stores)) != len(stores):
        wrong.append(FieldError(field, "repeated", _("The same store stands twice.")))
    if wrong:
        raise ServiceWrong(errors=wrong)
