"""What the shop's first page shows: the store, whether it is open, and its services by category."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.urls import reverse

from tenants.booking.domain.spans import Span, merge
from tenants.booking.domain.wall import local_span
from tenants.catalogue.models import BookedAs, Offer, Service
from tenants.stores.domain.wall import local_date
from tenants.stores.domain.words import words_of
from tenants.stores.models import Closure, OpeningHours, Store

# How far the card looks for the next opening.
LOOK_AHEAD = 14


@dataclass(frozen=True, slots=True)
class OpenState:
    """Whether a store is open: `until` when it closes, else `opens_at` when it next opens (both UTC)."""

    open: bool
    until: datetime | None = None
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoreCard:
    """A store as a member sees it."""

    id: UUID
    name: str
    address: str
    directions: str
    phone: str
    zone: str
    country: str
    state: OpenState


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service that can be booked at the store, at the store's price (minor units)."""

    id: UUID
    name: str
    description: str
    minutes: int
    price_amount: int
    currency: str
    url: str


@dataclass(frozen=True, slots=True)
class ServiceGroup:
    """Services of one category; the category may be empty. `anchor` names its place on the page."""

    category: str
    anchor: str
    services: tuple[ServiceRow, ...]


def opening_spans(
    hours: Iterable[OpeningHours], closures: Iterable[Closure], *, zone: ZoneInfo, days: Iterable[date]
) -> tuple[Span, ...]:
    """When one store is open on the local days, as UTC spans; days of a closure have none."""
    weekly = [(row.weekday, row.opens, row.closes) for row in hours]
    closed = [(row.starts_on, row.ends_on) for row in closures]
    spans = [
        local_span(day, opens, closes, zone)
        for day in days
        if not any(first <= day < end for first, end in closed)
        for weekday, opens, closes in weekly
        if weekday == day.isoweekday()
    ]
    return merge(span for span in spans if span is not None)


def state_at(spans: Iterable[Span], now: datetime) -> OpenState:
    """What the spans say of the moment."""
    for span in spans:
        if span.start <= now < span.end:
            return OpenState(True, until=span.end)
        if span.start > now:
            return OpenState(False, opens_at=span.start)
    return OpenState(False)


def read_stores(*, now: datetime, language: str) -> list[StoreCard]:
    """Every active store in the chain's order; three queries."""
    stores = list(Store.objects.filter(active=True))
    ids = [store.id for store in stores]
    hours: dict[UUID, list[OpeningHours]] = {}
    closures: dict[UUID, list[Closure]] = {}
    for row in OpeningHours.objects.filter(store_id__in=ids):
        hours.setdefault(row.store_id, []).append(row)
    for gap in Closure.objects.filter(store_id__in=ids, ends_on__gt=now.date() - timedelta(days=2)):
        closures.setdefault(gap.store_id, []).append(gap)
    cards = []
    for store in stores:
        zone = ZoneInfo(store.time_zone)
        today = local_date(now, zone)
        days = [today + timedelta(days=n) for n in range(-1, LOOK_AHEAD)]
        spans = opening_spans(hours.get(store.id, []), closures.get(store.id, []), zone=zone, days=days)
        cards.append(
            StoreCard(
                id=store.id,
                name=words_of(store, "name", language=language),
                address=words_of(store, "address", language=language),
                directions=words_of(store, "directions", language=language),
                phone=store.phone,
                zone=store.time_zone,
                country=store.country,
                state=state_at(spans, now),
            )
        )
    return cards


def choose_store(stores: list[StoreCard], *wanted: object) -> StoreCard | None:
    """The first of the wanted ids that is a store of the list, else its first store."""
    known = {str(store.id): store for store in stores}
    for one in wanted:
        if str(one) in known:
            return known[str(one)]
    return stores[0] if stores else None


def read_services(store_id: UUID, *, language: str) -> list[ServiceGroup]:
    """What can be booked online at the store, grouped by category in the chain's order; one query."""
    offers = (
        Offer.objects.select_related("service")
        .filter(store_id=store_id, active=True, service__active=True, service__online=True)
        .order_by("service__position", "service__name")
    )
    rows = [
        (words_of(offer.service, "category", language=language), _row(offer, language)) for offer in offers
    ]
    order = {category: at for at, (category, _service) in reversed(list(enumerate(rows)))}
    rows.sort(key=lambda pair: order[pair[0]])
    return [
        ServiceGroup(category, f"group-{at}", tuple(row for _category, row in group))
        for at, (category, group) in enumerate(groupby(rows, key=lambda pair: pair[0]))
    ]


def read_offer(service_id: UUID, store_id: UUID) -> Offer | None:
    """The offer of a bookable service at an active store, both beside it; one query."""
    return (
        Offer.objects.select_related("service", "store")
        .filter(Q(service_id=service_id, store_id=store_id))
        .filter(active=True, service__active=True, service__online=True, store__active=True)
        .first()
    )


def _row(offer: Offer, language: str) -> ServiceRow:
    service = offer.service
    return ServiceRow(
        id=service.id,
        name=words_of(service, "name", language=language),
        description=words_of(service, "description", language=language),
        minutes=service.minutes,
        price_amount=service.price_amount if offer.price_amount is None else offer.price_amount,
        currency=service.currency,
        url=booking_url(service, offer.store_id),
    )


def booking_url(service: Service, store_id: UUID) -> str:
    """Where the service is booked: by choosing a time, a session, or goods and a window."""
    if service.booked_as == BookedAs.SESSION:
        return reverse("sessions", query={"store": store_id, "service": service.id})
    if service.booked_as == BookedAs.PICKUP:
        return reverse("pickup", query={"store": store_id})
    return reverse("times", args=[service.id], query={"store": store_id})
