"""Sign-up in three pages: what you run, the code, and the setting up as it happens."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chains.addresses import client_address
from chains.domain.signup import (
    Asker,
    browser_hash,
    change_slug,
    find_signup,
    resend_code,
    start_signup,
    verify_signup,
)
from chains.domain.signup_fields import SignupFields
from chains.domain.slugs import SlugConfusable, SlugTaken, address_of, check_slug, normalise_slug
from chains.models import Signup, SignupState
from chains.refusals import Refusal
from web.arrival import Arrival, sign_arrival
from web.signup.browser import give_secret, is_same_browser, secret_of
from web.signup.industries import industry_choices, industry_words
from web.signup.places import currency_options, home_of, zone_currencies, zone_options
from web.signup.progress import progress_of

_SLUG_GONE = (SlugTaken, SlugConfusable)


@require_http_methods(["GET", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """What Tessera is, and the card that starts a chain."""
    if request.method == "GET":
        return render(request, "signup/home.html", _card(_blank(request)))
    sent = _sent(request)
    secret = secret_of(request)
    try:
        signup = start_signup(
            sent,
            now=timezone.now(),
            by=Asker(address=client_address(request), browser_hash=browser_hash(secret)),
            password_later=True,
        )
    except Refusal as refusal:
        return render(request, "signup/home.html", _card(sent, refusal), status=refusal.status)
    response = redirect("signup", signup_id=signup.id)
    give_secret(response, secret)
    return response


@require_GET
def address(request: HttpRequest) -> HttpResponse:
    """The address field again, with whether it is free; asked for while it is typed."""
    slug = normalise_slug(request.GET.get("slug", "")[:120])
    context: dict[str, Any] = {"slug": slug, "suffix": f".{settings.BASE}"}
    if slug:
        try:
            check_slug(slug)
            context["free"] = True
        except Refusal as refusal:
            context["error"] = f"{refusal.sentence()} {refusal.way_out()}"
    return render(request, "signup/_address.html", context)


@require_GET
def signup(request: HttpRequest, signup_id: UUID) -> HttpResponse:
    """The code, and once it was right, the setting up."""
    found = find_signup(signup_id)
    return _show(request, found)


@require_POST
def verify(request: HttpRequest, signup_id: UUID) -> HttpResponse:
    """Take the code and, where none was chosen, the password."""
    try:
        verify_signup(
            signup_id,
            code=request.POST.get("code", "")[:20],
            password=request.POST.get("password", ""),
            now=timezone.now(),
        )
    except Refusal as refusal:
        # shown here, not raised: the try that was counted must be committed
        return _show(request, find_signup(signup_id), refusal)
    return redirect("signup", signup_id=signup_id)


@require_POST
def resend(request: HttpRequest, signup_id: UUID) -> HttpResponse:
    """Send a fresh code; the older one stops working."""
    try:
        resend_code(signup_id, now=timezone.now())
    except Refusal as refusal:
        return _show(request, find_signup(signup_id), refusal)
    return redirect("signup", signup_id=signup_id)


@require_POST
def another_address(request: HttpRequest, signup_id: UUID) -> HttpResponse:
    """Another address for a sign-up whose own was taken meanwhile."""
    found = find_signup(signup_id)
    if not is_same_browser(request, found):
        return redirect("signup", signup_id=signup_id)
    try:
        change_slug(signup_id, slug=request.POST.get("slug", "")[:120])
    except Refusal as refusal:
        return _show(request, found, refusal)
    return redirect("signup", signup_id=signup_id)


@require_GET
def progress(request: HttpRequest, signup_id: UUID) -> HttpResponse:
    """The steps alone; the page asks again until there is nothing more to wait for."""
    return render(request, "signup/_progress.html", _progress_context(request, find_signup(signup_id)))


@require_GET
def arrive(request: HttpRequest, signup_id: UUID) -> HttpResponse:
    """Send the browser that signed up on to its chain, with a token that works once, for 60 seconds.

    The chain's host asked for it with the hash of the nonce it has put into that browser. Any other
    browser is sent to the chain's log-in.
    """
    found = find_signup(signup_id)
    nonce_hash = request.GET.get("nonce", "")
    if found.state != SignupState.READY or found.chain is None:
        return redirect("signup", signup_id=signup_id)
    chain_url = address_of(found.chain.slug)
    if not is_same_browser(request, found) or len(nonce_hash) != 64:
        return HttpResponseRedirect(f"{chain_url}/staff/login/")
    arrival = Arrival(signup_id=found.id, chain_id=found.chain.id, email=found.email, nonce_hash=nonce_hash)
    token = sign_arrival(arrival)
    response = HttpResponseRedirect(f"{chain_url}/staff/arrive/{token}")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _show(request: HttpRequest, found: Signup, refusal: Refusal | None = None) -> HttpResponse:
    status = refusal.status if refusal else 200
    if found.state != SignupState.VERIFY_EMAIL:
        return render(request, "signup/progress.html", _progress_context(request, found), status=status)
    errors = {error.field: error.detail for error in refusal.errors} if refusal else {}
    context = {
        "signup": found,
        "industry_words": industry_words(),
        "login_url": reverse("login"),
        "mine": is_same_browser(request, found),
        "refusal": refusal,
        "suffix": f".{settings.BASE}",
        "asks_password": not found.password_hash,
        "slug_gone": isinstance(refusal, _SLUG_GONE)
        or (refusal is not None and refusal.code.startswith("slug")),
        "password_error": errors.get("password", ""),
        "code_error": refusal.sentence() if refusal and refusal.code.startswith("code") else "",
    }
    return render(request, "signup/code.html", context, status=status)


def _progress_context(request: HttpRequest, found: Signup) -> dict[str, Any]:
    shown = progress_of(found)
    return {
        "signup": found,
        "progress": shown,
        "industry_words": industry_words(),
        "mine": is_same_browser(request, found),
        "arrive_url": f"{shown.chain_url}/staff/arrive/start?signup={found.id}",
        "own_login_url": f"{shown.chain_url}/staff/login/",
        "login_url": reverse("login"),
    }


def _blank(request: HttpRequest) -> SignupFields:
    language = get_language() or "en"
    zone, currency = home_of(language, accepted=request.headers.get("accept-language", ""))
    return SignupFields(
        brand="",
        slug="",
        email="",
        password="",
        verticals=(),
        locale="zh-Hans" if language.startswith("zh") else "en",
        time_zone=zone,
        currency=currency,
    )


def _sent(request: HttpRequest) -> SignupFields:
    given = request.POST
    blank = _blank(request)
    return SignupFields(
        brand=given.get("brand", "")[:300],
        slug=given.get("slug", "")[:120],
        email=given.get("email", "")[:300],
        password="",
        verticals=tuple(given.getlist("vertical")[:20]),
        locale=given.get("locale", blank.locale)[:20],
        time_zone=given.get("time_zone", blank.time_zone)[:64],
        currency=given.get("currency", blank.currency)[:3],
    )


def _card(sent: SignupFields, refusal: Refusal | None = None) -> dict[str, Any]:
    language = get_language() or "en"
    errors = {error.field: error.detail for error in refusal.errors} if refusal else {}
    if refusal and "slug" in errors:
        errors["slug"] = f"{refusal.sentence()} {refusal.way_out()}"
    zones = dict(zone_options(language))
    zones.setdefault(sent.time_zone, sent.time_zone)
    return {
        "sent": sent,
        "errors": errors,
        "refusal": None if errors else refusal,
        "industries": industry_choices(sent.verticals),
        "industry_words": industry_words(),
        "suffix": f".{settings.BASE}",
        "slug_free": bool(refusal) and bool(sent.slug) and "slug" not in errors,
        "locales": [("zh-Hans", "简体中文"), ("en", "English")],
        "zones": list(zones.items()),
        "currencies": currency_options(language),
        "zone_currencies": json.dumps(zone_currencies(), separators=(",", ":")),
        "place_open": bool({"locale", "time_zone", "currency"} & set(errors)),
        "login_url": reverse("login"),
    }
