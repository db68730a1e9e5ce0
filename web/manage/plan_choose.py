"""Choosing a plan: all beside each other, then what one would mean, then the provider's page or the change."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from billing.domain import buying
from billing.domain.choosing import (
    Choice,
    Wanted,
    judge_choice,
    over_use_words,
    require_change,
    require_checkout,
)
from billing.domain.own import OwnBilling, count_lost_history, history_shown, read_billing, read_used
from billing.domain.plans import PlanCard
from billing.domain.previews import line_words
from billing.port import IntervalName
from chains.domain.entitlements import Limit, allowed_by
from chains.refusals import Refusal
from tenants.stores.domain.wall import parse_moment
from web.formats import format_count
from web.history import history_day
from web.manage.access import Office
from web.manage.frame import frame_of, show
from web.manage.plan import after_scope, back_url, language, onward, owners
from web.plan_limits import limit_words


@require_safe
@owners
def compare(request: HttpRequest, office: Office) -> HttpResponse:
    """Every plan with its price in the chain's currency, what it allows, and what would be too much."""
    billing = read_billing(by=office.actor, language=language())
    used = read_used(now=office.now)
    interval = interval_of(request, billing)
    currency = currency_of(request, billing)
    cards = [_card_row(billing, card, used, interval, currency, now=office.now) for card in billing.plans]
    here = reverse("manage:plan_compare")
    context = {
        "page_title": _("Compare plans"),
        "cards": cards,
        "interval_words": _("a year") if interval == "year" else _("a month"),
        "intervals": [
            {
                "label": words,
                "url": f"{here}?{urlencode({'interval': code, 'currency': currency})}",
                "current": code == interval,
            }
            for code, words in (("month", _("Monthly")), ("year", _("Yearly")))
        ],
        "currencies": _currency_tabs(billing, interval, currency) if billing.running is None else [],
        "crumbs": _crumbs(_("Compare plans")),
    }
    return show(request, office, "manage/plan/compare.html", context, current="plan")


@require_http_methods(["GET", "POST"])
@owners
def choose(request: HttpRequest, office: Office, code: str) -> HttpResponseBase:
    """What choosing this plan would mean; on the button, the provider's page or the change."""
    billing = read_billing(by=office.actor, language=language())
    used = read_used(now=office.now)
    try:
        wanted = wanted_of(request, billing, code)
        choice = judge_choice(billing, wanted, used, now=office.now)
        if request.method == "POST":
            (require_checkout if choice.way == "checkout" else require_change)(billing, choice)
    except Refusal as refusal:
        context = {
            "page_title": _("Choose a plan"),
            "refusal": refusal,
            "back_url": reverse("manage:plan_compare"),
        }
        return show(
            request, office, "manage/plan/refused.html", context, current="plan", status=refusal.status
        )
    if request.method == "POST":
        return _make(request, office, billing, choice)
    return _meaning(request, office, billing, choice, used)


def _make(request: HttpRequest, office: Office, billing: OwnBilling, choice: Choice) -> HttpResponseBase:
    if choice.way == "checkout":
        payer = buying.payer_of(
            office.chain, by=office.actor, language=language(), back_url=back_url(request)
        )
        frame = frame_of(office, "plan")
        return after_scope(
            request,
            office,
            lambda: onward(request, frame, buying.check_out(payer, choice, now=office.now)),
            title=_("On to payment"),
        )
    text = request.POST.get("at", "")
    at = parse_moment(text) if text else None

    def change() -> HttpResponseBase:
        buying.change(billing, choice, at=buying.agreed_at(at, now=office.now), now=office.now)
        return HttpResponseRedirect(f"{reverse('manage:plan')}?done=changed")

    return after_scope(request, office, change, title=_("Change the plan"))


def _meaning(
    request: HttpRequest, office: Office, billing: OwnBilling, choice: Choice, used: dict[Limit, int]
) -> HttpResponseBase:
    running, basket = billing.running, choice.basket
    price = choice.card.price_in(basket.currency)
    unchanged = running is not None and (running.plan, running.interval, running.extra_stores) == (
        basket.plan,
        basket.interval,
        basket.extra_stores,
    )
    context = {
        "page_title": choice.card.name,
        "choice": choice,
        "basket": basket,
        "interval_words": _("a year") if basket.interval == "year" else _("a month"),
        "store_price": price.store_amount(basket.interval),
        "included": choice.card.included_stores,
        "stores": (choice.card.included_stores or 0) + basket.extra_stores,
        "most_extra": _most_extra(choice.card),
        "over": [over_use_words(one) for one in choice.over],
        "losses": _losses(billing, choice),
        "history_lost": _history_lost(billing, choice, now=office.now),
        "unchanged": unchanged,
        "running": running,
        "crumbs": _crumbs(choice.card.name),
    }
    if choice.way == "checkout" or choice.over or unchanged:
        return show(request, office, "manage/plan/choose.html", context, current="plan")
    frame = frame_of(office, "plan")

    def preview() -> HttpResponseBase:
        shown = buying.preview(billing, choice, now=office.now)
        lines = [(line_words(line, billing.plans), line.amount) for line in shown.lines]
        found = {**frame, **context, "preview": shown, "preview_lines": lines}
        return render(request, "manage/plan/choose.html", found)

    return after_scope(request, office, preview, title=choice.card.name)


