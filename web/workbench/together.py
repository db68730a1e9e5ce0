"""Parties and series at the desk: what a booking belongs to, and making one from it. Planned before it is booked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chains.refusals import Refusal
from tenants.booking.domain.groups import Item, book_group, party_of, plan_group
from tenants.booking.domain.plans import Placed
from tenants.booking.domain.series import (
    SeriesWish,
    Time,
    book_series,
    place_in_series,
    plan_series,
    times_of,
)
from tenants.booking.models import Booking, Status
from tenants.extension.hooks import Panel, PanelAsked
from tenants.people.domain.rights import Action, NotSeen, require
from web.planning import plan_rows, read_choices
from web.workbench.access import Desk, at_desk
from web.workbench.acts import answer_done, over
from web.workbench.frame import here
from web.workbench.panel import booking_here

EVERY = (7, 14, 28)
MOST_TIMES = 26
NAME_LENGTH = 120
_OF_TOGETHER = ("id", "group_id", "series_id", "session_id", "pickup_window_id")


def show_together(asked: PanelAsked) -> Sequence[Panel]:
    """What the booking belongs to, and the way to more of it."""
    booking = Booking.objects.filter(id=asked.booking_id).only(*_OF_TOGETHER).first()
    if booking is None or asked.member_id is None:
        return ()
    place = place_in_series(booking)
    context = {
        "party": party_of(booking),
        "place": place,
        "may_change": asked.may_change and asked.status in (Status.HELD, Status.CONFIRMED),
        "may_more": asked.may_change
        and asked.status == Status.CONFIRMED
        and booking.session_id is None
        and booking.pickup_window_id is None,
    }
    return [Panel("workbench/_together.html", context)]


@require_http_methods(["GET", "POST"])
@at_desk
def repeat(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """The booking again, with the same person: how often, then the plan, then the series."""
    found = _open_booking(desk, booking)
    asked = request.POST if request.method == "POST" else request.GET
    every = _number(asked.get("every", ""), EVERY, 7)
    count = _number(asked.get("times", ""), range(2, MOST_TIMES + 1), 4)
    wish = SeriesWish(
        found.service_id,
        every,
        practitioner_id=found.practitioner_id,
        party_size=found.party_size,
        note=found.note,
        details=found.details,
        first=found.id,
    )
    where: dict[str, Any] = {"store_id": desk.store.id, "by": desk.actor, "now": desk.now}
    refusal: Refusal | None = None
    if request.method == "POST":
        chosen = [Time(at, person) for _index, at, person in read_choices(request.POST, count - 1)]
        try:
            with transaction.atomic():
                book_series(wish, chosen, **where)
        except Refusal as refused:
            refusal = refused
        else:
            return answer_done(request, desk, booking, _("Repeated"))
    placed: list[Placed] = []
    try:
        times = times_of(found.starts_at, interval_days=every, times=count, zone=desk.zone)
        placed = plan_series(wish, times[1:], **where)
    except Refusal as refused:
        refusal = refused
    context = {
        "every_options": [(days, words) for days, words in zip(EVERY, _every_words(), strict=True)],
        "every": every,
        "times": count,
        "times_options": [(number, str(number)) for number in range(2, MOST_TIMES + 1)],
        "rows": plan_rows(placed, zone=desk.zone, today=desk.today),
        "act_url": here("repeat", desk, booking),
        "refusal": refusal,
    }
    status = refusal.status if refusal is not None else 200
    return over(request, desk, _("Repeat"), "workbench/_repeat.html", context, status=status)


@require_http_methods(["GET", "POST"])
@at_desk
def bring(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """Somebody comes along at the same time for the same service: whether it is free, then the party."""
    found = _open_booking(desk, booking)
    asked = request.POST if request.method == "POST" else request.GET
    name = asked.get("guest", "").strip()[:NAME_LENGTH]
    where: dict[str, Any] = {
        "store_id": desk.store.id,
        "by": desk.actor,
        "now": desk.now,
        "member": found.member_id,
    }
    refusal: Refusal | None = None
    choices = read_choices(request.POST, 1) if request.method == "POST" else []
    if choices and name:
        items = [
            Item(found.service_id, at, practitioner_id=person, guest=name, details=found.details)
            for _index, at, person in choices
        ]
        try:
            with transaction.atomic():
                book_group(items, with_booking=found.id, **where)
        except Refusal as refused:
            refusal = refused
        else:
            return answer_done(request, desk, booking, _("Booked together"))
    placed: list[Placed] = []
    if name:
        item = Item(found.service_id, found.starts_at, guest=name, details=found.details)
        try:
            placed = plan_group([item], **where).placed
        except Refusal as refused:
            refusal = refused
    context = {
        "guest": name,
        "rows": plan_rows(placed, zone=desk.zone, today=desk.today, titles=[name]),
        "act_url": here("bring", desk, booking),
        "refusal": refusal,
    }
    status = refusal.status if refusal is not None else 200
    return over(request, desk, _("Bring someone"), "workbench/_bring.html", context, status=status)


def _open_booking(desk: Desk, booking_id: UUID) -> Booking:
    """A booking of this store that more can be made of. Raises NotSeen, Forbidden."""
    found = booking_here(desk, booking_id)
    require(desk.actor, Action.CHANGE_BOOKING, store_id=desk.store.id)
    if found.member_id is None:
        raise NotSeen
    return found


def _every_words() -> tuple[str, str, str]:
    return _("Weekly"), _("2 weeks"), _("4 weeks")


def _number(text: str, allowed: Any, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and int(text[:4]) in allowed else otherwise
