"""Taking a time: a member books at once; a visitor holds it, proves a phone, and joins by doing so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import phonenumbers
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chains.addresses import client_address
from chains.refusals import Refusal, TooManyRequests, problem_headers
from tenants.booking.domain.book import book
from tenants.booking.domain.change import HoldExpired, changeable_until
from tenants.booking.domain.visitor_holds import (
    confirm_visitor_hold,
    drop_visitor_hold,
    extend_hold,
    held_by,
    hold_for_visitor,
    hold_left,
    may_extend,
)
from tenants.booking.models import Booking
from tenants.members.domain.codes import BETWEEN, CodeExpired, CodeWrong, send_code
from tenants.members.domain.members import sign_in_member
from tenants.stores.domain.phones import PhoneInvalid, normalise_phone
from tenants.stores.domain.words import words_of
from tenants.stores.models import Store
from web.storefront.asking import Wish, require_wish
from web.storefront.frame import language_of, once_open, show, while_open
from web.storefront.views import show_times
from web.visitor import actor_of, make_visitor_key, member_of, sign_in, visitor_key_of

NOTE_LENGTH = 500


@require_http_methods(["GET", "HEAD", "POST"])
@while_open
def take(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Book the chosen time (a member) or hold it and go on to confirm it (a visitor)."""
    if request.method != "POST":
        return redirect("times", service_id)
    wish = _read_taken(request)
    assert wish.store_id is not None and wish.starts_at is not None
    now = timezone.now()
    try:
        if member_of(request):
            booking = book(
                service_id,
                store_id=wish.store_id,
                starts_at=wish.starts_at,
                practitioner_id=wish.person_id,
                by=actor_of(request),
                now=now,
            )
            drop_visitor_hold(visitor=visitor_key_of(request), now=now)
            return redirect(reverse("ticket", args=[booking.id], query={"new": 1}))
        booking = hold_for_visitor(
            service_id,
            store_id=wish.store_id,
            starts_at=wish.starts_at,
            practitioner_id=wish.person_id,
            visitor=make_visitor_key(request),
            address=client_address(request),
            now=now,
        )
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        day = wish.starts_at.astimezone(_zone_of(wish.store_id)).date()
        return show_times(
            request, service_id, Wish(wish.store_id, wish.person_id, day, None), refusal=refusal
        )
    return redirect("confirm", booking.id)


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


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields of the confirmation, and what is wrong with it."""

    phone: str = ""
    code: str = ""
    note: str = ""
    phone_error: str = ""
    code_error: str = ""
    code_sent: bool = False
    resend_in: int = 0


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
def confirm(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The hold with its countdown, phone and code; a POST with both makes it the member's booking."""
    booking = held_by(booking_id, visitor=visitor_key_of(request))
    if request.method != "POST":
        return show_confirm(request, booking, Typed())
    typed = Typed(
        phone=request.POST.get("phone", "")[:40],
        code="".join(request.POST.get("code", "").split())[:12],
        note=request.POST.get("note", "").strip()[:NOTE_LENGTH],
        code_sent=True,
    )
    now = timezone.now()
    if member_of(request) is None:
        if "send" in request.POST or "code" not in request.POST:
            return _send_code(request, booking, typed)
        wrong = _sign_in(request, booking, typed, now=now)
        if wrong is not None:
            return wrong
    try:
        confirm_visitor_hold(
            booking.id, visitor=visitor_key_of(request), by=actor_of(request), now=now, note=typed.note
        )
    except Refusal as refusal:
        return show_confirm(request, booking, typed, refusal=refusal)
    return redirect(reverse("ticket", args=[booking.id], query={"new": 1}))


def _sign_in(request: HttpRequest, booking: Booking, typed: Typed, *, now: datetime) -> HttpResponse | None:
    """Sign the phone's owner in; the page with what is wrong where that fails."""
    if hold_left(booking, now=now) <= timedelta():
        return show_confirm(request, booking, typed, refusal=HoldExpired())
    try:
        phone = normalise_phone(typed.phone, country=booking.store.country)
        member, _new = sign_in_member(phone, typed.code, now=now)
    except PhoneInvalid as refusal:
        return show_confirm(request, booking, replace(typed, phone_error=_words(refusal)), status=422)
    except (CodeWrong, CodeExpired) as refusal:
        return show_confirm(request, booking, replace(typed, code_error=_words(refusal)), status=422)
    except Refusal as refusal:
        return show_confirm(request, booking, typed, refusal=refusal)
    sign_in(request, member)
    return None


