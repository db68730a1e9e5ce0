"""Which browser signed up: a secret in a host-only cookie, its hash beside the sign-up."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from chains.domain.signup import browser_hash
from chains.models import Signup

COOKIE = "tessera_signup"
KEPT_SECONDS = 2 * 60 * 60


def secret_of(request: HttpRequest) -> str:
    """The browser's secret; a new one where it has none."""
    return request.COOKIES.get(COOKIE) or secrets.token_urlsafe(32)


def give_secret(response: HttpResponse, secret: str) -> None:
    """Keep the secret in the browser for two hours, out of reach of scripts and of other hosts."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=KEPT_SECONDS,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def is_same_browser(request: HttpRequest, signup: Signup) -> bool:
    """Whether this browser began the sign-up."""
    secret = request.COOKIES.get(COOKIE, "")
    return bool(secret and signup.browser_hash) and constant_time_compare(
        browser_hash(secret), signup.browser_hash
    )
