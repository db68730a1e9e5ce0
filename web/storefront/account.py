"""Signing in by phone and code, the profile, and leaving."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import phonenumbers
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chains.addresses import client_address
from chains.refusals import Refusal, TooManyRequests, problem_headers
from tenants.members.domain.codes import BETWEEN, CodeExpired, CodeWrong, send_code
from tenants.members.domain.members import change_member, sign_in_member
from tenants.stores.domain.phones import PhoneInvalid, normalise_phone
from web.storefront.frame import language_of, members_only, once_open, safe_next, show
from web.visitor import actor_of, member_of, sign_in, sign_out

NAME_LENGTH = 120


@dataclass(frozen=True, slots=True)
class SignIn:
    """What stands in the sign-in's fields, and what is wrong with it."""

    phone: str = ""
    code: str = ""
    phone_error: str = ""
    code_error: str = ""
    code_sent: bool = False
    resend_in: int = 0


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
def enter(request: HttpRequest) -> HttpResponse:
    """Sign in: the phone, then its code on the same page. Goes on to `next` on this host, else to the bookings."""
    onward = safe_next(
        request, request.POST.get("next", request.GET.get("next", "")), otherwise=reverse("my_bookings")
    )
    if member_of(request) is not None:
        return redirect(onward)
    if request.method != "POST":
        return _show(request, SignIn(), onward)
    typed = SignIn(
        phone=request.POST.get("phone", "")[:40],
        code="".join(request.POST.get("code", "").split())[:12],
        code_sent=True,
    )
    now = timezone.now()
    try:
        phone = normalise_phone(typed.phone, country=request.chain.country)  # type: ignore[attr-defined]
        if "send" in request.POST or "code" not in request.POST:
            send_code(phone, address=client_address(request), chain=request.chain, now=now)  # type: ignore[attr-defined]
            sent = replace(typed, code="", resend_in=int(BETWEEN.total_seconds()))
            return _show(request, sent, onward)
        member, _new = sign_in_member(phone, typed.code, now=now)
    except PhoneInvalid as refusal:
        return _refused(
            request, replace(typed, phone_error=_words(refusal), code_sent=False), onward, refusal
        )
    except TooManyRequests as refusal:
        waits = replace(typed, code_error=_words(refusal), resend_in=int(refusal.extra["retry_after"]))
        return _refused(request, waits, onward, refusal)
    except (CodeWrong, CodeExpired) as refusal:
        return _refused(request, replace(typed, code_error=_words(refusal)), onward, refusal)
    sign_in(request, member)
    return redirect(onward)


@require_safe
@once_open
def resend(request: HttpRequest) -> HttpResponse:
    """The button that sends another code, once a minute has passed; htmx asks for it by itself."""
    context = {"resend_in": 0, "send_url": reverse("sign_in")}
    return show(request, "storefront/_resend.html", context)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out of this browser."""
    sign_out(request)
    return redirect("shop")


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
@members_only
def profile(request: HttpRequest) -> HttpResponse:
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
        return show(request, "storefront/profile.html", context, tab="me")
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


def _show(request: HttpRequest, typed: SignIn, onward: str, *, status: int = 200) -> HttpResponse:
    code = phonenumbers.country_code_for_region(request.chain.country)  # type: ignore[attr-defined]
    context = {
        "page_title": _("Sign in"),
        "typed": typed,
        "next": onward,
        "send_url": reverse("sign_in"),
        "resend_url": reverse("resend_sign_in"),
        "resend_at": timezone.now() + timedelta(seconds=typed.resend_in),
        "phone_prefix": f"+{code}" if code else "+",
    }
    return show(request, "storefront/sign_in.html", context, status=status, tab="me")


def _refused(request: HttpRequest, typed: SignIn, onward: str, refusal: Refusal) -> HttpResponse:
    response = _show(request, typed, onward, status=refusal.status)
    for name, value in problem_headers(refusal).items():
        response.headers[name] = value
    return response


def _words(refusal: Refusal) -> str:
    return f"{refusal.sentence()} {refusal.way_out()}"
