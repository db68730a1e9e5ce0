"""What is offered where: a service at a store, with all that booking it needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.catalogue.models import Offer, Service
from tenants.people.domain.rights import NotSeen
from tenants.stores.models import Store

from .search import Need


class NotOffered(Refusal):
    """The store does not offer the service, or not to whoever asks."""

    code = "not_offered"
    status = 422
    title = _("Not offered here")
    detail = _("“%(service)s” cannot be booked at %(store)s.")
    fix = _("Choose another service, or another shop.")


@dataclass(frozen=True, slots=True)
class Offering:
    """A service at a store. Price in minor units of `currency`; `notice` in minutes before the start."""

    store_id: UUID
    store_name: str
    zone: ZoneInfo
    country: str
    service_id: UUID
    service_name: str
    need: Need
    price_amount: int
    currency: str
    lead: timedelta
    horizon: timedelta
    notice: int
    verticals: tuple[str, ...] = ()


_FIELDS = (
    "active", "price_amount", "store__active", "store__name", "store__time_zone", "store__country", "service__active",
    "service__online", "service__name", "service__minutes", "service__prepare", "service__clean_up",
    "service__step", "service__price_amount", "service__currency", "service__lead",
    "service__horizon_days", "service__notice", "store__verticals",
)  # fmt: skip


def read_offering(store_id: UUID, service_id: UUID, *, by_staff: bool = False) -> Offering:
    """The service as this store offers it, in one query.

    Members are offered what is bookable online; staff book whatever the store offers. Raises NotSeen
    for a store or service that is not there or closed down, NotOffered otherwise.
    """
    row = Offer.objects.filter(store_id=store_id, service_id=service_id).values(*_FIELDS).first()
    if row is None or not row["active"] or not row["service__active"] or not row["store__active"]:
        raise _no_offer(store_id, service_id)
    if not by_staff and not row["service__online"]:
        raise NotOffered(params={"service": row["service__name"], "store": row["store__name"]})
    price = row["price_amount"]
    return Offering(
        store_id=store_id,
        store_name=row["store__name"],
        zone=ZoneInfo(row["store__time_zone"]),
        country=row["store__country"],
        service_id=service_id,
        service_name=row["service__name"],
        need=Need(
            minutes=row["service__minutes"],
            prepare=row["service__prepare"],
            clean_up=row["service__clean_up"],
            step=5 if by_staff else row["service__step"],
        ),
        price_amount=price if price is not None else row["service__price_amount"],
        currency=row["service__currency"],
        lead=timedelta(minutes=row["service__lead"]),
        horizon=timedelta(days=row["service__horizon_days"]),
        notice=row["service__notice"],
        verticals=tuple(row["store__verticals"]),
    )


def _no_offer(store_id: UUID, service_id: UUID) -> Refusal:
    store = Store.objects.filter(id=store_id, active=True).values_list("name", flat=True).first()
    service = Service.objects.filter(id=service_id).values_list("name", flat=True).first()
    if store is None or service is None:
        return NotSeen()
    return NotOffered(params={"service": service, "store": store})


def zone_of_store(store_id: UUID) -> ZoneInfo:
    """The zone in which the store's clocks and dates are read. Raises NotSeen."""
    name = Store.objects.filter(id=store_id).values_list("time_zone", flat=True).first()
    if name is None:
        raise NotSeen
    return ZoneInfo(name)
