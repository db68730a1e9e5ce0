"""Plan and usage for owners: what one has, what it costs, what is used, invoices, cancelling."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.domain import subscriptions
from billing.domain.buying import payer_of, visit_portal
from billing.domain.own import (
    OwnBilling,
    history_shown,
    read_billing,
    read_invoices,
    read_used,
    usage_lines,
)
from billing.domain.refresh import refresh_now
from billing.port import HostedPage
from chains.after_scope import AfterScope
from chains.refusals import Refusal
from tenants.catalogue.domain.industries import add_vertical
from tenants.extension.registry import verticals
from tenants.people.domain.rights import Action
from web.history import history_day
from web.manage.access import Office, in_office
from web.manage.frame import done, frame_of, show
from web.manage.plan_words import STATES, invoice_row, limit_row, standing_words, waiting_row

owners = in_office(Action.MANAGE_BILLING)
SAID = {
    "changed": gettext_lazy("The plan is changed"),
    "cancelled": gettext_lazy("Cancelled; it runs to the end of what is paid"),
    "resumed": gettext_lazy("It is renewed as before"),
    "withdrawn": gettext_lazy("Withdrawn; nothing more is asked of the payment provider"),
}


def language() -> str:
    """The request's language."""
    return get_language() or "en"


def back_url(request: HttpRequest) -> str:
    """The page of the plan, as the provider's pages lead back to it."""
    return request.build_absolute_uri(reverse("manage:plan"))


def after_scope(
    request: HttpRequest,
    office: Office,
    ask: Callable[[], HttpResponseBase],
    *,
    title: str,
) -> AfterScope:
    """Answer with what `ask` returns once the request's transaction is over; a refusal becomes a page of the office."""
    get_token(request)  # the cookie is set while the request is still whole
    frame = frame_of(office, "plan")

    def finish() -> HttpResponseBase:
        try:
            answer = ask()
        except Refusal as refusal:
            context = {**frame, "page_title": title, "refusal": refusal, "back_url": reverse("manage:plan")}
            answer = render(request, "manage/plan/refused.html", context, status=refusal.status)
        add_never_cache_headers(answer)
        return answer

    return AfterScope(finish)


def onward(request: HttpRequest, frame: dict[str, Any], page: HostedPage) -> HttpResponse:
    """On to the provider's page, at once and by a link: a form may not be sent to another site (CSP)."""
    context = {**frame, "page_title": _("On to payment"), "url": page.url}
    answer = render(request, "manage/plan/onward.html", context)
    answer.headers["Refresh"] = f"0;url={page.url}"
    return answer


@require_safe
@owners
def show_plan(request: HttpRequest, office: Office) -> HttpResponse:
    """The plan, how it stands, what is used of it."""
    billing = read_billing(by=office.actor, language=language())
    lines = usage_lines(billing, read_used(now=office.now))
    owned = set(office.chain.verticals)
    context = {
        "page_title": _("Plan and usage"),
        "billing": billing,
        "standing": standing_words(billing, now=office.now),
        "state_words": STATES[billing.state],
        "full_price": _full_price(billing),
        "lines": [limit_row(line, shown_from=_shown_from(billing, now=office.now)) for line in lines],
        "invoices": [invoice_row(row) for row in read_invoices(by=office.actor, at_most=3)],
        "others": [
            {"code": one.code, "name": one.name(language()), "icon": one.icon}
            for one in verticals()
            if one.code not in owned
        ],
        "waiting": [waiting_row(one, billing) for one in billing.waiting],
        "said": SAID.get(request.GET.get("done", "")),
    }
    return show(request, office, "manage/plan/plan.html", context, current="plan")


def _full_price(billing: OwnBilling) -> int | None:
    """What the subscription would cost without its discount, in minor units; None where it has none."""
    row = billing.running
    if row is None:
        return None
    full = row.plan_amount + row.store_amount * row.extra_stores
    return full if full > row.recurring_amount else None


def _shown_from(billing: OwnBilling, *, now: datetime) -> str:
    since = history_shown(billing, now=now)
    return history_day(since, zone=ZoneInfo(billing.time_zone), now=now) if since is not None else ""


