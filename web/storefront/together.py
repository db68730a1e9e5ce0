"""From a booking to more: the same every week, or somebody who comes along. Shown as a plan before it is booked."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chains.refusals import Refusal
from tenants.booking.domain.day import read_seen_booking
from tenants.booking.domain.groups import Item, book_group, plan_group
from tenants.booking.domain.plans import Placed
from tenants.booking.domain.series import SeriesWish, Time, book_series, plan_series, times_of
from tenants.booking.models import Booking, Status
from tenants.stores.domain.wall import local_date
from web.planning import plan_rows, read_choices
from web.storefront.frame import members_only, once_open, show
from web.visitor import actor_of

EVERY = (7, 14, 28)
MOST_TIMES = 12
NAME_LENGTH = 120


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
@members_only
def repeat(request: HttpRequest, now: datetime, booking_id: UUID) -> HttpResponse:
    """The booking again, every one, two or four weeks, with the same person: the plan, then the series."""
    booking = read_seen_booking(booking_id, by=actor_of(request), now=now)
    if booking.status != Status.CONFIRMED:
        return redirect("ticket", booking_id)
    asked = request.POST if request.method == "POST" else request.GET
    every = _one_of(asked.get("every", ""), EVERY, 7)
    count = _one_of(asked.get("times", ""), range(2, MOST_TIMES + 1), 4)
    zone = ZoneInfo(booking.store.time_zone)
    wish = SeriesWish(
        booking.service_id,
        every,
        practitioner_id=booking.practitioner_id,
        party_size=booking.party_size,
        note=booking.note,
        details=booking.details,
        first=booking.id,
    )
    where: dict[str, Any] = {"store_id": booking.store_id, "by": actor_of(request), "now": now}
    refusal: Refusal | None = None
    if request.method == "POST":
        chosen = [Time(at, person) for _index, at, person in read_choices(request.POST, count - 1)]
        try:
            book_series(wish, chosen, **where)
        except Refusal as refused:
            refusal = refused
        else:
            return redirect("my_bookings")
    try:
        times = times_of(booking.starts_at, interval_days=every, times=count, zone=zone)
        placed = plan_series(wish, times[1:], **where)
    except Refusal as refused:
        placed, refusal = [], refused
    hidden = {"every": every, "times": count}
    return _show_plan(request, booking, placed, hidden, title=_("Repeat"), refusal=refusal, now=now)


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
@members_only
def bring(request: HttpRequest, now: datetime, booking_id: UUID) -> HttpResponse:
    """Somebody comes along at the same time, for the same service: the plan, then the party."""
    booking = read_seen_booking(booking_id, by=actor_of(request), now=now)
    if booking.status != Status.CONFIRMED:
        return redirect("ticket", booking_id)
    asked = request.POST if request.method == "POST" else request.GET
    name = asked.get("guest", "").strip()[:NAME_LENGTH]
    if not name:
        return redirect("ticket", booking_id)
    where: dict[str, Any] = {"store_id": booking.store_id, "by": actor_of(request), "now": now}
    refusal: Refusal | None = None
    if request.method == "POST":
        items = [
            Item(booking.service_id, at, practitioner_id=person, guest=name, details=booking.details)
            for _index, at, person in read_choices(request.POST, 1)
        ]
        try:
            book_group(items, with_booking=booking.id, **where)
        except Refusal as refused:
            refusal = refused
        else:
            return redirect("my_bookings")
    item = Item(booking.service_id, booking.starts_at, guest=name, details=booking.details)
    placed: list[Placed] = []
    try:
        placed = plan_group([item], **where).placed
    except Refusal as refused:
        refusal = refused
    hidden = {"guest": name}
    return _show_plan(
        request, booking, placed, hidden, title=_("Bring someone"), refusal=refusal, now=now, titles=[name]
    )


def _show_plan(
    request: HttpRequest,
    booking: Booking,
    placed: list[Placed],
    hidden: dict[str, Any],
    *,
    title: str,
    refusal: Refusal | None,
    now: datetime,
    titles: list[str] | None = None,
) -> HttpResponse:
    zone = ZoneInfo(booking.store.time_zone)
    rows = plan_rows(placed, zone=zone, today=local_date(now, zone), titles=titles or ())
    context = {
        "page_title": title,
        "rows": rows,
        "refused": sum(bool(row.words) for row in rows),
        "hidden": hidden.items(),
        "refusal": refusal,
        "zone": booking.store.time_zone,
        "back_url": reverse("ticket", args=[booking.id]),
        "shop_url": "",
    }
    status = refusal.status if refusal is not None else 200
    return show(request, "storefront/plan.html", context, now=now, status=status, tab="bookings")


def _one_of(text: str, allowed: Any, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and int(text[:4]) in allowed else otherwise
