"""Sessions with their roster, pickups with their goods, and the store's stock: what the day has beside appointments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chains.refusals import Refusal
from tenants.booking.domain.book import Guest
from tenants.booking.domain.day import items_with_names, late_by
from tenants.booking.domain.history import history_cut, shown_since
from tenants.booking.domain.pickups import find_windows
from tenants.booking.domain.sessions import find_sessions, left_of, read_session, session_state
from tenants.booking.domain.stock import BY_HAND, adjust_stock
from tenants.booking.models import Booking, PickupWindow, Session, Status, Stock, StockReason
from tenants.people.domain.rights import Action, require
from tenants.stores.domain.wall import local_day
from web.booking_steps import Asked, asked_of, vertical_steps
from web.formats import format_clock
from web.history import history_note
from web.workbench.access import Desk, asked_day, at_desk
from web.workbench.day import guest_name
from web.workbench.frame import frame, here
from web.workbench.joining import join_session

# Statuses in which a place or an order is still somebody's.
_STANDING = (Status.HELD, Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED, Status.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Joining:
    """The session whose form was refused, what was typed into it, and why."""

    session_id: UUID
    typed: Mapping[str, str]
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Guests:
    """A session or window with who booked of it; `came` counts those who have arrived."""

    key: UUID
    name: str
    second: str
    clocks: str
    taken: int
    capacity: int
    state: str
    missing: int
    may_join: bool
    rows: tuple[dict[str, Any], ...]
    asked: list[Asked]
    typed: Mapping[str, str] | None = None

    @property
    def left(self) -> int:
        """Places that can still be taken."""
        return max(0, self.capacity - self.taken)

    @property
    def came(self) -> int:
        """How many bookings have arrived."""
        return sum(row["status"] in (Status.ARRIVED, Status.COMPLETED) for row in self.rows)


@require_safe
@at_desk
def show_scheduled(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The day's sessions and pickups, and what is in stock."""
    return _page(request, desk)


@require_POST
@at_desk
def walk_in(request: HttpRequest, desk: Desk, session: UUID) -> HttpResponseBase:
    """A guest at the desk joins a session, also one that has begun."""
    data = request.POST
    name, phone = data.get("name", "").strip()[:120], data.get("phone", "").strip()[:40]
    service = read_session(session).service_id
    try:
        booking = join_session(desk, session, service, data, Guest(name, phone or None))
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _page(request, desk, refusal=refusal, joining=Joining(session, data, refusal))
    told = {"name": name or _("Walk-in guest"), "code": f"{booking.code[:4]}-{booking.code[4:]}"}
    messages.success(request, _("%(name)s is in, code %(code)s") % told)
    return _back(request, desk)


@require_POST
@at_desk
def adjust(request: HttpRequest, desk: Desk, product: UUID) -> HttpResponseBase:
    """More or fewer units of a product, with the reason."""
    text, reason = request.POST.get("units", "").strip(), request.POST.get("reason", "")
    units = int(text) if text.lstrip("+-").isascii() and text.lstrip("+-").isdigit() and len(text) < 9 else 0
    try:
        adjust_stock(
            desk.store.id,
            product,
            units=units,
            reason=StockReason(reason) if reason in [str(one) for one in BY_HAND] else StockReason.OTHER,
            note=request.POST.get("note", "").strip()[:200],
            by=desk.actor,
            now=desk.now,
        )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _page(request, desk, refusal=refusal)
    messages.success(request, _("Stock corrected"))
    return _back(request, desk)


def _back(request: HttpRequest, desk: Desk) -> HttpResponse:
    answer = HttpResponse(status=302)
    answer["Location"] = f"{here('scheduled', desk)}?on={asked_day(request, desk).isoformat()}"
    return answer


def _page(
    request: HttpRequest, desk: Desk, *, refusal: Refusal | None = None, joining: Joining | None = None
) -> HttpResponse:
    require(desk.actor, Action.READ_DAY, store_id=desk.store.id)
    on = asked_day(request, desk)
    end = on + timedelta(days=1)
    sessions = list(
        find_sessions(desk.store.id, first=on, end=end, zone=desk.zone).order_by("starts_at", "id")
    )
    windows = list(find_windows(desk.store.id, first=on, end=end, zone=desk.zone).order_by("starts_at"))
    since = history_cut(local_day(on, desk.zone).start, by=desk.actor, now=desk.now)
    booked = _bookings(desk, sessions, windows, since)
    context = {
        **frame(request, desk, current="scheduled"),
        "on": on,
        "history": history_note(since, by=desk.actor, now=desk.now),
        "before": (on - timedelta(days=1)).isoformat(),
        "after": (on + timedelta(days=1)).isoformat(),
        "is_today": on == desk.today,
        "sessions": [_session(one, booked[one.id], desk, joining) for one in sessions],
        "windows": [_window(one, booked[one.id], desk) for one in windows if one.open or booked[one.id]],
        "stocks": _stocks(desk),
        "reasons": [(str(reason), words) for reason, words in reason_words()],
        "may_book": desk.may(Action.CREATE_BOOKING),
        "may_adjust": desk.may(Action.ADJUST_STOCK),
        "refusal": refusal,
    }
    return render(request, "workbench/scheduled.html", context, status=refusal.status if refusal else 200)


