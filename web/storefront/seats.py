"""Seats of one session: how many, paid by which pass or at the shop, and what the promise is; then they are taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from chains.addresses import client_address
from chains.refusals import Refusal
from tenants.booking.domain.credits import UsablePass, pass_keeper
from tenants.booking.domain.offering import read_offering
from tenants.booking.domain.policies import read_terms
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.domain.sessions import left_of, read_session
from tenants.booking.domain.visitor_holds import drop_visitor_hold, hold_scheduled_for_visitor
from tenants.booking.models import Booking, Session, SessionState
from tenants.extension.answers import DetailsInvalid
from tenants.people.domain.rights import NotSeen
from tenants.stores.domain.wall import local_date
from tenants.stores.domain.words import words_of
from web.formats import format_money
from web.storefront.asking import uuid_or_none
from web.storefront.frame import language_of, show, while_open
from web.storefront.paying import after_booking
from web.storefront.sessions import show_sessions
from web.visitor import actor_of, make_visitor_key, member_of, visitor_key_of

# As many seats as one booking of the shop's page takes; the desk takes any number.
MOST = 20


class SeatsWrong(Refusal):
    """The number of seats cannot be read, or is more than the page offers."""

    code = "seats_wrong"
    status = 422
    title = gettext_lazy("Not a number of places")
    detail = gettext_lazy("From 1 to %(most)s places can be booked at once.")
    fix = gettext_lazy("Choose how many places again.")


@require_http_methods(["GET", "HEAD", "POST"])
@while_open
def take_seat(request: HttpRequest, now: datetime, session_id: UUID) -> HttpResponse:
    """How many seats and who pays; a POST books them for a member at once, a visitor holds them and goes on
    to prove a phone."""
    if request.method != "POST":
        return show_seats(request, read_session(session_id), now=now)
    if "sign_in" in request.POST and member_of(request) is None:
        chosen = {**request.GET.dict(), "seats": request.POST.get("seats", "1")}
        back = reverse("take_seat", args=[session_id], query=chosen)
        return redirect(reverse("sign_in", query={"next": back}))
    try:
        booking = _take(request, session_id, now=now)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return show_seats(request, read_session(session_id), now=now, refusal=refusal)
    if booking.member_id is not None:
        return after_booking(booking)
    return redirect("confirm", booking.id)


def _take(request: HttpRequest, session_id: UUID, *, now: datetime) -> Booking:
    """The booking, or the visitor's hold, which no pass pays. Raises SeatsWrong, NotSeen, as book_scheduled."""
    wish = Wish(session_id=session_id, party_size=_seats(request), pass_id=_pass(request))
    if member_of(request):
        try:
            booking = book_scheduled(wish, by=actor_of(request), now=now)
        except DetailsInvalid:  # something is asked: it is held, and the next page asks
            if wish.pass_id is not None:
                raise
        else:
            drop_visitor_hold(visitor=visitor_key_of(request), now=now)
            return booking
    if wish.pass_id is not None:
        raise NotSeen
    return hold_scheduled_for_visitor(
        wish, visitor=make_visitor_key(request), address=client_address(request), now=now
    )


def _seats(request: HttpRequest) -> int:
    """The number that was chosen, one where nothing was. Raises SeatsWrong."""
    text = request.POST.get("seats", "1")
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST):
        raise SeatsWrong(params={"most": MOST})
    return int(text)


def _pass(request: HttpRequest) -> UUID | None:
    """The pass that was chosen; None pays at the shop. Raises NotSeen for what is no pass."""
    text = request.POST.get("pass", "")
    found = uuid_or_none(text)
    if text and found is None:
        raise NotSeen
    return found


def show_seats(
    request: HttpRequest, session: Session, *, now: datetime, refusal: Refusal | None = None
) -> HttpResponse:
    """The page, with what was chosen so far and why it was refused.

    A session that cannot be taken any more leads back to the list of its day, which says so.
    """
    zone = ZoneInfo(session.store.time_zone)
    query = {"store": session.store_id, "day": local_date(session.starts_at, zone).isoformat()}
    back = reverse("sessions", query=query)
    left = left_of(session.pool)
    if not left or session.starts_at <= now or session.state != SessionState.SCHEDULED:
        return show_sessions(request, now=now, refusal=refusal) if refusal else redirect(back)
    language, member = language_of(request), member_of(request)
    offering = read_offering(session.store_id, session.service_id)
    passes = pass_keeper().usable(member.id, session.service_id) if member else []
    context: dict[str, Any] = {
        "page_title": _("Book places"),
        "session": session,
        "zone": session.store.time_zone,
        "service_name": words_of(session.service, "name", language=language),
        "store_name": words_of(session.store, "name", language=language),
        "who": session.practitioner.name if session.practitioner else "",
        "left": left,
        "currency": offering.currency,
        "price_amount": offering.price_amount,
        "seats_options": [
            (number, _seat_words(number, offering.price_amount * number, offering.currency, language))
            for number in range(1, min(left, MOST) + 1)
        ],
        "seats": _chosen_seats(request, min(left, MOST)),
        "pay_options": _pay_options(passes, request.POST.get("pass", "")),
        "refusal": refusal,
        "terms": read_terms(offering, member_id=member.id if member else None, now=now),
        "query": urlencode(query),
        "back_url": back,
    }
    status = refusal.status if refusal else 200
    return show(request, "storefront/seats.html", context, now=now, status=status)


def _chosen_seats(request: HttpRequest, most: int) -> int:
    """The number that was chosen before a refusal or a sign-in, one where there is not so much room."""
    text = request.POST.get("seats", request.GET.get("seats", ""))
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= most else 1


def _seat_words(number: int, amount: int, currency: str, language: str) -> str:
    places = ngettext("%(count)s place", "%(count)s places", number) % {"count": number}
    return f"{places} · {format_money(amount, currency, language=language, exact=False)}"


def _pay_options(passes: Sequence[UsablePass], chosen: str) -> list[dict[str, Any]]:
    """At the shop, or one of the member's passes; nothing to choose without one."""
    if not passes:
        return []
    options: list[dict[str, Any]] = [{"value": "", "label": _("At the shop")}]
    for one in passes:
        hint = ngettext("%(count)s visit left", "%(count)s visits left", one.left) % {"count": one.left}
        options.append({"value": str(one.id), "label": one.name, "hint": hint})
    for option in options:
        option["checked"] = option["value"] == chosen
    if not any(option["checked"] for option in options):
        options[0]["checked"] = True
    return options
