"""Taking a time: a member books at once; a visitor holds it, proves a phone, and joins by doing so."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chains.addresses import client_address
from chains.refusals import Refusal
from tenants.booking.domain.book import book
from tenants.booking.domain.change import HoldExpired
from tenants.booking.domain.offering import read_offering
from tenants.booking.domain.plugged import steps_of
from tenants.booking.domain.terms import Terms, terms_of, terms_row
from tenants.booking.domain.visitor_holds import (
    confirm_visitor_hold,
    drop_visitor_hold,
    extend_hold,
    held_by,
    hold_for_visitor,
    hold_left,
    may_extend,
    terms_for_member,
)
from tenants.booking.models import Booking
from tenants.extension.answers import DetailsInvalid, Step
from tenants.stores.domain.words import words_of
from tenants.stores.models import Store
from web.booking_steps import answers_in, asked_of
from web.storefront.asking import Wish, require_wish
from web.storefront.frame import language_of, once_open, show, while_open
from web.storefront.paying import after_booking
from web.storefront.phone_code import (
    PhoneCode,
    answered,
    asks_for_code,
    check_typed,
    fields_of,
    read_typed,
    send_typed,
)
from web.storefront.sessions import links_to_sessions
from web.storefront.views import links_to, show_times
from web.visitor import actor_of, make_visitor_key, member_of, sign_in, visitor_key_of


@require_http_methods(["GET", "HEAD", "POST"])
@while_open
def take(request: HttpRequest, now: datetime, service_id: UUID) -> HttpResponse:
    """Book the chosen time (a member), or hold it and go on to confirm it: a visitor, and whoever must
    answer something first."""
    if request.method != "POST":
        return redirect("times", service_id)
    wish = _read_taken(request)
    assert wish.store_id is not None and wish.starts_at is not None
    try:
        booked = _book_at_once(request, service_id, wish, now=now) if member_of(request) else None
        if booked is not None:
            return after_booking(booked)
        booking = hold_for_visitor(
            service_id,
            store_id=wish.store_id,
            starts_at=wish.starts_at,
            practitioner_id=wish.person_id,
            party_size=wish.party_size,
            visitor=make_visitor_key(request),
            address=client_address(request),
            now=now,
        )
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        day = wish.starts_at.astimezone(_zone_of(wish.store_id)).date()
        again = replace(wish, day=day, starts_at=None)
        return show_times(request, service_id, again, now=now, refusal=refusal)
    return redirect("confirm", booking.id)


def _book_at_once(request: HttpRequest, service_id: UUID, wish: Wish, *, now: datetime) -> Booking | None:
    """The member's booking; None where the shop asks something that must be answered first."""
    assert wish.store_id is not None and wish.starts_at is not None
    try:
        booking = book(
            service_id,
            store_id=wish.store_id,
            starts_at=wish.starts_at,
            practitioner_id=wish.person_id,
            party_size=wish.party_size,
            by=actor_of(request),
            now=now,
        )
    except DetailsInvalid:
        return None
    drop_visitor_hold(visitor=visitor_key_of(request), now=now)
    return booking


def _read_taken(request: HttpRequest) -> Wish:
    """The time that was posted, read by the store's clock. Raises Http404 and the refusals of parse_moment."""
    wish = require_wish(request.POST)
    assert wish.store_id is not None
    return require_wish(request.POST, zone=_zone_of(wish.store_id))


def _zone_of(store_id: UUID) -> ZoneInfo:
    zone = Store.objects.filter(id=store_id, active=True).values_list("time_zone", flat=True).first()
    if zone is None:
        raise Http404
    return ZoneInfo(zone)


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
def confirm(request: HttpRequest, now: datetime, booking_id: UUID) -> HttpResponse:
    """The hold with its countdown, phone and code; a POST with both makes it the member's booking."""
    booking = held_by(booking_id, visitor=visitor_key_of(request))
    if request.method != "POST":
        return show_confirm(request, booking, PhoneCode(), now=now)
    typed, country = read_typed(request), booking.store.country
    if member_of(request) is None:
        if asks_for_code(request):
            sent = send_typed(request, typed, country=country, now=now)
            return show_confirm(request, booking, sent, now=now)
        if hold_left(booking, now=now) <= timedelta():
            return show_confirm(request, booking, typed, now=now, refusal=HoldExpired())
        found = check_typed(typed, country=country, now=now)
        if isinstance(found, PhoneCode):
            return show_confirm(request, booking, found, now=now)
        sign_in(request, found)
    try:
        booking = confirm_visitor_hold(
            booking.id,
            visitor=visitor_key_of(request),
            by=actor_of(request),
            now=now,
            details=answers_in(_steps(booking), request.POST),
            agreed=_agreed(request, booking, now=now),
        )
    except Refusal as refusal:
        return show_confirm(request, booking, typed, now=now, refusal=refusal)
    return after_booking(booking)


