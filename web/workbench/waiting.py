"""The waiting list of a store's day: who waits for what, in which order, and what is on offer to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from tenants.booking.domain.spans import Span
from tenants.booking.domain.waiting_offers import offer_stands
from tenants.booking.domain.wishes import read_queue
from tenants.catalogue.models import Service
from tenants.people.domain.rights import Action
from tenants.people.models import Employee
from tenants.stores.domain.phones import mask_phone
from tenants.stores.domain.wall import local_day
from web.storefront.waiting import window_words
from web.workbench.access import Desk, asked_day, at_desk
from web.workbench.frame import frame, here


@dataclass(frozen=True, slots=True)
class Waiter:
    """One wish of the day, at its place in the queue."""

    wish_id: UUID
    place: int
    name: str
    phone: str
    services: str
    people: str
    windows: str
    joined_at: datetime
    auto_accept: bool
    offered_at: datetime | None
    offer_until: datetime | None
    booking_url: str


@require_safe
@at_desk
def show_waiting(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The day's queue in the order in which it is served."""
    day = asked_day(request, desk)
    local = local_day(day, desk.zone)
    queue = read_queue(desk.store.id, Span(local.start, local.end), by=desk.actor)
    services = dict(
        Service.objects.filter(id__in={one for wish in queue for one in wish.services}).values_list(
            "id", "name"
        )
    )
    people = dict(
        Employee.objects.filter(id__in={one for wish in queue for one in wish.practitioners}).values_list(
            "id", "name"
        )
    )
    language = get_language() or "en"
    waiters = []
    for place, wish in enumerate(queue, start=1):
        offer = next((one for one in wish.open_offers if offer_stands(one, now=desk.now)), None)  # type: ignore[attr-defined]
        windows = [
            window_words(Span(one.starts_at, one.ends_at), desk.zone, language=language, now=desk.now)
            for one in wish.windows.all()
        ]
        waiters.append(
            Waiter(
                wish_id=wish.id,
                place=place,
                name=wish.member.name,
                phone=mask_phone(wish.member.phone)
                if wish.member.phone and desk.may(Action.READ_MEMBERS)
                else "",
                services=" · ".join(services.get(one, "") for one in wish.services),
                people=" · ".join(people.get(one, "") for one in wish.practitioners),
                windows=" · ".join(windows),
                joined_at=wish.joined_at,
                auto_accept=wish.auto_accept,
                offered_at=offer.starts_at if offer else None,
                offer_until=offer.expires_at if offer else None,
                booking_url=here("booking", desk, offer.booking_id) if offer else "",
            )
        )
    context = {
        **frame(request, desk, current="waiting"),
        "day": day,
        "waiters": waiters,
        "waiting_url": here("waiting", desk),
    }
    return render(request, "workbench/waiting.html", context)
