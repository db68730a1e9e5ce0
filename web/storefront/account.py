"""Signing in by phone and code, the profile, and leaving."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.booking.domain.feeds import revoke_feed
from tenants.members.domain.members import change_member
from web.feeds import feed_card, made_address
from web.storefront.frame import language_of, members_only, once_open, safe_next, show
from web.storefront.phone_code import (
    PhoneCode,
    answered,
    asks_for_code,
    check_typed,
    fields_of,
    read_typed,
    send_typed,
)
from web.visitor import actor_of, member_of, sign_in, sign_out

NAME_LENGTH = 120


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
def enter(request: HttpRequest, now: datetime) -> HttpResponse:
    """Sign in: the phone, then its code on the same page. Goes on to `next` on this host, else to the bookings."""
    onward = safe_next(
        request, request.POST.get("next", request.GET.get("next", "")), otherwise=reverse("my_bookings")
    )
    if member_of(request) is not None:
        return redirect(onward)
    if request.method != "POST":
        return _show(request, PhoneCode(), onward, now=now)
    typed, country = read_typed(request), request.chain.country  # type: ignore[attr-defined]
    if asks_for_code(request):
        return _show(request, send_typed(request, typed, country=country, now=now), onward, now=now)
    found = check_typed(typed, country=country, now=now)
    if isinstance(found, PhoneCode):
        return _show(request, found, onward, now=now)
    sign_in(request, found)
    return redirect(onward)


@require_safe
@once_open
def resend(request: HttpRequest, now: datetime) -> HttpResponse:
    """The button that sends another code, once a minute has passed; htmx asks for it by itself."""
    context = {"resend_in": 0, "send_url": reverse("sign_in")}
    return show(request, "storefront/_resend.html", context, now=now)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out of this browser."""
    sign_out(request)
    return redirect("shop")


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
@members_only
def profile(request: HttpRequest, now: datetime) -> HttpResponse:
    """Name and language; both can be changed here."""
    member = member_of(request)
    assert member is not None
    if request.method != "POST":
        current = language_of(request)
        languages = [
            {"value": "zh-Hans", "label": "中文", "checked": current != "en"},
            {"value": "en", "label": "English", "checked": current == "en"},
        ]
        context = {"page_title": _("Me"), "profile": member, "languages": languages}
        return show(request, "storefront/profile.html", context, now=now, tab="me")
    chosen = "zh-Hans" if request.POST.get("language") == "zh-Hans" else "en"
    change_member(
        member.id, by=actor_of(request), name=request.POST.get("name", "")[:NAME_LENGTH], locale=chosen
    )
    response = redirect("profile")
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen.lower(),
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
@members_only
def feed(request: HttpRequest, now: datetime) -> HttpResponse:
    """The calendar feed: a POST makes another address (`make`) and shows it this once, or ends it."""
    actor, address = actor_of(request), ""
    if request.method == "POST":
        if "make" not in request.POST:
            revoke_feed(by=actor)
            return redirect("member_feed")
        address = made_address(request, by=actor, now=now)
    context = {
        "page_title": _("Calendar"),
        "back_url": reverse("profile"),
        **feed_card(actor, address=address),
    }
    return show(request, "storefront/feed.html", context, now=now, tab="me")


def _show(request: HttpRequest, typed: PhoneCode, onward: str, *, now: datetime) -> HttpResponse:
    context = {
        "page_title": _("Sign in"),
        "next": onward,
        **fields_of(
            typed,
            country=request.chain.country,  # type: ignore[attr-defined]
            now=now,
            send=reverse("sign_in"),
            resend=reverse("resend_sign_in"),
        ),
    }
    page = show(request, "storefront/sign_in.html", context, now=now, status=typed.status, tab="me")
    return answered(page, typed)
