"""What a chain that is not open answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from billing.domain.own import billing_of
from chains.models import ChainState
from chains.refusals import Refusal, problem_headers
from tenants.people.domain.rights import Action, may_anywhere
from web.errors import answer_refusal
from web.manage.plan_words import standing_words
from web.staff.people import signed_in_actor

# A new chain is ready within two seconds with a schema in the pool, within five without.
SETTING_UP_SECONDS = 5


class ChainSuspended(Refusal):
    """The chain is not open for business at the moment."""

    code = "chain_suspended"
    status = 403
    title = _("Not open at the moment")
    detail = _("This shop is not taking bookings at the moment.")
    fix = _("Call the shop, or come back later.")


class ChainSettingUp(Refusal):
    """The chain is being made; it opens by itself."""

    code = "chain_setting_up"
    status = 503
    title = _("Being set up")
    detail = _("This shop is being set up right now.")
    fix = _("Try again in a few seconds.")

    def __init__(self) -> None:
        super().__init__(extra={"retry_after": SETTING_UP_SECONDS})


def api(request: HttpRequest) -> HttpResponse:
    """For every call 403 chain_suspended, or 503 chain_setting_up."""
    return answer_refusal(request, ChainSettingUp() if _is_setting_up(request) else ChainSuspended())


def theme(request: HttpRequest) -> HttpResponse:
    """No colours of its own while closed."""
    return HttpResponse("", content_type="text/css")


def page(request: HttpRequest) -> HttpResponse:
    """The polite page; a signed-in employee also sees why. Only employees have users in a chain's schema."""
    if _is_setting_up(request):
        refusal = ChainSettingUp()
        answer = render(request, "errors/setting_up.html", status=refusal.status)
        for name, value in problem_headers(refusal).items():
            answer.headers[name] = value
        return answer
    signed_in = request.user.is_authenticated
    reason = request.chain.state_reason if signed_in else ""  # type: ignore[attr-defined]
    context = {"signed_in": signed_in, "reason": reason, "unpaid": None, "pay_url": ""}
    if signed_in:
        context |= _unpaid(request)
    return render(request, "errors/suspended.html", context, status=403)


def _unpaid(request: HttpRequest) -> dict[str, Any]:
    """For employees of a chain that its payments have closed: why, and for its owners the page that opens it."""
    billing = billing_of(language=get_language() or "en")
    if billing.held or billing.state != ChainState.SUSPENDED or not billing.cause:
        return {}
    owner = may_anywhere(signed_in_actor(request), Action.MANAGE_BILLING)
    return {
        "unpaid": standing_words(billing, now=timezone.now()),
        "pay_url": reverse("manage:plan") if owner else "",
    }


def _is_setting_up(request: HttpRequest) -> bool:
    return bool(request.chain.state == ChainState.PROVISIONING)  # type: ignore[attr-defined]
