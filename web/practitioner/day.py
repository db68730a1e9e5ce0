"""The practitioner's day on a phone: who is next, what to prepare, done, running late; and the week."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chains.refusals import Refusal
from tenants.booking.domain.change import complete_booking
from tenants.booking.domain.day import late_by
from tenants.booking.domain.late import tell_running_late
from tenants.booking.domain.practitioner_day import OwnDate, OwnDay, OwnVisit, read_own_day
from tenants.booking.models import Status
from tenants.stores.domain.wall import DateMalformed, local_date, parse_day
from web.formats import format_weekday
from web.history import history_note
from web.practitioner.access import at_own, back_to, show_own
from web.workbench.access import Desk

MINUTES = (5, 10, 15, 20, 30, 45, 60)
# Visits a day from which on a chip has two pips, and three.
SOME, MANY = 3, 6


@require_safe
@at_own
def show_day(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Today, or the date in the address; 403 for who cannot be booked."""
    found = read_own_day(by=desk.actor, now=desk.now, day=_asked_day(request))
    today = local_date(desk.now, found.zone)
    context = {
        "own": found,
        "zone": found.zone,
        "is_today": found.day == today,
        "history": history_note(found.history_from, by=desk.actor, now=desk.now),
        "week": [_chip(one, found, today) for one in week_of(found)],
        "next_card": card_of(found.next, desk) if found.next else None,
        "rest": [card_of(one, desk) for one in found.visits if one != found.next],
        "minutes": late_choices(found.next.late if found.next else 0),
        "before": {"on": found.day - timedelta(days=1)},
        "after": {"on": found.day + timedelta(days=1)},
    }
    return show_own(request, desk, "practitioner/day.html", context)


@require_POST
@at_own
def complete(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """The visit is over."""
    try:
        with transaction.atomic():
            complete_booking(booking, by=desk.actor, now=desk.now)
    except Refusal as refusal:
        return _refused(request, refusal)
    messages.success(request, _("Completed"))
    return back_to("day")


@require_POST
@at_own
def late(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """Say how late one is; the members that it reaches are told."""
    text = request.POST.get("minutes", "")
    minutes = int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else -1
    if minutes not in (0, *MINUTES):
        messages.error(request, _("Choose how many minutes."))
        return back_to("day")
    try:
        with transaction.atomic():
            changed = tell_running_late(booking, minutes=minutes, by=desk.actor, now=desk.now)
    except Refusal as refusal:
        return _refused(request, refusal)
    told = ngettext("%(count)s member is told", "%(count)s members are told", len(changed))
    words = told % {"count": len(changed)} if changed else _("Nobody needs to be told")
    messages.success(request, words)
    return back_to("day")


def late_choices(now_late: int) -> list[tuple[int, str]]:
    """What can be said: so many minutes, or on time again for who has said so before."""
    choices = [(minutes, _("%(minutes)s minutes late") % {"minutes": minutes}) for minutes in MINUTES]
    return [(0, _("On time again")), *choices] if now_late else choices


def card_of(one: OwnVisit, desk: Desk) -> dict[str, Any]:
    """A visit as the page shows it."""
    booking = one.booking
    return {
        "visit": one,
        "booking": booking,
        "name": booking.member.name if booking.member and booking.member.name else _("Guest"),
        "member_note": booking.member.note if booking.member else "",
        "status": booking.status if late_by(booking, now=desk.now) is None else "late",
        "minutes": int((booking.ends_at - booking.starts_at).total_seconds()) // 60,
        "needs_preparing": one.prepare_at < booking.starts_at and booking.status == Status.CONFIRMED,
        "can_complete": booking.status == Status.ARRIVED,
        "can_be_late": booking.status in (Status.ARRIVED, Status.CONFIRMED) and booking.ends_at > desk.now,
        "url": reverse("workbench:booking", args=[booking.store_id, booking.id]),
    }


def week_of(found: OwnDay) -> tuple[OwnDate, ...]:
    """The seven dates that the page shows, from its day on."""
    return found.week


def _chip(one: OwnDate, found: OwnDay, today: date) -> dict[str, Any]:
    words = pgettext("a day without a shift", "Off")
    if one.away:
        words = pgettext("a day of leave", "Away")
    elif one.visits:
        words = ngettext("%(count)s visit", "%(count)s visits", one.visits) % {"count": one.visits}
    elif one.shifts:
        words = pgettext("how free a day is", "Free")
    weekday = _("Today") if one.day == today else format_weekday(one.day, language=get_language() or "en")
    return {
        "value": one.day.isoformat(),
        "url": reverse("mine:day", query={"on": one.day}),
        "weekday": weekday,
        "date": one.day.day,
        "pips": (one.visits > 0) + (one.visits >= SOME) + (one.visits >= MANY),
        "word": words,
        "none": not one.visits,
        "checked": one.day == found.day,
    }


def _asked_day(request: HttpRequest) -> date | None:
    text = request.GET.get("on", "")
    try:
        return parse_day(text) if text else None
    except DateMalformed:
        return None


def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponseBase:
    """Back to the day with the sentence; what is not theirs is not found."""
    if refusal.status in (403, 404):
        raise refusal
    messages.error(request, f"{refusal.sentence()} {refusal.way_out()}")
    return back_to("day")
