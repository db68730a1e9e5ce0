"""The shop and the choice of a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from chains.refusals import Refusal
from tenants.booking.domain.offering import read_offering
from tenants.booking.domain.policies import read_terms
from tenants.booking.domain.terms import Terms, terms_of
from tenants.booking.domain.visitor_holds import hold_of
from tenants.booking.models import Booking
from tenants.catalogue.models import BookedAs, Offer, Service
from tenants.stores.domain.wall import parse_moment
from tenants.stores.domain.words import words_of
from web.formats import format_clock, format_weekday
from web.storefront.again import read_visits, suggest_again
from web.storefront.around import around_urls, day_words
from web.storefront.asking import Wish, read_wish
from web.storefront.frame import language_of, show, while_open
from web.storefront.picks import pick_options
from web.storefront.shop import booking_url, choose_store, read_offer, read_services, read_stores
from web.storefront.times import DayChip, DayWord, Times, read_times
from web.visitor import member_of, visitor_key_of

STORE_COOKIE = "tessera_store"
# How many people a list offers without asking for more, and from how few places on a time is nearly full.
MOST_CHOSEN = 12
NEARLY_FULL = 3
# Days on which no waiting helps: the shop is closed, or nobody works who could serve.
NOBODY_THERE: tuple[DayWord, ...] = ("closed", "off")
MONTHS_6 = 60 * 60 * 24 * 180


@require_safe
@while_open
def shop(request: HttpRequest, now: datetime) -> HttpResponse:
    """The chain, one of its stores, and what can be booked there; for a member the usual again."""
    language = language_of(request)
    member = member_of(request)
    visits = read_visits(member) if member else []
    stores = read_stores(now=now, language=language)
    store = choose_store(
        stores,
        request.GET.get("store"),
        request.COOKIES.get(STORE_COOKIE),
        visits[0].store_id if visits else None,
    )
    context = {
        "stores": stores,
        "store": store,
        "zone": store.zone if store else None,
        "groups": read_services(store.id, language=language) if store else [],
        "again": suggest_again(visits, now=now, language=language),
    }
    response = show(request, "storefront/shop.html", context, now=now)
    if store and request.GET.get("store"):
        response.set_cookie(
            STORE_COOKIE,
            str(store.id),
            max_age=MONTHS_6,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return response


@require_safe
@while_open
def times(request: HttpRequest, now: datetime, service_id: UUID) -> HttpResponse:
    """With whom and when. htmx asks the same address again for each change and takes the part it needs."""
    wish = read_wish(request.GET)
    if wish.store_id is None:
        first = Offer.objects.filter(service_id=service_id, active=True, store__active=True)
        store_id = first.order_by("store__position", "store__name").values_list("store_id", flat=True).first()
        if store_id is None:
            raise Http404
        wish = replace(wish, store_id=store_id)
    scheduled = Service.objects.filter(id=service_id).exclude(booked_as=BookedAs.TIME).first()
    if scheduled is not None and wish.store_id is not None:
        return redirect(booking_url(scheduled, wish.store_id))
    return show_times(request, service_id, wish, now=now)


def show_times(
    request: HttpRequest,
    service_id: UUID,
    wish: Wish,
    *,
    now: datetime,
    moving: Booking | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    """The time page, also after a refusal (its status) and for a booking that is being moved."""
    language = language_of(request)
    assert wish.store_id is not None
    offer = read_offer(service_id, wish.store_id)
    if offer is None:
        raise Http404
    offering = read_offering(wish.store_id, service_id)
    found = read_times(
        offering,
        now=now,
        person_id=wish.person_id,
        day=wish.day,
        starts_at=wish.starts_at,
        picked_id=wish.picked_id,
        # what one holds oneself is not taken
        but=(mine := moving.id if moving else hold_of(visitor_key_of(request))),
        party_size=moving.party_size if moving else wish.party_size,
    )
    picks = pick_options(request, wish, found, now=now, but=mine)
    paths = _paths(service_id, offer.store_id, moving)
    context: dict[str, Any] = {
        **paths,
        "page_title": _("Move booking") if moving else _("Choose a time"),
        "times": found,
        "choice": found.choice,
        "terms": _terms(request, found, moving, now=now),
        "join_url": "" if moving else _join_url(service_id, wish, found),
        "store": offer.store,
        "zone": offer.store.time_zone,
        "store_name": words_of(offer.store, "name", language=language),
        "service_name": words_of(offer.service, "name", language=language),
        "person_value": str(found.person.employee_id) if found.person else "",
        "chosen_value": _with_value(found),
        "people": people_options(found),
        "party_options": None if moving or not found.offering.needs_party else party_options(found),
        "people_options": [(one["value"], one["label"]) for one in people_options(found)],
        "days": day_options(found, now=now, language=language),
        "parts": part_options(found, moving=moving is not None, picked=_is_picked(request, wish, picks)),
        "picks": picks,
        "moving": moving,
        "refusal": refusal,
        "alternatives": links_to(
            refusal.extra.get("alternatives", []) if refusal else [], paths["action"], wish
        ),
        "why_url": reverse("why", args=[service_id], query={"move": moving.id} if moving else None),
        **around_urls(wish, found, moving=moving),
        "why_clock": "",
        **nothing_free(found, paths["action"], wish),
    }
    return _shown(request, context, refusal, now=now)


def _shown(
    request: HttpRequest, context: dict[str, Any], refusal: Refusal | None, *, now: datetime
) -> HttpResponse:
    status = refusal.status if refusal else 200
    return show(request, "storefront/times.html", context, now=now, status=status)


def _paths(service_id: UUID, store_id: UUID, moving: Booking | None) -> dict[str, str]:
    """Where the page's forms and its way back lead."""
    if moving:
        there = reverse("move", args=[moving.id])
        return {"action": there, "take_url": there, "back_url": reverse("ticket", args=[moving.id])}
    return {
        "action": reverse("times", args=[service_id]),
        "take_url": reverse("take", args=[service_id]),
        "back_url": f"{reverse('shop')}?store={store_id}",
    }


