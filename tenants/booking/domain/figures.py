"""Counts of bookings for who runs the shop (today by store, a month by service) and for the operators."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from chains.due import mark_due
from chains.ports import ChainStart
from tenants.booking.models import Booking, Status
from tenants.extension.hooks import Metric, MetricAsked
from tenants.members.models import Member
from tenants.people.domain.rights import Action, Actor, stores_where
from tenants.people.models import Employee
from tenants.stores.domain.wall import local_date, local_day
from tenants.stores.models import Store

from .day import LATE_AFTER

FIGURES = "figures"
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


def start_figures(start: ChainStart) -> None:
    """A new chain's first figures are due at once; from then on it counts itself every hour. Idempotent."""
    mark_due(FIGURES, start.now)


def push_figures(*, now: datetime) -> None:
    """Due work `figures`: tell the platform the chain's counts, and again at the next full hour.

    Two rows that came about by a repeated start fall due together then, and are one again.
    """
    write_figures(now=now)
    mark_due(FIGURES, now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))


def write_figures(*, now: datetime) -> None:
    """Write the active chain's counts where the console reads them: stores and employees that are active,
    members, and the bookings of the last 30 days that stood. Five queries, however large the chain."""
    figures = {
        "stores": Store.objects.filter(active=True).count(),
        "employees": Employee.objects.filter(active=True).count(),
        "members": Member.objects.count(),
        "bookings_30d": Booking.objects.filter(
            starts_at__gte=now - timedelta(days=30), starts_at__lt=now, status__in=COUNTED
        ).count(),
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.push_own_figures(%s::jsonb)", (json.dumps(figures),))


def _of_stores(asked: MetricAsked) -> QuerySet[Booking]:
    return Booking.objects.filter(
        store_id__in=asked.store_ids, starts_at__gte=asked.start, starts_at__lt=asked.end
    )


def count_stood(asked: MetricAsked) -> int:
    """Metric: the bookings that stood, over the span."""
    return _of_stores(asked).filter(status__in=COUNTED).count()


def share_not_come(asked: MetricAsked) -> int | None:
    """Metric: of the bookings that were over, the share whose guest did not come; None where none was."""
    over = (Status.COMPLETED, Status.NO_SHOW)
    counted = _of_stores(asked).aggregate(
        over=Count("id", filter=Q(status__in=over)),
        missed=Count("id", filter=Q(status=Status.NO_SHOW)),
    )
    return round(100 * counted["missed"] / counted["over"]) if counted["over"] else None


METRICS = (
    Metric("stood", _("Bookings"), count_stood),
    Metric("not_come", _("No-shows"), share_not_come, unit="percent"),
)