def _bookings(
    desk: Desk, sessions: list[Session], windows: list[PickupWindow], since: datetime | None
) -> defaultdict[UUID, list[Booking]]:
    """The standing bookings by session and window that the history shows; two queries."""
    found: defaultdict[UUID, list[Booking]] = defaultdict(list)
    rows = Booking.objects.select_related("member").prefetch_related(items_with_names())
    rows = rows.filter(shown_since(since))
    for booking in rows.filter(session__in=sessions, status__in=_STANDING).order_by(
        "created_at"
    ) | rows.filter(pickup_window__in=windows, status__in=_STANDING).order_by("created_at"):
        key = booking.session_id or booking.pickup_window_id
        assert key is not None
        found[key].append(booking)
    return found


def _session(one: Session, booked: list[Booking], desk: Desk, joining: Joining | None) -> Guests:
    state = session_state(one, now=desk.now)
    mine = joining if joining is not None and joining.session_id == one.id else None
    steps = vertical_steps(desk, one.service_id)
    who = " · ".join(
        filter(
            None,
            [one.practitioner.name if one.practitioner else "", one.resource.name if one.resource else ""],
        )
    )
    return _guests(
        one,
        booked,
        desk,
        name=one.service.name,
        second=who,
        state=state,
        missing=max(0, one.minimum - one.pool.taken),
        asked=asked_of(steps, mine.typed if mine else {}, mine.refusal if mine else None, mark=f"{one.id}-"),
        typed=mine.typed if mine else None,
    )


def _window(one: PickupWindow, booked: list[Booking], desk: Desk) -> Guests:
    state = "over" if one.ends_at <= desk.now else "scheduled" if one.open else "closed"
    return _guests(one, booked, desk, name=one.service.name, second="", state=state, missing=0)


def _guests(
    one: Session | PickupWindow,
    booked: list[Booking],
    desk: Desk,
    *,
    name: str,
    second: str,
    state: str,
    missing: int,
    asked: list[Asked] | None = None,
    typed: Mapping[str, str] | None = None,
) -> Guests:
    starts, ends = one.starts_at.astimezone(desk.zone), one.ends_at.astimezone(desk.zone)
    seats = sum(booking.party_size for booking in booked if booking.status != Status.NO_SHOW)
    return Guests(
        key=one.id,
        name=name,
        second=second,
        clocks=f"{format_clock(starts)}–{format_clock(ends)}",
        taken=seats if isinstance(one, Session) else len(booked),
        capacity=one.pool.capacity,
        state=state,
        missing=missing,
        may_join=isinstance(one, Session) and state == "scheduled" and left_of(one.pool) > 0,
        rows=tuple(_guest(booking, desk) for booking in booked),
        asked=asked or [],
        typed=typed,
    )


def _guest(booking: Booking, desk: Desk) -> dict[str, Any]:
    late = late_by(booking, now=desk.now)
    return {
        "name": guest_name(booking.member),
        "seats": booking.party_size,
        "items": [f"{item.product.name} × {item.quantity}" for item in booking.items.all()],
        "status": booking.status,
        "shown": "late" if late is not None else booking.status,
        "url": reverse("workbench:booking", args=[desk.store.id, booking.id]),
        "redeem_url": reverse("workbench:redeem_one", args=[desk.store.id, booking.id])
        if booking.status == Status.CONFIRMED and desk.may(Action.REDEEM_BOOKING)
        else "",
    }


def _stocks(desk: Desk) -> list[Stock]:
    """What the store sells by the piece; one query."""
    found = Stock.objects.select_related("product", "pool").filter(store=desk.store, product__active=True)
    return list(found.order_by("product__position", "product__name"))


def reason_words() -> list[tuple[StockReason, str]]:
    """Why a stock changes, in words."""
    return [
        (StockReason.DELIVERED, _("Delivered")),
        (StockReason.COUNTED, _("Counted anew")),
        (StockReason.DAMAGED, _("Damaged or lost")),
        (StockReason.RETURNED, _("Returned by a guest")),
        (StockReason.OTHER, _("Something else")),
    ]
