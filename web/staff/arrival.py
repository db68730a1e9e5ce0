"""The chain's side of the owner's arrival (see web/arrival.py for the whole way)."""

from __future__ import annotations

import secrets
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from tenants.people.domain.arrivals import ArrivalDead, has_arrived, use_arrival
from web.arrival import VALID_FOR, ArrivalRefused, hash_secret, read_arrival

COOKIE = "tessera_arrival"
PATH = "/staff/arrive/"
SETUP = "/manage/setup/"
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Put a nonce into this browser and ask the platform whether it is the one that signed up."""
    if request.user.is_authenticated:
        return redirect(SETUP)
    try:
        signup_id = UUID(request.GET.get("signup", ""))
    except ValueError:
        return redirect(settings.LOGIN_URL)
    if has_arrived(hash_secret(str(signup_id))):
        return redirect(settings.LOGIN_URL)
    nonce = secrets.token_urlsafe(32)
    response = HttpResponseRedirect(
        f"{settings.SCHEME}://{settings.BASE}/signups/{signup_id}/arrive?nonce={hash_secret(nonce)}"
    )
    response.set_cookie(
        COOKIE,
        nonce,
        max_age=int(VALID_FOR.total_seconds()),
        path=PATH,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


@never_cache
@require_GET
def finish(request: HttpRequest, token: str) -> HttpResponse:
    """Check token, chain and nonce, use the sign-up's one arrival up, and begin a fresh session."""
    try:
        arrival = read_arrival(token)
        nonce = request.COOKIES.get(COOKIE, "")
        if arrival.chain_id != request.chain.id:  # type: ignore[attr-defined]
            raise ArrivalDead
        if not nonce or not constant_time_compare(hash_secret(nonce), arrival.nonce_hash):
            raise ArrivalDead
        user = use_arrival(hash_secret(str(arrival.signup_id)), email=arrival.email, now=timezone.now())
    except (ArrivalRefused, ArrivalDead):
        refusal = ArrivalDead()
        return render(request, "staff/arrival_dead.html", {"refusal": refusal}, status=refusal.status)
    request.session.flush()
    login(request, user, backend=_BACKEND)
    response = redirect(SETUP)
    response.delete_cookie(COOKIE, path=PATH)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
