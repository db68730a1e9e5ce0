"""`Authorization: Bearer …`: who calls."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from api.domain.tokens import Bearer, find_bearer
from chains.refusals import Refusal


class TokenRefused(Refusal):
    """The token is unknown here: mistyped, ended, expired, or another chain's."""

    code = "token_refused"
    status = 401
    title = _("Sign in again")
    detail = _("This token is not valid here.")
    fix = _("Sign in at this address again and use the new token.")


class TokenAuthentication(BaseAuthentication):
    """Sets `request.user` to the Actor and `request.auth` to the Bearer.

    The view has read the clock into `request.now`. No header: nobody known. A header that names no token of this chain raises TokenRefused, on every
    call, so that a program notices.
    """

    def authenticate(self, request: Request) -> tuple[object, Bearer] | None:
        """The actor of the token; see the class."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _space, text = header.strip().partition(" ")
        chain = getattr(request._request, "chain", None)
        if chain is None or scheme.lower() != "bearer":
            raise TokenRefused
        bearer = find_bearer(text.strip(), now=request.now)  # type: ignore[attr-defined]
        if bearer is None:
            raise TokenRefused
        return bearer.actor, bearer

    def authenticate_header(self, request: Request) -> str:
        """What a 401 answers in WWW-Authenticate."""
        return "Bearer"