def _steps(booking: Booking) -> list[Step]:
    """What is asked before the booking is confirmed; nothing where the service is offered no more."""
    try:
        return steps_of(read_offering(booking.store_id, booking.service_id))
    except Refusal:
        return []


def _agreed(request: HttpRequest, booking: Booking, *, now: datetime) -> Terms | None:
    """The terms that the page showed before the tap: the member's own, or those of somebody unknown."""
    member = member_of(request)
    if member is None:
        return None
    own = terms_for_member(booking, member.id, now=now)
    return own if request.POST.get("terms") == seal_of(own) else None


def seal_of(terms: Terms) -> str:
    """A short name for exactly these terms."""
    return hashlib.sha256(json.dumps(terms_row(terms), sort_keys=True).encode()).hexdigest()[:16]


@require_POST
@once_open
def extend(request: HttpRequest, now: datetime, booking_id: UUID) -> HttpResponse:
    """Ten more minutes, once."""
    try:
        booking = extend_hold(booking_id, visitor=visitor_key_of(request), now=now)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        booking = held_by(booking_id, visitor=visitor_key_of(request))
        return show_confirm(request, booking, PhoneCode(), now=now, refusal=refusal)
    if request.htmx:  # type: ignore[attr-defined]
        context = {"booking": booking, "left": int(hold_left(booking, now=now).total_seconds())}
        return show(request, "storefront/_hold.html", context, now=now)
    return redirect("confirm", booking.id)


@require_POST
@once_open
def drop(request: HttpRequest, now: datetime, booking_id: UUID) -> HttpResponse:
    """Let the held time go and choose another."""
    booking = held_by(booking_id, visitor=visitor_key_of(request))
    drop_visitor_hold(visitor=visitor_key_of(request), now=now)
    return redirect(reverse("times", args=[booking.service_id], query={"store": booking.store_id}))


@require_safe
@once_open
def resend(request: HttpRequest, now: datetime, booking_id: UUID) -> HttpResponse:
    """The button that sends another code, once a minute has passed; htmx asks for it by itself."""
    held_by(booking_id, visitor=visitor_key_of(request))
    send_url = reverse("confirm", args=[booking_id])
    return show(request, "storefront/_resend.html", {"resend_in": 0, "send_url": send_url}, now=now)


def _others(refusal: Refusal | None, booking: Booking) -> list[dict[str, Any]]:
    """The times that the refusal names, as links to where each is chosen; sessions are chosen among sessions."""
    slots = refusal.extra.get("alternatives", []) if refusal is not None else []
    if booking.session_id is not None:
        return links_to_sessions(slots, {"store": booking.store_id, "service": booking.service_id})
    wish = Wish(booking.store_id, None, None, None, party_size=booking.party_size)
    return links_to(slots, reverse("times", args=[booking.service_id]), wish)


def show_confirm(
    request: HttpRequest,
    booking: Booking,
    typed: PhoneCode,
    *,
    now: datetime,
    refusal: Refusal | None = None,
) -> HttpResponse:
    """The confirmation of a held booking; a hold that ran out offers the way back to it."""
    language = language_of(request)
    left = hold_left(booking, now=now)
    if left <= timedelta() and refusal is None:
        refusal = HoldExpired()
    member = member_of(request)
    terms = terms_for_member(booking, member.id, now=now) if member else terms_of(booking)
    identity = fields_of(
        typed,
        country=booking.store.country,
        now=now,
        send=reverse("confirm", args=[booking.id]),
        resend=reverse("resend", args=[booking.id]),
    )
    context: dict[str, Any] = {
        **identity,
        "page_title": _("Confirm booking"),
        "booking": booking,
        "asked": asked_of(_steps(booking), request.POST, refusal),
        "left": int(left.total_seconds()),
        "until": booking.expires_at,
        "extend_url": reverse("extend", args=[booking.id]) if left and may_extend(booking.id) else "",
        "zone": booking.store.time_zone,
        "store_name": words_of(booking.store, "name", language=language),
        "service_name": words_of(booking.service, "name", language=language),
        "practitioner_name": words_of(booking.practitioner, "name", language=language)
        if booking.practitioner
        else "",
        "items": [
            (item.quantity, words_of(item.product, "name", language=language))
            for item in booking.items.select_related("product")
        ],
        "terms": terms,
        "terms_seal": seal_of(terms),
        "refusal": refusal,
        "alternatives": _others(refusal, booking),
        "back_url": reverse(
            "times",
            args=[booking.service_id],
            query={
                "store": booking.store_id,
                "at": f"{booking.starts_at:%Y-%m-%dT%H:%M}Z",
                **({"party": booking.party_size} if booking.party_size > 1 else {}),
            },
        ),
        "shop_url": "",
    }
    # looking at a hold that ran out is no error of the one who looks
    status = 200 if request.method != "POST" else refusal.status if refusal else typed.status
    return answered(show(request, "storefront/confirm.html", context, now=now, status=status), typed)