@require_safe
@owners
def show_invoices(request: HttpRequest, office: Office) -> HttpResponse:
    """All invoices, with the file of each."""
    billing = read_billing(by=office.actor, language=language())
    rows = [invoice_row(row) for row in read_invoices(by=office.actor)]
    crumbs = [
        {"label": _("Plan and usage"), "url": reverse("manage:plan")},
        {"label": _("Invoices"), "url": ""},
    ]
    context = {"page_title": _("Invoices"), "invoices": rows, "crumbs": crumbs, "billing": billing}
    return show(request, office, "manage/plan/invoices.html", context, current="plan")


@require_POST
@owners
def portal(request: HttpRequest, office: Office) -> HttpResponseBase:
    """On to the provider's page for the card and what is open."""
    payer = payer_of(office.chain, by=office.actor, language=language(), back_url=back_url(request))
    frame = frame_of(office, "plan")
    return after_scope(
        request,
        office,
        lambda: onward(request, frame, visit_portal(payer, now=office.now)),
        title=_("Card and open invoices"),
    )


@require_safe
@owners
def come_back(request: HttpRequest, office: Office) -> HttpResponseBase:
    """Back from the provider, perhaps before its message: look at once, then show the plan."""
    chain_id = office.chain.id

    def look() -> HttpResponseBase:
        with suppress(Refusal):  # the background goes on asking; the page says what we know
            refresh_now(chain_id, now=office.now)
        return HttpResponseRedirect(reverse("manage:plan"))

    return after_scope(request, office, look, title=_("Plan and usage"))


@require_http_methods(["GET", "POST"])
@owners
def cancel(request: HttpRequest, office: Office) -> HttpResponseBase:
    """What cancelling means, and the one button that does it."""
    billing = read_billing(by=office.actor, language=language())
    running = billing.running
    if running is None or running.cancel_at_period_end:
        return HttpResponseRedirect(reverse("manage:plan"))
    if request.method == "POST":
        return _changed(request, office, subscriptions.cancel_subscription, billing, "cancelled", _("Cancel"))
    crumbs = [
        {"label": _("Plan and usage"), "url": reverse("manage:plan")},
        {"label": _("Cancel"), "url": ""},
    ]
    context = {"page_title": _("Cancel the subscription"), "billing": billing, "crumbs": crumbs}
    return show(request, office, "manage/plan/cancel.html", context, current="plan")


@require_POST
@owners
def resume(request: HttpRequest, office: Office) -> HttpResponseBase:
    """Renew after all."""
    billing = read_billing(by=office.actor, language=language())
    return _changed(
        request, office, subscriptions.resume_subscription, billing, "resumed", _("Plan and usage")
    )


@require_POST
@owners
def withdraw(request: HttpRequest, office: Office) -> HttpResponseBase:
    """Take back what waits for a provider that did not answer."""
    billing = read_billing(by=office.actor, language=language())
    return _changed(request, office, subscriptions.withdraw_change, billing, "withdrawn", _("Plan and usage"))


@require_POST
@owners
def add_industry(request: HttpRequest, office: Office) -> HttpResponse:
    """One more industry, with the services it begins with."""
    try:
        add_vertical(request.POST.get("vertical", "")[:40], by=office.actor, chain=office.chain)
    except Refusal as refusal:
        context = {
            "page_title": _("Plan and usage"),
            "refusal": refusal,
            "back_url": reverse("manage:plan"),
        }
        return show(
            request, office, "manage/plan/refused.html", context, current="plan", status=refusal.status
        )
    return done(request, reverse("manage:plan"), _("Added. Its services wait under “Services”."))


def _changed(
    request: HttpRequest,
    office: Office,
    act: Callable[..., object],
    billing: OwnBilling,
    said: str,
    title: str,
) -> AfterScope:
    def ask() -> HttpResponseBase:
        act(billing.chain_id, now=office.now)
        return HttpResponseRedirect(f"{reverse('manage:plan')}?done={said}")

    return after_scope(request, office, ask, title=title)
