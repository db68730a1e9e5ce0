"""The first page of the office: today by store, what needs a person, where members find the shop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from chains.domain.operators import act_name
from tenants.booking.domain.figures import StoreToday, count_today
from tenants.booking.domain.owed import sum_owed
from tenants.catalogue.domain.opening import what_is_missing
from tenants.catalogue.domain.warnings import warn_of_all
from tenants.extension.calls import figures_for
from tenants.extension.hooks import MetricAsked
from tenants.extension.registry import plugins_on
from tenants.people.domain.look import read_operator_acts
from tenants.people.domain.rights import Action, may
from web.manage.access import Office, in_office
from web.manage.frame import shop_address, show
from web.qr import draw_qr
from web.workbench.owed import count_owed, say_owed

MOST = 8
FIGURES_OVER = timedelta(days=7)


def address_context(request: HttpRequest) -> dict[str, Any]:
    """The shop's address, as a link, in words and as QR."""
    address = shop_address(request)
    words = address.split("//", 1)[1].rstrip("/")
    return {"address": address, "address_words": words, "qr": draw_qr(address)}


@require_safe
@in_office()
def show_overview(request: HttpRequest, office: Office) -> HttpResponse:
    """Today's bookings by store and what needs attention."""
    stores = count_today(by=office.actor, now=office.now)
    context = {
        **address_context(request),
        "page_title": _("Overview"),
        "stores": stores,
        "needs": [*needs_of(office, stores), *owed_of(office, stores)],
        "figures": figures_of(office, stores),
        "not_open": office.chain.opened_at is None and office.may(Action.MANAGE_CHAIN),
        "missing": bool(what_is_missing()) if office.chain.opened_at is None else False,
    }
    return show(request, office, "manage/overview.html", context, current="overview")


def figures_of(office: Office, stores: list[StoreToday]) -> list[dict[str, Any]]:
    """The metrics of the core and of every vertical on at one of the stores, over the last seven days."""
    if not stores:
        return []
    on = {code for one in stores for code in one.store.verticals}
    asked = MetricAsked(tuple(one.store.id for one in stores), office.now - FIGURES_OVER, office.now)
    return figures_for(plugins_on(on), asked)


def needs_of(office: Office, stores: list[StoreToday]) -> list[dict[str, str]]:
    """What a person must look at: people who are late, services that nobody can book."""
    needs = []
    for one in stores:
        if one.late:
            words = ngettext(
                "%(count)s booking has begun and nobody came",
                "%(count)s bookings have begun and nobody came",
                one.late,
            )
            url = f"/workbench/{one.store.id}/"
            needs.append(
                {"name": words % {"count": one.late}, "second": one.store.name, "url": url, "icon": "timer"}
            )
    if office.may(Action.MANAGE_CATALOGUE):
        for service, warning in warn_of_all()[:MOST]:
            url = reverse("manage:service", args=[service.id])
            needs.append(
                {"name": warning.detail, "second": service.name, "url": url, "icon": "triangle-alert"}
            )
    return needs


def owed_of(office: Office, stores: list[StoreToday]) -> list[dict[str, str]]:
    """The money that waits to be given back, by store; one query."""
    sums = sum_owed([one.store.id for one in stores], now=office.now)
    return [
        {
            "name": say_owed(sums[one.store.id]),
            "second": f"{one.store.name} · {count_owed(sums[one.store.id])}",
            "url": reverse("workbench:owed", args=[one.store.id])
            if may(office.actor, Action.TAKE_PAYMENT, store_id=one.store.id)
            else reverse("workbench:day", args=[one.store.id]),
            "icon": "banknote",
        }
        for one in stores
        if one.store.id in sums
    ]


@require_safe
@in_office()
def show_poster(request: HttpRequest, office: Office) -> HttpResponse:
    """The address and its QR, large enough for the shop's door."""
    return render(
        request, "manage/poster.html", {**address_context(request), "chain_name": office.chain.name}
    )


@require_safe
@in_office(Action.READ_OPERATOR_ACTS)
def show_acts(request: HttpRequest, office: Office) -> HttpResponse:
    """What the platform's operators did to this chain."""
    acts = read_operator_acts(by=office.actor)
    rows = [{"act": act, "name": act_name(act.act)} for act in acts]
    context = {"page_title": _("Operators' access"), "acts": rows}
    return show(request, office, "manage/acts.html", context, current="acts")
