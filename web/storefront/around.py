"""Around the times of one day: the month as a calendar, and the same service at the chain's other stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from tenants.booking.domain.nearby import StoreSlots, find_slots_nearby
from tenants.booking.domain.offering import read_offering
from tenants.booking.domain.visitor_holds import hold_of
from tenants.booking.models import Booking
from tenants.catalogue.models import BookedAs, Offer
from tenants.stores.domain.wall import local_date
from tenants.stores.domain.words import words_of
from tenants.stores.models import Store
from web.formats import (
    format_clock,
    format_day,
    format_distance,
    format_month,
    format_weekday,
    format_zone,
)
from web.storefront.asking import Wish, month_in, read_wish, uuid_or_none
from web.storefront.frame import language_of, show, while_open
from web.storefront.shop import booking_url, read_offer
from web.storefront.times import Month, Times, read_month
from web.visitor import visitor_key_of

# Dates that the page of several stores shows at once, and the times of a store before "all of them".
WEEK = 7
MOST_TIMES = 8


def around_urls(wish: Wish, found: Times, *, moving: Booking | None) -> dict[str, str]:
    """Where the time page's calendar is read, and the times of other stores; none where one store offers it."""
    service_id = found.offering.service_id
    urls = {"month_url": reverse("month", args=[service_id], query={"move": moving.id} if moving else None)}
    elsewhere = Offer.objects.filter(service_id=service_id, active=True, store__active=True)
    if not moving and elsewhere.exclude(store_id=wish.store_id).exists():
        party = {"party": found.party_size} if found.party_size > 1 else {}
        asked = {"store": found.offering.store_id, "day": found.day.isoformat(), **party}
        urls["stores_url"] = reverse("other_stores", args=[service_id], query=asked)
    return urls


def day_words() -> dict[str, str]:
    """How free a day is, in a word."""
    return {
        "plenty": pgettext("how free a day is", "Plenty"),
        "open": pgettext("how free a day is", "Free"),
        "few": pgettext("how free a day is", "Few"),
        "full": pgettext("how free a day is", "Full"),
        "off": pgettext("how free a day is", "Off"),
        "closed": pgettext("how free a day is", "Closed"),
    }


@require_safe
@while_open
def month(request: HttpRequest, now: datetime, service_id: UUID) -> HttpResponse:
    """A month of the time page, each day with how free it is. A fragment for htmx."""
    wish, language = read_wish(request.GET), language_of(request)
    if wish.store_id is None or read_offer(service_id, wish.store_id) is None:
        raise Http404
    moved = uuid_or_none(request.GET.get("move", ""))
    offering = read_offering(wish.store_id, service_id)
    day = wish.day or (local_date(wish.starts_at, offering.zone) if wish.starts_at else None)
    found = read_month(
        offering,
        now=now,
        month=month_in(request.GET),
        day=day,
        person_id=wish.person_id,
        but=moved or hold_of(visitor_key_of(request)),
        party_size=wish.party_size,
    )
    action = reverse("move", args=[moved]) if moved else reverse("times", args=[service_id])
    kept = {"store": wish.store_id, "with": wish.person_id or "", "party": wish.party_size}
    there = reverse("month", args=[service_id])
    same = {**kept, "day": day or "", "move": moved or ""}
    context = {
        "title": format_month(found.first, language=language),
        "weekdays": [format_weekday(found.weeks[0][0] + timedelta(n), language=language) for n in range(7)],
        "weeks": [
            [_month_day(day, found, f"{action}?{urlencode({**kept, 'day': day})}", language) for day in week]
            for week in found.weeks
        ],
        "before_url": _beside(found.before, there, same),
        "after_url": _beside(found.after, there, same),
    }
    return render(request, "storefront/_month.html", context)


def _beside(first: date | None, there: str, kept: Mapping[str, Any]) -> str:
    """The address of a month beside the one shown; none where nothing can be booked in it."""
    return f"{there}?{urlencode({**kept, 'month': f'{first:%Y-%m}'})}" if first else ""


def _month_day(day: date, found: Month, url: str, language: str) -> dict[str, Any]:
    """A cell of the calendar: empty outside the month, without a link where no booking is taken that day."""
    chip = found.days.get(day)
    words = {
        "date": day.day,
        "within": day.month == found.first.month,
        "url": "",
        "spoken": format_day(day, language=language, today=day, relative=False),
    }
    if chip is None:
        return words
    word = day_words()[chip.word]
    free: dict[str, Any] = {"pips": chip.pips, "word": word, "none": not chip.pips, "checked": chip.shown}
    return {**words, **free, "url": url}


