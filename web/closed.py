"""What a chain that is not open answers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from web.errors import answer_refusal


class ChainSuspended(Refusal):
    """The chain is not open for business at the moment."""

    code = "chain_suspended"
    status = 403
    title = _("Not open at the moment")
    detail = _("This shop is not taking bookings at the moment.")
    fix = _("Call the shop, or come back later.")


def api(request: HttpRequest) -> HttpResponse:
    """403 chain_suspended for every call."""
    return answer_refusal(request, ChainSuspended())


def theme(request: HttpRequest) -> HttpResponse:
    """No colours of its own while closed."""
    return HttpResponse("", content_type="text/css")


def page(request: HttpRequest) -> HttpResponse:
    """The polite page; a signed-in employee also sees why. Only employees have users in a chain's schema."""
    signed_in = request.user.is_authenticated
    reason = request.chain.state_reason if signed_in else ""  # type: ignore[attr-defined]
    return render(request, "errors/suspended.html", {"signed_in": signed_in, "reason": reason}, status=403)
