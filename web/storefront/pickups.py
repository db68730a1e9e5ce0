"""Goods for pickup: choose products and a window, then confirm; one page, and the code after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from chains.addresses import client_address
from chains.refusals import Refusal
from tenants.booking.domain.items import Item
from tenants.booking.domain.pickups import find_windows
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.domain.sessions import left_of
from tenants.booking.domain.visitor_holds import drop_visitor_hold, hold_scheduled_for_visitor
from tenants.booking.models import PickupWindow, Stock
from tenants.extension.answers import DetailsInvalid
from tenants.stores.domain.wall import local_date
from tenants.stores.domain.words import words_of
from tenants.stores.models import Store
from web.formats import format_clock, format_weekday
from web.storefront.asking import read_wish, uuid_or_none
from web.storefront.frame import language_of, show, while_open
from web.visitor import actor_of, make_visitor_key, member_of, visitor_key_of

DAYS = 7
# As many of one thing as a guest puts into one order.
MOST = 20


@require_http_methods(["GET", "HEAD", "POST"])
@while_open
def pickup(request: HttpRequest, now: datetime) -> HttpResponse:
    """Products with what is left, the windows of a day; a POST books, or holds for a visitor."""
    if request.method != "POST":
        return show_pickup(request, now=now)
    store = _store(uuid_or_none(request.POST.get("store", "")))
    window_id = uuid_or_none(request.POST.get("window", ""))
    if window_id is None:
        return show_pickup(request, now=now, missing=_("Choose when you come."))
    wish = Wish(window_id=window_id, store_id=store.id, items=_items(request))
    try:
        if member_of(request):
            with suppress(DetailsInvalid):  # something is asked: it is held, and the next page asks
                booking = book_scheduled(wish, by=actor_of(request), now=now)
                drop_visitor_hold(visitor=visitor_key_of(request), now=now)
                return redirect(reverse("ticket", args=[booking.id], query={"new": 1}))
        booking = hold_scheduled_for_visitor(
            wish, visitor=make_visitor_key(request), address=client_address(request), now=now
        )
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return show_pickup(request, now=now, refusal=refusal)
    return redirect("confirm", booking.id)


def show_pickup(
    request: HttpRequest, *, now: datetime, refusal: Refusal | None = None, missing: str = ""
) -> HttpResponse:
    """The page, with what was typed, also after a refusal (its status)."""
    language = language_of(request)
    typed = request.POST if request.method == "POST" else request.GET
    asked = read_wish(typed)
    store = _store(asked.store_id)
    zone = ZoneInfo(store.time_zone)
    today = local_date(now, zone)
    windows = list(
        find_windows(store.id, first=today, end=today + timedelta(days=DAYS), zone=zone)
        .filter(open=True, service__active=True, service__online=True, ends_at__gt=now)
        .order_by("starts_at")
    )
    days = sorted({local_date(window.starts_at, zone) for window in windows})
    day = asked.day if asked.day in days else next(iter(days), today)
    shown = [window for window in windows if local_date(window.starts_at, zone) == day]
    context: dict[str, Any] = {
        "page_title": _("Pickup"),
        "store": store,
        "store_name": words_of(store, "name", language=language),
        "zone": store.time_zone,
        "products": _products(store, typed, language=language),
        "days": [
            {
                "value": one.isoformat(),
                "weekday": _("Today") if one == today else format_weekday(one, language=language),
                "date": one.day,
                "pips": None,
                "none": True,
                "word": "",
                "checked": one == day,
            }
            for one in days
        ],
        "windows": _windows(shown, zone, typed.get("window", "")),
        "here": reverse("pickup"),
        "back_url": f"{reverse('shop')}?store={store.id}",
        "refusal": refusal,
        "missing": missing,
        "alternatives": [],
    }
    status = refusal.status if refusal else 422 if missing else 200
    return show(request, "storefront/pickup.html", context, now=now, status=status)


def _items(request: HttpRequest) -> tuple[Item, ...]:
    """Every product with a number of at least one."""
    found = []
    for name in request.POST:
        text = request.POST.get(name, "")
        product_id = uuid_or_none(name.removeprefix("item-")) if name.startswith("item-") else None
        if product_id and text.isascii() and text.isdigit() and 0 < int(text) <= MOST:
            found.append(Item(product_id, int(text)))
    return tuple(found)


def _store(store_id: UUID | None) -> Store:
    stores = Store.objects.filter(active=True)
    store = stores.filter(id=store_id).first() if store_id else stores.first()
    if store is None:
        raise Http404
    return store


def _products(store: Store, typed: Mapping[str, str], *, language: str) -> list[dict[str, Any]]:
    """What the store sells, with what is left and what was chosen; one query."""
    stocks = (
        Stock.objects.select_related("product", "pool")
        .filter(store=store, product__active=True)
        .order_by("product__position", "product__name")
    )
    return [
        {
            "id": stock.product_id,
            "name": words_of(stock.product, "name", language=language),
            "description": words_of(stock.product, "description", language=language),
            "price_amount": stock.product.price_amount,
            "currency": stock.product.currency,
            "left": left_of(stock.pool),
            "most": min(MOST, left_of(stock.pool)),
            "chosen": typed.get(f"item-{stock.product_id}", "0"),
        }
        for stock in stocks
    ]


def _windows(windows: Sequence[PickupWindow], zone: ZoneInfo, chosen: str) -> list[dict[str, Any]]:
    """The windows of a day as radio cards: when, and how many orders they still take."""
    found = []
    for window in windows:
        left = left_of(window.pool)
        hint = _("Full") if not left else ""
        if 0 < left <= 3:
            hint = ngettext("%(count)s left", "%(count)s left", left) % {"count": left}
        starts, ends = window.starts_at.astimezone(zone), window.ends_at.astimezone(zone)
        found.append(
            {
                "value": str(window.id),
                "label": f"{format_clock(starts)}–{format_clock(ends)}",
                "hint": hint,
                "disabled": not left,
                "checked": bool(left) and str(window.id) == chosen,
            }
        )
    return found