def _terms(request: HttpRequest, found: Times, moving: Booking | None, *, now: datetime) -> Terms:
    """What the booking would promise: of one that moves what was promised, else what holds for who asks."""
    if moving:
        return terms_of(moving)
    member = member_of(request)
    return read_terms(found.offering, member_id=member.id if member else None, now=now)


def _join_url(service_id: UUID, wish: Wish, found: Times) -> str:
    """Where one joins the waiting list: for the full time that is chosen, else for the day, if it is no day off."""
    closed = any(day.shown and day.word in NOBODY_THERE for day in found.days)
    if found.choice.free if found.choice is not None else (found.parts or closed):
        return ""
    asked = {"at": found.choice.value} if found.choice else {"day": found.day.isoformat()}
    person = {"with": str(found.person.employee_id)} if found.person else {}
    party = {"party": str(found.party_size)} if found.party_size > 1 else {}
    query = {"store": wish.store_id, **person, **asked, **party}
    return reverse("waiting_join", args=[service_id], query=query)


def _is_picked(request: HttpRequest, wish: Wish, picks: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the chosen time is a recommended one: among those shown, or on a page of which only a part is asked for."""
    shown = any(one["checked"] for one in picks)
    return shown or (wish.picked_id is not None and "HX-Target" in request.headers)


def _with_value(found: Times) -> str:
    """How the bar's form names who serves: the person asked for, or the recommended time's."""
    person = found.choice.practitioner if found.choice else found.person
    return str(person.employee_id) if person else ""


def people_options(found: Times) -> list[dict[str, Any]]:
    """Chips: anyone first, then everybody who does the service here."""
    anyone = {"value": "", "label": _("Anyone"), "icon": "users", "checked": found.person is None}
    return [
        anyone,
        *(
            {
                "value": str(one.employee_id),
                "label": one.name,
                "person": one.name,
                "checked": found.person is not None and found.person.employee_id == one.employee_id,
            }
            for one in found.people
        ),
    ]


def party_options(found: Times) -> list[tuple[int, str]]:
    """How many people can be chosen: up to twelve, or whatever was asked for."""
    most = max(MOST_CHOSEN, found.party_size)
    return [
        (count, ngettext("%(n)s person", "%(n)s people", count) % {"n": count})
        for count in range(1, most + 1)
    ]


def day_options(found: Times, *, now: datetime, language: str) -> list[dict[str, Any]]:
    """Day chips as ui/days wants them."""
    words = day_words()
    today = now.astimezone(found.offering.zone).date()

    def chip(day: DayChip) -> dict[str, Any]:
        return {
            "value": day.day.isoformat(),
            "weekday": _("Today") if day.day == today else format_weekday(day.day, language=language),
            "date": day.day.day,
            "pips": day.pips,
            "word": words[day.word],
            "none": not day.pips,
            "checked": day.shown,
        }

    return [chip(day) for day in found.days]


def part_options(found: Times, *, moving: bool = False, picked: bool = False) -> list[dict[str, Any]]:
    """Slots by part of the day as ui/slots wants them; a full one can be waited for, but not with a booking.

    `picked` where a recommendation above is the one chosen.
    """
    names = {
        "morning": pgettext("part of the day", "a.m."),
        "afternoon": pgettext("part of the day", "p.m."),
        "evening": pgettext("part of the day", "Eve"),
    }
    zone = found.offering.zone

    def slot(time: Any) -> dict[str, Any]:
        local = time.starts_at.astimezone(zone)
        word = "" if time.free or not moving else pgettext("how free a day is", "Full")
        left = time.free and time.left is not None and time.left <= NEARLY_FULL
        if left:
            word = ngettext("%(n)s left", "%(n)s left", time.left) % {"n": time.left}
        return {
            "value": time.value,
            "time": format_clock(local),
            "state": ("last" if left else "free") if time.free else "full",
            # a clock that shows this time twice needs the zone's name beside it
            "word": local.tzname() if time.twice and time.free else word,
            "checked": time.chosen and not picked,
            "picked": time.chosen and picked,
        }

    return [{"label": names[part.name], "slots": [slot(time) for time in part.times]} for part in found.parts]


def _empty_words(word: DayWord, found: Times) -> str:
    if word == "closed":
        return _("The shop is closed that day.")
    if word != "off":
        return _("Nothing is free that day.")
    if found.person is None:
        return _("Nobody who does this works that day.")
    return _("%(name)s does not work that day.") % {"name": found.person.name}


def nothing_free(found: Times, action: str, wish: Wish) -> dict[str, Any]:
    """Why the day shows no time, and the next day that has one."""
    if found.parts:
        return {}
    later = next((day for day in found.days if day.day > found.day and day.pips), None)
    word: DayWord = next((day.word for day in found.days if day.shown), "full")
    query = urlencode(
        {
            "store": wish.store_id,
            "with": wish.person_id or "",
            "day": later.day.isoformat() if later else "",
            "party": found.party_size,
        }
    )
    if found.never:
        return {"empty_text": found.never, "next_day": None}
    return {
        "empty_text": _empty_words(word, found),
        "next_day": {"url": f"{action}?{query}", "day": later.day} if later else None,
    }


def links_to(slots: Sequence[Mapping[str, Any]], action: str, wish: Wish) -> list[dict[str, Any]]:
    """Alternatives of a refusal as links to the same page with that time chosen."""
    found = []
    for slot in slots:
        starts_at = parse_moment(str(slot["starts_at"]))
        query = urlencode(
            {"store": wish.store_id, "at": f"{starts_at:%Y-%m-%dT%H:%M}Z", "party": wish.party_size}
        )
        found.append({"starts_at": starts_at, "url": f"{action}?{query}"})
    return found
