"""Counts of bookings for who runs the shop: today by store, a month by service. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from tenants.booking.models import Booking, Status
from tenants.people.domain.rights import Action, Actor, stores_where
from tenants.stores.domain.wall import local_date, local_day
from tenants.stores.models import Store

from .day import LATE_AFTER

COUNTED = (Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED, Status.NO_SHOW)


@dataclass(frozen=True, slots=True)
class StoreToday:
    """A store's local day in numbers; `late` should have begun LATE_AFTER ago and nobody came."""

    store: Store
    booked: int
    arrived: int
    to_come: int
    late: int


def count_today(*, by: Actor, now: datetime) -> list[StoreToday]:
    """The actor's stores with today's counts, in the chain's order. Two queries, however many stores."""
    allowed = stores_where(by, Action.READ_FIGURES)
    stores = list(Store.objects.filter(active=True))
    stores = [store for store in stores if allowed is None or store.id in allowed]
    if not stores:
        return []
    today = Q()
    for store in stores:
        zone = ZoneInfo(store.time_zone)
        day = local_day(local_date(now, zone), zone)
        today |= Q(store=store, starts_at__gte=day.start, starts_at__lt=day.end)
    confirmed = Q(status=Status.CONFIRMED)
    rows = (
        Booking.objects.filter(today, status__in=COUNTED)
        .order_by()
        .values("store_id")
        .annotate(
            booked=Count("id"),
            arrived=Count("id", filter=Q(status__in=(Status.ARRIVED, Status.COMPLETED))),
            to_come=Count("id", filter=confirmed & Q(starts_at__gt=now - LATE_AFTER)),
            late=Count("id", filter=confirmed & Q(starts_at__lte=now - LATE_AFTER)),
        )
    )
    counted = {row.pop("store_id"): row for row in rows}
    none = {"booked": 0, "arrived": 0, "to_come": 0, "late": 0}
    return [StoreToday(store, **counted.get(store.id, none)) for store in stores]


def count_by_service(*, by: Actor, now: datetime, days: int = 30) -> dict[UUID, int]:
    """How often each service was booked for the last `days` days, at the actor's stores."""
    allowed = stores_where(by, Action.READ_FIGURES)
    found = Booking.objects.filter(
        starts_at__gte=now - timedelta(days=days), starts_at__lt=now, status__in=COUNTED
    )
    if allowed is not None:
        found = found.filter(store_id__in=allowed)
    return dict(found.order_by().values_list("service_id").annotate(Count("id")))


def count_upcoming(service_id: UUID, *, now: datetime) -> int:
    """Bookings of the service that are promised already and have not begun."""
    return Booking.objects.filter(
        service_id=service_id, starts_at__gt=now, status__in=(Status.HELD, Status.CONFIRMED)
    ).count()
