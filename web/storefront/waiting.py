"""The waiting list on a member's phone: join it from a full time or day, answer an offer, leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from chains.refusals import Refusal
from tenants.booking.domain.offering import Offering, read_offering
from tenants.booking.domain.plugged import steps_of
from tenants.booking.domain.spans import Span
from tenants.booking.domain.terms import terms_of
from tenants.booking.domain.terms_words import say_terms
from tenants.booking.domain.waiting_offers import (
    accept_offer,
    decline_offer,
    leave_waiting,
    offer_stands,
    offer_token,
    read_offer,
)
from tenants.booking.domain.waiting_rules import rules_of
from tenants.booking.domain.wishes import (
    Wanted,
    count_ahead,
    join_waiting,
    own_wishes,
    places_in_queue,
    wanted_seat,
)
from tenants.booking.models import OfferState, Session, SessionState, Status, WaitingOffer, Wish
from tenants.catalogue.models import BookedAs, Service
from tenants.extension.answers import Step
from tenants.people.domain.rights import Actor, NotSeen
from tenants.people.models import Employee
from tenants.stores.domain.spoken import format_moment
from tenants.stores.domain.wall import local_date, local_day
from tenants.stores.domain.words import words_of
from web.booking_steps import answers_in, asked_of
from web.formats import format_span
from web.storefront.asking import Wish as Asked
from web.storefront.asking import read_wish, uuid_or_none
from web.storefront.frame import language_of, members_only, once_open, show, while_open
from web.storefront.paying import after_booking
from web.storefront.shop import read_offer as read_shop_offer
from web.visitor import actor_of, member_of


@dataclass(frozen=True, slots=True)
class WishRow:
    """A wish in the member's list: its words, its place in the queue, and where an offer is answered."""

    id: UUID
    services: str
    people: str
    store_name: str
    windows: tuple[str, ...]
    place: int
    auto_accept: bool
    offer_url: str
    offer_until: datetime | None
    zone: str


def read_own_wishes(member_id: UUID, *, now: datetime, language: str) -> list[WishRow]:
    """The member's open wishes, offers first; as many queries for one as for all."""
    wishes = list(own_wishes(by=Actor(member_id=member_id)).order_by("joined_at", "id"))
    places = places_in_queue(wish.id for wish in wishes)
    services = _words(Service, [one for wish in wishes for one in wish.services], language)
    people = _words(Employee, [one for wish in wishes for one in wish.practitioners], language)
    rows = [_row(wish, places[wish.id], services, people, now=now, language=language) for wish in wishes]
    return sorted(rows, key=lambda row: not row.offer_url)


def _words(model: type[Service] | type[Employee], ids: Sequence[UUID], language: str) -> dict[UUID, str]:
    found = model.objects.filter(id__in=set(ids))
    return {one.id: words_of(one, "name", language=language) for one in found}


def _row(
    wish: Wish,
    place: int,
    services: Mapping[UUID, str],
    people: Mapping[UUID, str],
    *,
    now: datetime,
    language: str,
) -> WishRow:
    zone = ZoneInfo(wish.store.time_zone)
    offer = next((one for one in wish.open_offers if offer_stands(one, now=now)), None)  # type: ignore[attr-defined]
    comma = "、" if language.startswith("zh") else ", "
    return WishRow(
        id=wish.id,
        services=comma.join(services.get(one, "") for one in wish.services),
        people=comma.join(people.get(one, "") for one in wish.practitioners),
        store_name=words_of(wish.store, "name", language=language),
        windows=tuple(
            window_words(Span(one.starts_at, one.ends_at), zone, language=language, now=now)
            for one in wish.windows.all()
        ),
        place=place,
        auto_accept=wish.auto_accept,
        offer_url=reverse("waiting_offer", args=[offer_token(offer.id)]) if offer else "",
        offer_until=offer.expires_at if offer else None,
        zone=wish.store.time_zone,
    )


def window_words(window: Span, zone: ZoneInfo, *, language: str, now: datetime) -> str:
    """A window as people say it: the day alone where it is (what is left of) a whole one."""
    start, end = window.start.astimezone(zone), window.end.astimezone(zone)
    today = now.astimezone(zone).date()
    day = local_day(local_date(window.start, zone), zone)
    if window.end == day.end:
        words = format_span(start, start, language=language, today=today)
        return _("%(day)s, any time") % {"day": words.rsplit(" ", 1)[0].rstrip(",")}
    return format_span(start, end, language=language, today=today)


