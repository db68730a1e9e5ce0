"""This booking of a series, or this and all that follow: asked where one is moved or cancelled at the desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chains.refusals import Refusal
from tenants.booking.domain.series import Time
from tenants.booking.domain.series_changes import (
    cancel_following,
    following_of,
    move_series,
    moves_after,
    plan_moves,
)
from tenants.booking.models import Booking
from tenants.people.domain.rights import Action, require
from tenants.stores.domain.wall import parse_moment
from web.formats import format_list, format_moment
from web.planning import plan_rows, read_choices
from web.workbench.access import Desk, at_desk
from web.workbench.acts import answer_done, over
from web.workbench.asked import asked_uuid
from web.workbench.choosing import Option
from web.workbench.day import guest_name
from web.workbench.frame import here
from web.workbench.panel import booking_here

ONE, FOLLOWING = "one", "following"


def followers_of(booking: Booking, desk: Desk) -> list[Booking]:
    """The bookings of its series after it that can still be changed; none for a booking of no series."""
    if booking.series_id is None:
        return []
    return [one for one in following_of(booking.id, by=desk.actor) if one.id != booking.id]


def scope_context(booking: Booking, desk: Desk, data: Mapping[str, str]) -> dict[str, Any]:
    """The question of the dialogs, with the dates that follow; nothing to ask where none does."""
    later = followers_of(booking, desk)
    if not later:
        return {}
    asked = data.get("scope", ONE)
    language = get_language() or "en"
    dates = [
        format_moment(
            one.starts_at.astimezone(desk.zone), language=language, today=desk.today, relative=False
        )
        for one in later
    ]
    words = _("This and the %(count)s after it")
    return {
        "scopes": [
            Option(ONE, _("Only this one"), asked != FOLLOWING),
            Option(
                FOLLOWING,
                words % {"count": len(later)},
                asked == FOLLOWING,
                hint=format_list(dates, language=language),
            ),
        ]
    }


@require_http_methods(["GET", "POST"])
@at_desk
def following(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """Where this and those after it go when this one moves to `starts_at` (by `practitioner`): the plan, then the move."""
    found = booking_here(desk, booking)
    require(desk.actor, Action.CHANGE_BOOKING, store_id=desk.store.id)
    return plan_following(request, desk, found)


def plan_following(request: HttpRequest, desk: Desk, booking: Booking) -> HttpResponse:
    """The plan of the moves; by POST with what was chosen on it (`count`) they are made, all or none."""
    data = request.POST if request.method == "POST" else request.GET
    refusal: Refusal | None = None
    if request.method == "POST" and data.get("count"):
        try:
            with transaction.atomic():
                move_series(_chosen(data), by=desk.actor, now=desk.now, series_id=booking.series_id)
        except Refusal as refused:
            if refused.status in (403, 404):
                raise
            refusal = refused
        else:
            return answer_done(request, desk, booking.id, _("This and following moved"))
    person = asked_uuid(data.get("practitioner", ""))
    rows: list[tuple[Any, UUID]] = []
    try:
        starts_at = parse_moment(data.get("starts_at", ""), zone=desk.zone)
        moves = moves_after(booking.id, starts_at=starts_at, by=desk.actor, practitioner_id=person)
        planned = plan_moves(moves, by=desk.actor, now=desk.now)
        shown = plan_rows(planned, zone=desk.zone, today=desk.today)
        rows = [(row, one.booking_id) for row, one in zip(shown, planned, strict=True)]
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        refusal = refusal or refused
    context = {
        "refusal": refusal,
        "name": guest_name(booking.member),
        "booking": booking,
        "rows": [row for row, _key in rows],
        "keys": [str(key) for _row, key in rows],
        "wrong": any(row.words for row, _key in rows),
        "starts_at": data.get("starts_at", ""),
        "practitioner": data.get("practitioner", ""),
        "act_url": here("following", desk, booking.id),
    }
    status = refusal.status if refusal is not None else 200
    return over(
        request, desk, _("Move this and following"), "workbench/_following.html", context, status=status
    )


def cancel_these(booking_id: UUID, desk: Desk, *, reason: str) -> None:
    """Cancel it and those of its series after it, all or none. Raises NoSeries, NoticeGone."""
    cancel_following(booking_id, by=desk.actor, now=desk.now, reason=reason)


def _chosen(data: Mapping[str, str]) -> list[tuple[UUID, Time]]:
    """What was chosen on the plan: what is left out stays where it is."""
    text = data.get("count", "")
    count = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    found = []
    for index, at, person in read_choices(data, count):
        key = asked_uuid(data.get(f"booking_{index}", ""))
        if key is not None:
            found.append((key, Time(at, person)))
    return found
