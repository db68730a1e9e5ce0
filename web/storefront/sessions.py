"""Sessions of a store by day: what is booked, how many places are left, and the way to a seat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from chains.refusals import Refusal
from tenants.booking.domain.change import changeable_until
from tenants.booking.domain.credits import pass_keeper
from tenants.booking.domain.sessions import find_sessions, left_of
from tenants.booking.domain.wishes import SeatWait, seats_waited_for
from tenants.booking.models import LIVE, Booking, Session, SessionState, Status
from tenants.catalogue.models import Offer
from tenants.members.models import Member
from tenants.stores.domain.wall import local_date
from tenants.stores.domain.words import words_of
from tenants.stores.models import Store
from web.formats import format_clock, format_weekday
from web.storefront.asking import read_wish, uuid_or_none
from web.storefront.frame import language_of, show, while_open
from web.visitor import member_of

DAYS = 14


@dataclass(frozen=True, slots=True)
class Row:
    """A session as a member sees it. `state`: offered (a place from the waiting list), waiting (at `place`, from 1),
    held (until its deposit is paid), booked, open, last, few (too few yet), full; `until` of a booking."""

    id: UUID
    name: str
    who: str
    clock: str
    minutes: int
    state: str
    left: int
    capacity: int
    taken: int
    missing: int
    price_amount: int
    currency: str
    booking: UUID | None
    until: datetime | None
    until_same_day: bool
    waiting_url: str
    place: int = 0


@require_safe
@while_open
def sessions(request: HttpRequest, now: datetime) -> HttpResponse:
    """The sessions of a day; another day, or one service alone, by the address."""
    return show_sessions(request, now=now)


def show_sessions(request: HttpRequest, *, now: datetime, refusal: Refusal | None = None) -> HttpResponse:
    """The list, also after a refusal (its status)."""
    language = language_of(request)
    asked = read_wish(request.GET)
    store = _store(asked.store_id)
    zone = ZoneInfo(store.time_zone)
    today = local_date(now, zone)
    service_id, person_id = uuid_or_none(request.GET.get("service", "")), asked.person_id
    every = [
        one
        for one in find_sessions(store.id, first=today, end=today + timedelta(days=DAYS), zone=zone)
        .filter(service__active=True, service__online=True, state=SessionState.SCHEDULED)
        .order_by("starts_at", "id")
        if one.starts_at > now
    ]
    found = [one for one in every if _is_wanted(one, service_id, person_id)]
    day = _day(asked.day, [local_date(one.starts_at, zone) for one in found], today)
    member = member_of(request)
    rows = _rows([one for one in found if local_date(one.starts_at, zone) == day], member, language=language)
    if asked.starts_at is not None and request.GET.get("day") is None:
        day = local_date(asked.starts_at, zone)
    query = {
        "store": store.id,
        **({"service": service_id} if service_id else {}),
        **({"with": person_id} if person_id else {}),
    }
    context: dict[str, Any] = {
        "page_title": _("Sessions"),
        "store": store,
        "store_name": words_of(store, "name", language=language),
        "zone": store.time_zone,
        "days": _chips(found, zone=zone, today=today, shown=day, language=language, query=query),
        "rows": rows,
        "filters": _filters(every, {**query, "day": day.isoformat()}, language=language),
        "passes": pass_keeper().balances(member.id) if member else [],
        "back_url": f"{reverse('shop')}?store={store.id}",
        "refusal": refusal,
        "alternatives": links_to_sessions(refusal.extra.get("alternatives", []), query) if refusal else [],
        "query": urlencode({**query, "day": day.isoformat()}),
    }
    status = refusal.status if refusal else 200
    return show(request, "storefront/sessions.html", context, now=now, status=status)


def _store(store_id: UUID | None) -> Store:
    stores = Store.objects.filter(active=True)
    store = stores.filter(id=store_id).first() if store_id else stores.first()
    if store is None:
        raise Http404
    return store


def _day(asked: date | None, days: Sequence[date], today: date) -> date:
    """The day that was asked for, else the first with a session."""
    return asked or (days[0] if days else today)


def _rows(found: Sequence[Session], member: Member | None, *, language: str) -> list[Row]:
    """The sessions of the day, with the member's own bookings of them and places in their queues; four queries."""
    ids = [one.id for one in found]
    own = (
        {
            booking.session_id: booking
            for booking in Booking.objects.filter(member=member, session_id__in=ids, status__in=LIVE)
        }
        if member and ids
        else {}
    )
    waits = seats_waited_for(member.id, ids) if member and ids else {}
    offers = Offer.objects.filter(
        service_id__in={one.service_id for one in found}, price_amount__isnull=False
    )
    prices = {
        (store_id, service_id): amount
        for store_id, service_id, amount in offers.values_list("store_id", "service_id", "price_amount")
    }
    return [
        _row(
            one,
            own.get(one.id),
            waits.get(one.id),
            prices.get((one.store_id, one.service_id)),
            language=language,
        )
        for one in found
    ]