def wanted_of(request: HttpRequest, billing: OwnBilling, code: str) -> Wanted:
    """The wish as the address or the form tells it; what cannot be read is what the chain has."""
    sent = request.POST if request.method == "POST" else request.GET
    stores = sent.get("extra_stores", "")
    extra = int(stores) if re.fullmatch(r"\d{1,4}", stores, re.ASCII) else None
    currency = sent.get("currency", "") if billing.running is None else ""
    return Wanted(
        plan=code,
        interval=interval_of(request, billing),
        extra_stores=extra,
        currency=currency if re.fullmatch(r"[A-Z]{3}", currency, re.ASCII) else None,
    )


def interval_of(request: HttpRequest, billing: OwnBilling) -> IntervalName:
    """month or year: as asked for, else as it runs, else a month."""
    sent = request.POST if request.method == "POST" else request.GET
    asked = sent.get("interval") or (billing.running.interval if billing.running is not None else "month")
    return "year" if asked == "year" else "month"


def currency_of(request: HttpRequest, billing: OwnBilling) -> str:
    """The subscription's currency, else the one asked for, else the chain's, else one that every plan has."""
    if billing.running is not None:
        return billing.running.currency
    known = [price.currency for price in billing.plans[0].prices]
    asked = request.GET.get("currency", billing.currency)
    return asked if asked in known else billing.plans[0].price_in(billing.currency).currency


def _card_row(
    billing: OwnBilling,
    card: PlanCard,
    used: dict[Limit, int],
    interval: IntervalName,
    currency: str,
    *,
    now: datetime,
) -> dict[str, Any]:
    own = billing.running is not None and billing.plan == card.code
    wanted = Wanted(card.code, interval, None, None if billing.running is not None else currency)
    row: dict[str, Any] = {
        "card": card,
        "current": own,
        "limits": [limit_words(card, limit) for limit in Limit],
    }
    try:
        choice = judge_choice(billing, wanted, used, now=now)
    except Refusal as refusal:
        return {**row, "refused": refusal.sentence()}
    price = card.price_in(choice.basket.currency)
    query = {"interval": interval, **({"currency": currency} if billing.running is None else {})}
    same_interval = own and billing.running is not None and billing.running.interval == interval
    return {
        **row,
        "currency": choice.basket.currency,
        "price": price.plan_amount(interval),
        "store_price": price.store_amount(interval),
        "extra": choice.basket.extra_stores,
        "amount": choice.basket.amount,
        "over": [over_use_words(one) for one in choice.over],
        "is_yours": same_interval,
        "url": f"{reverse('manage:plan_choose', args=[card.code])}?{urlencode(query)}",
    }


def _currency_tabs(billing: OwnBilling, interval: str, current: str) -> list[dict[str, Any]]:
    here = reverse("manage:plan_compare")
    return [
        {
            "label": price.currency,
            "url": f"{here}?{urlencode({'interval': interval, 'currency': price.currency})}",
            "current": price.currency == current,
        }
        for price in billing.plans[0].prices
    ]


def _losses(billing: OwnBilling, choice: Choice) -> list[str]:
    """What the plan allows less of than the chain's now, and what that is, in words."""
    lost = []
    for limit in Limit:
        if limit == Limit.STORES:
            continue
        now, then = allowed_by(billing.entitlements, limit), allowed_by(choice.card.limits, limit)
        if then is not None and (now is None or then < now):
            words = {
                "then": limit_words(choice.card, limit),
                "now": _("no limit") if now is None else format_count(now),
            }
            lost.append(_("%(then)s (now: %(now)s)") % words)
    return lost


def _history_lost(billing: OwnBilling, choice: Choice, *, now: datetime) -> str:
    """What of the history would no longer be shown; empty where nothing would be."""
    count = count_lost_history(billing, choice.card, now=now)
    since = history_shown(billing, choice.card, now=now)
    if not count or since is None:
        return ""
    words = ngettext(
        "%(count)s booking before %(day)s would no longer be shown. It is kept, and comes back with a plan that shows more.",
        "%(count)s bookings before %(day)s would no longer be shown. They are kept, and come back with a plan that"
        " shows more.",
        count,
    )
    day = history_day(since, zone=ZoneInfo(billing.time_zone), now=now)
    return words % {"count": format_count(count), "day": day}


def _most_extra(card: PlanCard) -> int | None:
    if not card.prices[0].store_month:
        return 0
    return None if card.most_stores is None else card.most_stores - (card.included_stores or 0)


def _crumbs(last: str) -> list[dict[str, str]]:
    return [
        {"label": _("Plan and usage"), "url": reverse("manage:plan")},
        {"label": last, "url": ""},
    ]
