"""Any store nearby: when a service can begin at each of several stores, in two messages for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tenants.catalogue.domain.services import require_service
from tenants.stores.domain.distance import Point, metres_between

from .calendar import Wish, read_calendars
from .offering import Offering, read_offerings
from .search import DaySlots, search

MOST_STORES = 50


@dataclass(frozen=True, slots=True)
class StoreSlots:
    """A store, how many metres away it is (None where that is not known), and its slots."""

    offering: Offering
    metres: int | None
    days: list[DaySlots[UUID]]


def find_slots_nearby(
    service_id: UUID,
    *,
    days: Sequence[date],
    now: datetime,
    near: Point | None = None,
    party_size: int = 1,
    most: int = 10,
    by_staff: bool = False,
) -> list[StoreSlots]:
    """The slots on `days` (each store's own dates) at the `most` stores nearest to a point that offer the service.

    Without a point the stores come in the chain's order; those whose place is not known come last. None
    where no store offers it. Raises NotSeen for a service that is not there.
    """
    offerings = read_offerings(service_id, by_staff=by_staff)
    if not offerings:
        require_service(service_id)
    away = {
        one.store_id: metres_between(near, one.place) if near and one.place else None for one in offerings
    }
    if near is not None:
        offerings.sort(key=lambda one: (away[one.store_id] is None, away[one.store_id] or 0))
    offerings = offerings[: min(most, MOST_STORES)]
    if not offerings:
        return []
    calendars = read_calendars(offerings, days, wish=Wish(party_size=party_size), now=now, by_staff=by_staff)
    return [
        StoreSlots(one.offering, away[one.offering.store_id], search(days, one.inputs)) for one in calendars
    ]
