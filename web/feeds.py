"""Calendar feeds: what stands behind a secret address, and the card that makes and ends one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from chains.addresses import client_address
from chains.throttle import count_request
from tenants.booking.domain.feeds import Feed, feed_of, hash_of, make_feed, open_feed
from tenants.booking.models import Booking
from tenants.people.domain.rights import Actor, NotSeen
from tenants.stores.domain.words import words_of
from web.storefront.calendar import booking_event, calendar_of

# A calendar asks every few minutes at most; who guesses addresses is stopped long before 256 bits.
READS, GUESSES, WINDOW = 60, 30, 600


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The feed as text/calendar, needing no session. 404 for any address that is none (any more)."""
    now = timezone.now()
    count_request("calendar", hash_of(token), limit=READS, seconds=WINDOW)
    try:
        feed = open_feed(token, now=now)
    except NotSeen:
        count_request("calendar-guess", client_address(request), limit=GUESSES, seconds=WINDOW)
        raise
    chain = request.chain.name  # type: ignore[attr-defined]
    with translation.override(feed.language):
        events = [_event(request, booking, feed, now=now) for booking in feed.bookings]
        file = calendar_of(events, name=_name(chain, feed))
    return HttpResponse(
        file,
        content_type="text/calendar; charset=utf-8",
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": 'inline; filename="tessera.ics"',
        },
    )


def feed_card(by: Actor, *, address: str = "") -> dict[str, Any]:
    """The context of ui/feed: whether there is a feed, and its address right after it was made."""
    return {"feed": feed_of(by), "feed_address": address}


def made_address(request: HttpRequest, *, by: Actor, now: datetime) -> str:
    """A new address for the person's feed; the one before ends."""
    token = make_feed(by=by, language=get_language() or "en", now=now)
    return request.build_absolute_uri(reverse("calendar_feed", args=[token]))


def _event(request: HttpRequest, booking: Booking, feed: Feed, *, now: datetime) -> Any:
    """One booking. A feed lives on other people's servers: no phone, no note, no booking code in it."""
    language = feed.language
    service = words_of(booking.service, "name", language=language)
    store = words_of(booking.store, "name", language=language)
    if feed.employee_id is not None:
        title = f"{service} · {booking.member.name}" if booking.member and booking.member.name else service
        place, text = store, ""
        url = reverse("workbench:booking", args=[booking.store_id, booking.id])
    else:
        title = service
        place = ", ".join(
            part for part in (store, words_of(booking.store, "address", language=language)) if part
        )
        name = words_of(booking.practitioner, "name", language=language) if booking.practitioner else ""
        text = _("%(name)s will see you") % {"name": name} if name else ""
        url = reverse("ticket", args=[booking.id])
    return booking_event(
        booking, title=title, place=place, text=text, url=request.build_absolute_uri(url), now=now
    )


def _name(chain: str, feed: Feed) -> str:
    return chain if feed.member_id is not None else _("%(chain)s: my visits") % {"chain": chain}
