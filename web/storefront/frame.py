"""What every page of a chain's host has around it: colours, tabs, the clock, and whether the shop is open yet.

The guards read the clock, once a request, and hand it to the view: `view(request, now, …)`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from chains.hosts import ChainInfo
from tenants.booking.domain.open import takes_bookings
from web.storefront.theme import theme_url
from web.theme import logo_url
from web.visitor import member_of

P = ParamSpec("P")
Plain = Callable[Concatenate[HttpRequest, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, datetime, P], HttpResponse]


def show(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    now: datetime,
    status: int = 200,
    tab: str = "shop",
) -> HttpResponse:
    """The page in the chain's frame at `now`. `context` may hold `zone`, the store's, for the times on it."""
    frame = {
        "theme_css_url": theme_url(request.chain),  # type: ignore[attr-defined]
        "logo_url": logo_url(),
        "member": member_of(request),
        "shop_url": reverse("shop"),
        "bookings_url": reverse("my_bookings"),
        "me_url": reverse("profile"),
        "tab": tab,
        "now": now,
        "preview": request.chain.opened_at is None,  # type: ignore[attr-defined]
    }
    response = render(request, template, {**frame, **context}, status=status)
    # Pages carry a person's bookings and form tokens: no shared cache, and the back button asks again.
    add_never_cache_headers(response)
    return response


def once_open(view: View[P]) -> Plain[P]:
    """A chain that has not opened yet shows its members a friendly page; its employees see the real one."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        now = timezone.now()
        if request.chain.opened_at is None and not request.user.is_authenticated:  # type: ignore[attr-defined]
            return _show_not_open(request, now)
        return view(request, now, *args, **kwargs)

    return guarded


def while_open(view: View[P]) -> Plain[P]:
    """What leads to a new booking: instead of it, a chain that takes none says so to all but its employees."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        now = timezone.now()
        chain: ChainInfo = request.chain  # type: ignore[attr-defined]
        if not takes_bookings(chain.state, chain.opened_at) and not request.user.is_authenticated:
            return _show_not_open(request, now)
        return view(request, now, *args, **kwargs)

    return guarded


def _show_not_open(request: HttpRequest, now: datetime) -> HttpResponse:
    context: dict[str, Any] = {"staff_url": settings.LOGIN_URL}
    if request.chain.opened_at is None:  # type: ignore[attr-defined]
        context["shop_url"] = ""  # nobody has a booking to look for yet
    return show(request, "storefront/not_open.html", context, now=now)


def members_only(view: View[P]) -> View[P]:
    """Visitors are asked to sign in first, and come back here after."""

    @wraps(view)
    def guarded(request: HttpRequest, now: datetime, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if member_of(request) is None:
            back = request.get_full_path() if request.method == "GET" else reverse("my_bookings")
            return redirect(reverse("sign_in", query={"next": back}))
        return view(request, now, *args, **kwargs)

    return guarded


def safe_next(request: HttpRequest, wanted: str, *, otherwise: str) -> str:
    """`wanted` where it is an address on this very host, else `otherwise`."""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe and wanted.startswith("/") else otherwise


def language_of(request: HttpRequest) -> str:
    """The language this answer is in, as Django names it."""
    return str(request.LANGUAGE_CODE)