def _row(
    one: Session, booking: Booking | None, waits: SeatWait | None, price: int | None, *, language: str
) -> Row:
    left, taken = left_of(one.pool), one.pool.taken
    missing = max(0, one.minimum - taken)
    state = (
        "booked" if booking else "full" if not left else "last" if left == 1 else "few" if missing else "open"
    )
    if waits is not None and (booking is None or booking.status == Status.HELD):
        state = "offered" if waits.offered else "waiting"
    elif booking is not None and booking.status == Status.HELD:
        state = "held"
    room = one.resource.name if one.resource else ""
    zone = ZoneInfo(one.store.time_zone)
    until = changeable_until(booking) if booking else None
    return Row(
        id=one.id,
        name=words_of(one.service, "name", language=language),
        who=" · ".join(filter(None, [one.practitioner.name if one.practitioner else "", room])),
        clock=format_clock(one.starts_at.astimezone(zone)),
        minutes=(one.ends_at - one.starts_at) // timedelta(minutes=1),
        state=state,
        left=left,
        capacity=one.pool.capacity,
        taken=taken,
        missing=missing,
        price_amount=one.service.price_amount if price is None else price,
        currency=one.service.currency,
        booking=booking.id if booking else None,
        until=until,
        until_same_day=until is not None and local_date(until, zone) == local_date(one.starts_at, zone),
        waiting_url=_waiting_url(one) if state == "full" else "",
        place=waits.place if waits is not None else 0,
    )


def _waiting_url(one: Session) -> str:
    """Where one can wait for a place; empty in a program without a waiting list."""
    query = {"store": one.store_id, "at": f"{one.starts_at:%Y-%m-%dT%H:%M}Z", "session": one.id}
    try:
        return reverse("waiting_join", args=[one.service_id], query=query)
    except NoReverseMatch:
        return ""


def _chips(
    found: Sequence[Session],
    *,
    zone: ZoneInfo,
    today: date,
    shown: date,
    language: str,
    query: dict[str, Any],
) -> list[dict[str, Any]]:
    """Day chips as ui/days wants them: how many sessions a day has, and how many of them have room."""
    chips = []
    for day in (today + timedelta(days=n) for n in range(DAYS)):
        of_day = [one for one in found if local_date(one.starts_at, zone) == day]
        roomy = sum(1 for one in of_day if left_of(one.pool))
        words = ngettext("%(count)s session", "%(count)s sessions", len(of_day)) % {"count": len(of_day)}
        chips.append(
            {
                "value": day.isoformat(),
                "url": f"{reverse('sessions')}?{urlencode({**query, 'day': day.isoformat()})}",
                "weekday": _("Today") if day == today else format_weekday(day, language=language),
                "date": day.day,
                "pips": min(3, -(-3 * roomy // len(of_day))) if of_day else 0,
                "word": words if of_day else _("None"),
                "none": not of_day,
                "checked": day == shown,
            }
        )
    return chips


def _is_wanted(one: Session, service_id: UUID | None, person_id: UUID | None) -> bool:
    return service_id in (None, one.service_id) and person_id in (None, one.practitioner_id)


def _filters(every: Sequence[Session], query: dict[str, Any], *, language: str) -> list[dict[str, Any]]:
    """The questions of the page that have something to choose: which service, with whom."""
    services = {one.service_id: words_of(one.service, "name", language=language) for one in every}
    people = {
        one.practitioner_id: words_of(one.practitioner, "name", language=language)
        for one in every
        if one.practitioner
    }
    both = (_filter("service", _("Service"), services, query), _filter("with", _("With whom"), people, query))
    return [one for one in both if one["options"]]


def _filter(name: str, legend: str, names: dict[Any, str], query: dict[str, Any]) -> dict[str, Any]:
    """Chips of one question as links that keep the other answers; none where there is nothing to choose.

    What was chosen stays a chip though no session of these days is of it: it can be taken back.
    """
    chosen = query.get(name)
    rest = {key: value for key, value in query.items() if key != name}
    if len(names) < 2 and chosen is None:
        return {"legend": legend, "options": []}

    def link(answer: dict[str, Any]) -> str:
        return f"{reverse('sessions')}?{urlencode({**rest, **answer})}"

    ordered = sorted(names.items(), key=lambda item: item[1])
    return {
        "legend": legend,
        "options": [
            {"label": _("All"), "url": link({}), "checked": chosen is None},
            *({"label": words, "url": link({name: key}), "checked": key == chosen} for key, words in ordered),
        ],
    }


def links_to_sessions(slots: Sequence[Mapping[str, Any]], query: dict[str, Any]) -> list[dict[str, Any]]:
    """Other sessions with room, as links to their days."""
    found = []
    for slot in slots:
        starts_at = datetime.fromisoformat(str(slot["starts_at"]))
        day = {"day": starts_at.date().isoformat()}
        found.append({"starts_at": starts_at, "url": f"{reverse('sessions')}?{urlencode({**query, **day})}"})
    return found