@require_http_methods(["GET", "HEAD", "POST"])
@while_open
@members_only
def join(request: HttpRequest, now: datetime, service_id: UUID) -> HttpResponse:
    """What one would wait for, how it goes, and the button; a POST puts the wish on the list."""
    asked = read_wish(request.POST if request.method == "POST" else request.GET)
    if asked.store_id is None or (asked.starts_at is None and asked.day is None):
        raise Http404
    offer = read_shop_offer(service_id, asked.store_id)
    if offer is None:
        raise Http404
    offering = read_offering(asked.store_id, service_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            _join(request, offering, asked, now=now)
        except Refusal as caught:
            if caught.status == 404:
                raise
            refusal = caught
        else:
            return redirect(f"{reverse('my_bookings')}#waiting")
    return _show_join(request, offering, offer, asked, now=now, refusal=refusal)


def windows_of(asked: Asked, offering: Offering, *, now: datetime) -> dict[str, Span]:
    """What can be waited for: that one time (where one was chosen), and the rest of that day."""
    found: dict[str, Span] = {}
    if asked.starts_at is not None:
        found["time"] = Span(asked.starts_at, asked.starts_at + timedelta(minutes=offering.need.minutes))
    day: date = asked.day or local_date(asked.starts_at or now, offering.zone)
    whole = local_day(day, offering.zone)
    if whole.end > now:
        found["day"] = Span(max(whole.start, now.replace(second=0, microsecond=0)), whole.end)
    return found


def _join(request: HttpRequest, offering: Offering, asked: Asked, *, now: datetime) -> None:
    windows = windows_of(asked, offering, now=now)
    chosen = windows.get(request.POST.get("when", "")) or next(iter(windows.values()), None)
    named = uuid_or_none(request.POST.get("session", ""))
    seat = _session_at(offering, asked, named) if request.POST.get("when") != "day" else None
    if seat is not None:
        wanted = wanted_seat(seat, party_size=asked.party_size, auto_accept=request.POST.get("auto") == "on")
        join_waiting(wanted, by=actor_of(request), now=now)
        return
    wanted = Wanted(
        store_id=offering.store_id,
        services=[offering.service_id],
        windows=[(chosen.start, chosen.end)] if chosen else [],
        party_size=asked.party_size,
        practitioners=[asked.person_id] if asked.person_id and request.POST.get("who") != "anyone" else [],
        auto_accept=request.POST.get("auto") == "on",
    )
    join_waiting(wanted, by=actor_of(request), now=now)


def _session_at(offering: Offering, asked: Asked, named: UUID | None) -> UUID | None:
    """The session of the service that begins at the time that was chosen: the one that was named, else the
    first, with whom it was chosen. Raises NotSeen for a named one that does not begin then."""
    if offering.booked_as != BookedAs.SESSION or asked.starts_at is None:
        return None
    found = Session.objects.filter(
        store_id=offering.store_id, service_id=offering.service_id, starts_at=asked.starts_at
    ).exclude(state=SessionState.CALLED_OFF)
    if asked.person_id is not None:
        found = found.filter(practitioner_id=asked.person_id)
    if named is None:
        return found.order_by("id").values_list("id", flat=True).first()
    if not found.filter(id=named).exists():
        raise NotSeen
    return named


def _show_join(
    request: HttpRequest,
    offering: Offering,
    offer: Any,
    asked: Asked,
    *,
    now: datetime,
    refusal: Refusal | None,
) -> HttpResponse:
    language = language_of(request)
    windows = windows_of(asked, offering, now=now)
    person = Employee.objects.filter(id=asked.person_id, active=True).first() if asked.person_id else None
    labels = {"time": _("Only this time"), "day": _("Any time that day")}
    rules = rules_of(offering.store_id)
    when = request.POST.get("when") or next(iter(windows), "")
    context = {
        "page_title": _("Waiting list"),
        "service_name": words_of(offer.service, "name", language=language),
        "store_name": words_of(offer.store, "name", language=language),
        "minutes": offering.need.minutes,
        "store": offer.store,
        "zone": offer.store.time_zone,
        "service_id": offering.service_id,
        "asked": asked,
        "session_id": uuid_or_none((request.POST or request.GET).get("session", "")),
        "at_value": f"{asked.starts_at:%Y-%m-%dT%H:%M}Z" if asked.starts_at else "",
        "day_value": asked.day.isoformat() if asked.day else "",
        "whens": [
            {
                "value": name,
                "label": labels[name],
                "hint": window_words(window, offering.zone, language=language, now=now),
                "checked": name == when,
            }
            for name, window in windows.items()
        ],
        "person": person,
        "whos": [
            {"value": "person", "label": words_of(person, "name", language=language), "checked": True},
            {"value": "anyone", "label": _("Anyone"), "checked": request.POST.get("who") == "anyone"},
        ]
        if person
        else [],
        "ahead": count_ahead(offering.store_id, offering.service_id, next(iter(windows.values())))
        if windows
        else 0,
        "offer_minutes": rules.offer_minutes,
        "auto_minutes": rules.auto_until,
        "refusal": refusal,
        "back_url": reverse("times", args=[offering.service_id], query={"store": offering.store_id}),
    }
    status = refusal.status if refusal else 200
    return show(request, "storefront/waiting_join.html", context, now=now, status=status)


@require_POST
@once_open
@members_only
def leave(request: HttpRequest, now: datetime, wish_id: UUID) -> HttpResponse:
    """Take the wish off the list."""
    leave_waiting(wish_id, by=actor_of(request), now=now)
    return redirect(f"{reverse('my_bookings')}#waiting")


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
def offer(request: HttpRequest, now: datetime, token: str) -> HttpResponse:
    """An offer with its countdown; whoever has the link answers for its member, signed in or not."""
    found = read_offer(token)
    if request.method != "POST":
        return _show_offer(request, found, token, now=now)
    by = Actor(member_id=found.wish.member_id, name=found.wish.member.name)
    accepts = request.POST.get("answer") == "accept"
    try:
        if not offer_stands(found, now=now):
            return _show_offer(request, found, token, now=now)
        if accepts:
            details = answers_in(asked_by_offer(found), request.POST)
            taken = accept_offer(found.wish_id, by=by, now=now, details=details)
            if taken.status == Status.HELD:
                return after_booking(taken)
        else:
            decline_offer(found.wish_id, by=by, now=now)
    except Refusal as refusal:
        return _show_offer(request, read_offer(token), token, now=now, refusal=refusal)
    member = member_of(request)
    if accepts and member is not None and member.id == found.wish.member_id:
        return redirect(reverse("ticket", args=[found.booking_id], query={"new": 1}))
    return redirect("waiting_offer", token)


def asked_by_offer(found: WaitingOffer) -> list[Step]:
    """What the plug-ins ask before the offer is taken; nothing where the service is offered no more."""
    try:
        return steps_of(read_offering(found.booking.store_id, found.booking.service_id))
    except Refusal:
        return []


def _show_offer(
    request: HttpRequest,
    found: WaitingOffer,
    token: str,
    *,
    now: datetime,
    refusal: Refusal | None = None,
) -> HttpResponse:
    language, booking = language_of(request), found.booking
    zone = ZoneInfo(booking.store.time_zone)
    stands = offer_stands(found, now=now)
    state = str(found.state) if found.state != OfferState.OPEN or stands else str(OfferState.EXPIRED)
    context = {
        "page_title": _("A place is free"),
        "offer": found,
        "state": state,
        "booking": booking,
        "left": int((found.expires_at - now).total_seconds()) if stands else 0,
        "zone": booking.store.time_zone,
        "until_words": format_moment(
            found.expires_at.astimezone(zone), language=language, today=now.astimezone(zone).date()
        ),
        "service_name": words_of(booking.service, "name", language=language),
        "store_name": words_of(booking.store, "name", language=language),
        "practitioner_name": words_of(booking.practitioner, "name", language=language)
        if booking.practitioner
        else "",
        "terms": say_terms(
            terms_of(booking), booking.starts_at, currency=booking.currency, zone=zone, now=now
        ),
        "offer_url": reverse("waiting_offer", args=[token]),
        "times_url": reverse("times", args=[booking.service_id], query={"store": booking.store_id}),
        "asked": asked_of(asked_by_offer(found), request.POST, refusal) if state == OfferState.OPEN else [],
        "refusal": refusal,
    }
    status = refusal.status if refusal else 200
    return show(request, "storefront/waiting_offer.html", context, now=now, status=status, tab="bookings")