@require_POST
@once_open
def extend(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Ten more minutes, once."""
    try:
        booking = extend_hold(booking_id, visitor=visitor_key_of(request), now=timezone.now())
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        booking = held_by(booking_id, visitor=visitor_key_of(request))
        return show_confirm(request, booking, Typed(), refusal=refusal)
    if request.htmx:  # type: ignore[attr-defined]
        context = {"booking": booking, "left": int(hold_left(booking, now=timezone.now()).total_seconds())}
        return show(request, "storefront/_hold.html", context)
    return redirect("confirm", booking.id)


@require_POST
@once_open
def drop(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Let the held time go and choose another."""
    booking = held_by(booking_id, visitor=visitor_key_of(request))
    drop_visitor_hold(visitor=visitor_key_of(request), now=timezone.now())
    return redirect(reverse("times", args=[booking.service_id], query={"store": booking.store_id}))


@require_safe
@once_open
def resend(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The button that sends another code, once a minute has passed; htmx asks for it by itself."""
    held_by(booking_id, visitor=visitor_key_of(request))
    send_url = reverse("confirm", args=[booking_id])
    return show(request, "storefront/_resend.html", {"resend_in": 0, "send_url": send_url})


def _send_code(request: HttpRequest, booking: Booking, typed: Typed) -> HttpResponse:
    """Send a code to the phone that was typed; the page then has the field for it."""
    now = timezone.now()
    try:
        phone = normalise_phone(typed.phone, country=booking.store.country)
        send_code(phone, address=client_address(request), chain=request.chain, now=now)  # type: ignore[attr-defined]
    except PhoneInvalid as refusal:
        wrong = replace(typed, phone_error=_words(refusal), code_sent=False)
        return show_confirm(request, booking, wrong, status=422)
    except TooManyRequests as refusal:
        waits = replace(typed, code_error=_words(refusal), resend_in=int(refusal.extra["retry_after"]))
        return show_confirm(request, booking, waits, status=429, headers=problem_headers(refusal))
    except Refusal as refusal:
        wrong = replace(typed, phone_error=_words(refusal), code_sent=False)
        return show_confirm(request, booking, wrong, status=refusal.status)
    return show_confirm(request, booking, replace(typed, code="", resend_in=int(BETWEEN.total_seconds())))


def show_confirm(
    request: HttpRequest,
    booking: Booking,
    typed: Typed,
    *,
    refusal: Refusal | None = None,
    status: int | None = None,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """The confirmation of a held booking; a hold that ran out offers the way back to it."""
    now, language = timezone.now(), language_of(request)
    left = hold_left(booking, now=now)
    if left <= timedelta() and refusal is None:
        refusal = HoldExpired()
    context: dict[str, Any] = {
        "now": now,
        "page_title": _("Confirm booking"),
        "booking": booking,
        "typed": typed,
        "left": int(left.total_seconds()),
        "until": booking.expires_at,
        "extend_url": reverse("extend", args=[booking.id]) if left and may_extend(booking.id) else "",
        "zone": booking.store.time_zone,
        "store_name": words_of(booking.store, "name", language=language),
        "service_name": words_of(booking.service, "name", language=language),
        "practitioner_name": words_of(booking.practitioner, "name", language=language)
        if booking.practitioner
        else "",
        "free_until_at": changeable_until(booking),
        "send_url": reverse("confirm", args=[booking.id]),
        "resend_url": reverse("resend", args=[booking.id]),
        "resend_at": now + timedelta(seconds=typed.resend_in),
        "phone_prefix": f"+{phonenumbers.country_code_for_region(booking.store.country) or ''}",
        "refusal": refusal,
        "back_url": reverse(
            "times",
            args=[booking.service_id],
            query={"store": booking.store_id, "at": f"{booking.starts_at:%Y-%m-%dT%H:%M}Z"},
        ),
        "shop_url": "",
    }
    answer = status or (refusal.status if refusal else 200)
    if request.method != "POST":
        # looking at a hold that ran out is no error of the one who looks
        answer = 200
    response = show(request, "storefront/confirm.html", context, status=answer)
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def _words(refusal: Refusal) -> str:
    return f"{refusal.sentence()} {refusal.way_out()}"