@require_safe
@while_open
def stores(request: HttpRequest, now: datetime, service_id: UUID) -> HttpResponse:
    """The service's times at every store, the nearest to the one looked at first."""
    wish, language = read_wish(request.GET), language_of(request)
    offer = read_offer(service_id, wish.store_id) if wish.store_id else None
    if offer is None:
        raise Http404
    if offer.service.booked_as != BookedAs.TIME:
        return redirect(booking_url(offer.service, offer.store_id))
    offering = read_offering(offer.store_id, service_id)
    first, last = (
        local_date(now, offering.zone),
        local_date(now + offering.horizon, offering.zone),
    )
    shown = min(max(wish.day or first, first), last)
    start = first + timedelta(days=(shown - first).days // WEEK * WEEK)
    window = [start + timedelta(n) for n in range(WEEK) if start + timedelta(n) <= last]
    found = find_slots_nearby(
        service_id, days=window, now=now, near=offering.place, party_size=wish.party_size
    )
    found.sort(key=lambda one: one.offering.store_id != offer.store_id)

    def there(day: date) -> str:
        asked = {"store": offer.store_id, "day": day.isoformat(), "party": wish.party_size}
        return reverse("other_stores", args=[service_id], query=asked)

    context = {
        "page_title": _("Times at all stores"),
        "back_url": reverse(
            "times", args=[service_id], query={"store": offer.store_id, "day": shown.isoformat()}
        ),
        "service_name": words_of(offer.service, "name", language=language),
        "minutes": offering.need.minutes,
        "store_name": words_of(offer.store, "name", language=language),
        "measured": any(one.metres for one in found),
        "days": [_chip(day, found, shown, there(day), today=first, language=language) for day in window],
        "before_url": there(start - timedelta(days=1)) if start > first else "",
        "after_url": there(start + timedelta(days=WEEK)) if start + timedelta(days=WEEK) <= last else "",
        "rows": _rows(found, shown, wish, language=language),
    }
    return show(request, "storefront/other_stores.html", context, now=now)


def _chip(
    day: date, found: Sequence[StoreSlots], shown: date, url: str, *, today: date, language: str
) -> dict[str, Any]:
    """A date, and at how many stores something is free."""
    free = sum(any(one.day == day and one.slots for one in store.days) for store in found)
    word = ngettext("%(n)s store", "%(n)s stores", free) % {"n": free}
    return {
        "weekday": _("Today") if day == today else format_weekday(day, language=language),
        "date": day.day,
        "pips": -(-3 * free // len(found)),
        "word": word if free else pgettext("how free a day is", "Full"),
        "none": not free,
        "checked": day == shown,
        "url": url,
    }


def _rows(found: Sequence[StoreSlots], day: date, wish: Wish, *, language: str) -> list[dict[str, Any]]:
    """Each store with its first times of the day as links to the time page; one query for names."""
    known = Store.objects.in_bulk([one.offering.store_id for one in found])
    zones = {one.offering.zone.key for one in found}
    return [
        {
            "name": words_of(known[one.offering.store_id], "name", language=language),
            "address": words_of(known[one.offering.store_id], "address", language=language),
            "away": format_distance(one.metres) if one.metres else "",
            "here": one.offering.store_id == wish.store_id,
            "zone": format_zone(one.offering.zone.key, language=language) if len(zones) > 1 else "",
            **_times(one, day, wish),
        }
        for one in found
    ]


def _times(one: StoreSlots, day: date, wish: Wish) -> Mapping[str, Any]:
    slots = next((found.slots for found in one.days if found.day == day), [])
    service, kept = one.offering.service_id, {"store": one.offering.store_id, "party": wish.party_size}

    def there(**more: str) -> str:
        return reverse("times", args=[service], query={**kept, **more})

    return {
        "slots": [
            {
                "time": format_clock(slot.starts_at.astimezone(one.offering.zone)),
                "url": there(at=f"{slot.starts_at:%Y-%m-%dT%H:%M}Z"),
            }
            for slot in slots[:MOST_TIMES]
        ],
        "count": len(slots),
        "more_url": there(day=day.isoformat()) if len(slots) > MOST_TIMES else "",
    }
