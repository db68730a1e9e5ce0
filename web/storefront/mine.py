"""A member's own bookings: what is to come, the ticket, cancelling, moving, the calendar file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chains.refusals import Refusal
from tenants.booking.domain.change import (
    cancel_booking,
    changeable_until,
    late_penance,
    reschedule_booking,
)
from tenants.booking.domain.credits import pass_keeper
from tenants.booking.domain.day import read_seen_booking
from tenants.booking.domain.deposit_words import say_deposit_stands
from tenants.booking.domain.deposits import awaits_deposit, deposit_of
from tenants.booking.domain.keys import qr_of
from tenants.booking.domain.penalties import penalties_of
from tenants.booking.domain.terms import Penance, movable_until, terms_of
from tenants.booking.domain.terms_words import CANCEL_NOW, CANCELLED, MISSED, say_penance
from tenants.booking.domain.visits import read_own_bookings
from tenants.booking.models import Booking, Cause, Penalty, PenaltyKind, Status
from tenants.stores.domain.wall import parse_moment
from tenants.stores.domain.words import words_of
from web.formats import format_moment
from web.qr import draw_qr
from web.storefront.asking import Wish, read_wish, uuid_or_none
from web.storefront.calendar import calendar_file
from web.storefront.frame import language_of, members_only, once_open, show
from web.storefront.moving import move_scheduled
from web.storefront.together import EVERY, MOST_TIMES
from web.storefront.views import show_times
from web.storefront.waiting import read_own_wishes
from web.visitor import actor_of, member_of


@dataclass(frozen=True, slots=True)
class BookingRow:
    """A booking in a list. Price in minor units; times aware UTC, to be shown in `zone`."""

    id: UUID
    service_id: UUID
    service_name: str
    store_id: UUID
    store_name: str
    practitioner_name: str
    starts_at: datetime
    minutes: int
    price_amount: int
    currency: str
    status: str
    zone: str
    guest_name: str = ""


def row_of(booking: Booking, language: str) -> BookingRow:
    """The booking as a row; service, store and practitioner are loaded."""
    return BookingRow(
        id=booking.id,
        service_id=booking.service_id,
        service_name=words_of(booking.service, "name", language=language),
        store_id=booking.store_id,
        store_name=words_of(booking.store, "name", language=language),
        practitioner_name=words_of(booking.practitioner, "name", language=language)
        if booking.practitioner
        else "",
        starts_at=booking.starts_at,
        minutes=(booking.ends_at - booking.starts_at) // timedelta(minutes=1),
        price_amount=booking.price_amount,
        currency=booking.currency,
        status=booking.status,
        zone=booking.store.time_zone,
        guest_name=booking.member.name if booking.payer_id not in (None, booking.member_id) else "",  # type: ignore[union-attr]
    )


@require_safe
@once_open
@members_only
def my_bookings(request: HttpRequest, now: datetime) -> HttpResponse:
    """Upcoming and past bookings."""
    member = member_of(request)
    assert member is not None
    language = language_of(request)
    coming, past = ([row_of(one, language) for one in rows] for rows in read_own_bookings(member.id, now=now))
    context = {
        "page_title": _("My bookings"),
        "coming": coming,
        "past": past,
        "wishes": read_own_wishes(member.id, now=now, language=language),
    }
    return show(request, "storefront/my_bookings.html", context, now=now, tab="bookings")


@require_safe
@once_open
@members_only
def ticket(request: HttpRequest, now: datetime, booking_id: UUID) -> HttpResponse:
    """One booking: its code and QR, where it is, and what can still be changed."""
    booking = _own(request, booking_id, now=now)
    if awaits_deposit(booking):
        return redirect("pay", booking.id)
    return show_ticket(request, booking, now=now)


def show_ticket(
    request: HttpRequest, booking: Booking, *, now: datetime, refusal: Refusal | None = None
) -> HttpResponse:
    """The ticket, also after a refusal."""
    language = language_of(request)
    payload = qr_of(booking)
    until, terms = changeable_until(booking), terms_of(booking)
    penance = late_penance(booking, now=now)
    deposit = deposit_of(booking)
    ended = booking.status in (Status.CANCELLED, Status.NO_SHOW, Status.EXPIRED)
    context = {
        "page_title": _("Booking"),
        "row": row_of(booking, language),
        "booking": booking,
        "fresh": request.GET.get("new") == "1" and booking.status == Status.CONFIRMED,
        "qr": draw_qr(payload) if payload else "",
        "zone": booking.store.time_zone,
        "address": words_of(booking.store, "address", language=language),
        "directions": words_of(booking.store, "directions", language=language),
        "phone": booking.store.phone,
        "until": until,
        "terms": terms,
        "at_shop": booking.price_amount - deposit.kept,
        "deposit_words": say_deposit_stands(deposit, ended=ended),
        "to_fetch": bool(deposit.waiting),
        "cancellable": booking.status == Status.CONFIRMED and (now <= until or penance is not None),
        "movable": booking.status == Status.CONFIRMED and now <= movable_until(terms, booking.starts_at),
        "cancel_brings": say_penance(CANCEL_NOW, penance, currency=booking.currency) if penance else "",
        "penalties": [_penalty_words(one) for one in penalties_of(booking.id)] if not payload else [],
        "confirmed": booking.status == Status.CONFIRMED,
        "repeatable": booking.status == Status.CONFIRMED and not _is_scheduled(booking),
        "refusal": refusal,
        "map_url": map_link(booking, address=words_of(booking.store, "address", language=language)),
        "calendar_url": reverse("calendar", args=[booking.id]),
        "move_url": reverse("move", args=[booking.id]),
        "pass_name": pass_keeper().name_of(booking.pass_id) if booking.pass_id else "",
        "items": [
            (item.quantity, words_of(item.product, "name", language=language)) for item in booking.items.all()
        ],
        "again_url": reverse("times", args=[booking.service_id], query={"store": booking.store_id}),
        "back_url": reverse("my_bookings"),
        "shop_url": "",
        "every_options": [
            {"value": days, "label": words, "checked": days == EVERY[0]}
            for days, words in zip(EVERY, (_("Weekly"), _("2 weeks"), _("4 weeks")), strict=True)
        ],
        "times_options": [(number, str(number)) for number in range(2, MOST_TIMES + 1)],
    }
    status = refusal.status if refusal else 200
    return show(request, "storefront/ticket.html", context, now=now, status=status, tab="bookings")


def _penalty_words(penalty: Penalty) -> str:
    """What came of the booking, and whether the shop let it off."""
    brought = Penance(PenaltyKind(penalty.kind), penalty.amount)
    table = CANCELLED if penalty.cause == Cause.LATE_CANCEL else MISSED
    words = say_penance(table, brought, currency=penalty.currency)
    return f"{words} {_('The shop has waived this.')}" if getattr(penalty, "waiver", None) else words


def map_link(booking: Booking, *, address: str) -> str:
    """A map service's search for the store: the one that shows streets best where it stands."""
    if not address:
        return ""
    if booking.store.country == "CN":
        return "https://uri.amap.com/search?" + urlencode({"keyword": address})
    return "https://www.openstreetmap.org/search?" + urlencode({"query": address})


