"""Moving what is scheduled: the other sessions of the service, or pickup windows, that have room; one is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chains.refusals import Refusal
from tenants.booking.domain.change import reschedule_booking
from tenants.booking.domain.offering import Offering, read_offering
from tenants.booking.domain.pickups import find_windows
from tenants.booking.domain.sessions import find_sessions, left_of
from tenants.booking.models import Booking, PickupWindow, Session, SessionState
from tenants.stores.domain.wall import local_date, parse_moment
from tenants.stores.domain.words import words_of
from web.formats import format_moment, format_span
from web.storefront.frame import language_of, show
from web.visitor import actor_of

DAYS = 28
Spot = TypeVar("Spot", Session, PickupWindow)


def move_scheduled(request: HttpRequest, booking: Booking, *, now: datetime) -> HttpResponse:
    """The list of what has room, or (POST `at`) the move; the old place stays until the new one is taken."""
    if request.method != "POST":
        return _show(request, booking, now=now)
    try:
        starts_at = parse_moment(request.POST.get("at", ""), zone=ZoneInfo(booking.store.time_zone))
        reschedule_booking(booking.id, starts_at=starts_at, by=actor_of(request), now=now)
    except Refusal as refusal:
        return _show(request, booking, now=now, refusal=refusal)
    return redirect(reverse("ticket", args=[booking.id], query={"new": 1}))


def spots_with_room(
    booking: Booking, offering: Offering, *, now: datetime
) -> list[Session] | list[PickupWindow]:
    """Where the booking could go in the next four weeks, in their order; of those at one time the roomiest."""
    zone = offering.zone
    first = local_date(now, zone)
    end = first + timedelta(days=DAYS)
    soonest, latest = now + offering.lead, now + offering.horizon
    if booking.session_id is not None:
        sessions = find_sessions(
            booking.store_id, first=first, end=end, zone=zone, service_id=booking.service_id
        ).filter(
            state=SessionState.SCHEDULED,
            starts_at__gt=soonest,
            starts_at__lte=latest,
            pool__taken__lte=F("pool__capacity") - booking.party_size,
        )
        return _once(sessions.exclude(id=booking.session_id))
    windows = find_windows(booking.store_id, first=first, end=end, zone=zone).filter(
        open=True,
        service_id=booking.service_id,
        ends_at__gt=soonest,
        starts_at__lte=latest,
        pool__taken__lt=F("pool__capacity"),
    )
    return _once(windows.exclude(id=booking.pickup_window_id))


def _once(found: Iterable[Spot]) -> list[Spot]:
    """One a time, which is how a move names it."""
    roomy = sorted(found, key=lambda one: (one.starts_at, -left_of(one.pool), one.id))
    return list({one.starts_at: one for one in reversed(roomy)}.values())[::-1]


def _show(
    request: HttpRequest, booking: Booking, *, now: datetime, refusal: Refusal | None = None
) -> HttpResponse:
    language = language_of(request)
    zone = ZoneInfo(booking.store.time_zone)
    offering = read_offering(booking.store_id, booking.service_id)
    spots = spots_with_room(booking, offering, now=now)
    context: dict[str, Any] = {
        "page_title": _("Choose another time"),
        "booking": booking,
        "zone": booking.store.time_zone,
        "service_name": words_of(booking.service, "name", language=language),
        "store_name": words_of(booking.store, "name", language=language),
        "spots": [_option(one, zone, language=language, now=now, first=one is spots[0]) for one in spots],
        "refusal": refusal,
        "back_url": reverse("ticket", args=[booking.id]),
    }
    status = refusal.status if refusal else 200
    return show(request, "storefront/move.html", context, now=now, status=status, tab="bookings")


def _option(
    spot: Session | PickupWindow, zone: ZoneInfo, *, language: str, now: datetime, first: bool
) -> dict[str, Any]:
    left, today = left_of(spot.pool), now.astimezone(zone).date()
    starts, ends = spot.starts_at.astimezone(zone), spot.ends_at.astimezone(zone)
    who = spot.practitioner.name if isinstance(spot, Session) and spot.practitioner else ""
    room = ngettext("%(count)s left", "%(count)s left", left) % {"count": left}
    # a session's length is known; of a window one asks until when
    if isinstance(spot, Session):
        label = format_moment(starts, language=language, today=today)
    else:
        label = format_span(starts, ends, language=language, today=today)
    return {
        "value": f"{spot.starts_at:%Y-%m-%dT%H:%M:%S}Z",
        "label": label,
        "hint": " · ".join(filter(None, [who, room])),
        "checked": first,
    }