@require_POST
@once_open
@members_only
def cancel(request: HttpRequest, now: datetime, booking_id: UUID) -> HttpResponse:
    """Give the time back; the page said before what that means."""
    booking = _own(request, booking_id, now=now)
    try:
        cancel_booking(booking_id, by=actor_of(request), now=now)
    except Refusal as refusal:
        return show_ticket(request, booking, now=now, refusal=refusal)
    return redirect("ticket", booking_id)


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
@members_only
def move(request: HttpRequest, now: datetime, booking_id: UUID) -> HttpResponse:
    """The time page for a booking that is already there; its old time stays until the new one is taken."""
    booking = _own(request, booking_id, now=now)
    if booking.status != Status.CONFIRMED:
        return redirect("ticket", booking_id)
    if _is_scheduled(booking):
        return move_scheduled(request, booking, now=now)
    if request.method != "POST":
        wish = read_wish(request.GET)
        person = wish.person_id if "with" in request.GET else booking.practitioner_id
        day = wish.day or (None if wish.starts_at else booking.starts_at.astimezone(_zone(booking)).date())
        asked = Wish(booking.store_id, person, day, wish.starts_at)
        return show_times(request, booking.service_id, asked, now=now, moving=booking)
    starts_at = parse_moment(request.POST.get("at", ""), zone=_zone(booking))
    person_id = uuid_or_none(request.POST.get("with", ""))
    try:
        reschedule_booking(
            booking_id,
            starts_at=starts_at,
            by=actor_of(request),
            now=now,
            practitioner_id=person_id,
            anybody=person_id is None,
        )
    except Refusal as refusal:
        day = starts_at.astimezone(_zone(booking)).date()
        again = Wish(booking.store_id, person_id, day, None)
        booking = _own(request, booking_id, now=now)
        return show_times(request, booking.service_id, again, now=now, moving=booking, refusal=refusal)
    return redirect(reverse("ticket", args=[booking_id], query={"new": 1}))


@require_safe
@once_open
@members_only
def calendar(request: HttpRequest, now: datetime, booking_id: UUID) -> HttpResponse:
    """The booking as an .ics file for the phone's own calendar."""
    booking = _own(request, booking_id, now=now)
    language = language_of(request)
    row = row_of(booking, language)
    file = calendar_file(
        booking,
        title=f"{row.service_name} · {request.chain.name}",  # type: ignore[attr-defined]
        place=", ".join(
            filter(None, [row.store_name, words_of(booking.store, "address", language=language)])
        ),
        text=_("Booking code %(code)s. Free to move or cancel until %(until)s.")
        % {
            "code": f"{booking.code[:4]}-{booking.code[4:]}",
            "until": format_moment(
                changeable_until(booking).astimezone(_zone(booking)),
                language=language,
                today=now.astimezone(_zone(booking)).date(),
                relative=False,
            ),
        },
        url=request.build_absolute_uri(reverse("ticket", args=[booking.id])),
        now=now,
    )
    return HttpResponse(
        file,
        content_type="text/calendar; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{booking.code}.ics"',
            "Cache-Control": "private, no-store",
        },
    )


def _own(request: HttpRequest, booking_id: UUID, *, now: datetime) -> Booking:
    """The signed-in member's booking. Raises NotSeen for anybody else's: nothing tells that it exists."""
    return read_seen_booking(booking_id, by=actor_of(request), now=now)


def _is_scheduled(booking: Booking) -> bool:
    """Whether it is a seat or goods for pickup: those move to another session or window."""
    return booking.session_id is not None or booking.pickup_window_id is not None


def _zone(booking: Booking) -> ZoneInfo:
    return ZoneInfo(booking.store.time_zone)
