"""Several services for one party, or one service again and again: planned whole before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chains.refusals import Refusal
from tenants.booking.domain.book import Guest
from tenants.booking.domain.groups import MOST_ITEMS, Item, book_group, plan_group
from tenants.booking.domain.plans import Placed
from tenants.booking.domain.series import MOST_TIMES, SeriesWish, Time, book_series, plan_series, times_of
from tenants.booking.models import Booking
from tenants.people.domain.rights import Action, require
from tenants.stores.domain.wall import parse_day, resolve_local
from web.formats import format_moment
from web.planning import plan_rows, read_choices
from web.workbench.access import Desk, at_desk
from web.workbench.choosing import Option
from web.workbench.frame import frame, here
from web.workbench.guests import members_context, read_guest
from web.workbench.party_lines import Line, lines_of, read_lines, titles_of

AT_ONCE, CHAINED, SERIES = "together", "chained", "series"
EVERY = (7, 14, 28)


@dataclass(frozen=True, slots=True)
class Form:
    """What the page asks for so far; `starts_at` None where its date or time cannot be read."""

    mode: str
    on: str
    at: str
    starts_at: datetime | None
    every: int
    times: int
    lines: tuple[Line, ...]

    @property
    def wanted(self) -> tuple[Line, ...]:
        """The lines that name a service; of a series the first alone."""
        named = tuple(line for line in self.lines if line.service_id is not None)
        return named[:1] if self.mode == SERIES else named

    @property
    def mark(self) -> str:
        """Another text for another wish: a plan of the one before is not booked as this one."""
        parts = [self.mode, self.on, self.at, str(self.every), str(self.times)]
        parts += [
            f"{line.service_id} {line.person_id} {line.guest} {line.people} {line.answers}"
            for line in self.wanted
        ]
        return sha256("\n".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of it, part by part, and other starts at which all of a party fits."""

    placed: list[Placed]
    titles: list[str]
    other_starts: list[datetime]


@require_http_methods(["GET", "POST"])
@at_desk
def party(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The form; its plan (`step` `plan`, or `other` for another start); what it books (`step` `book`)."""
    require(desk.actor, Action.CREATE_BOOKING, store_id=desk.store.id)
    data = request.POST if request.method == "POST" else request.GET
    form = _read(desk, data)
    step = data.get("step", "") if request.method == "POST" else ""
    if data.get("other") and form.starts_at is not None:
        step = "plan"
    if step not in ("plan", "book"):
        return _page(request, desk, form, data)
    guest = read_guest(data)
    if guest is None:
        return _page(request, desk, form, data, who_error=_("Type the phone number or the name."), status=422)
    refusal: Refusal | None = None
    if step == "book" and data.get("mark") == form.mark:
        try:
            with transaction.atomic():
                made = _book(desk, form, guest, data)
        except Refusal as refused:
            if refused.status in (403, 404):
                raise
            refusal = refused
        else:
            messages.success(request, _("Booked together") if form.mode != SERIES else _("Repeated"))
            return HttpResponseRedirect(here("booking", desk, made.id))
    try:
        planned = _plan(desk, form, guest)
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        return _page(request, desk, form, data, refusal=refused, status=refused.status)
    status = refusal.status if refusal is not None else 200
    return _page(request, desk, form, data, planned=planned, refusal=refusal, status=status)


def _read(desk: Desk, data: Mapping[str, str]) -> Form:
    on, at = data.get("on", ""), data.get("at", "")
    other = data.get("other", "")
    if other:
        local = datetime.fromisoformat(other).astimezone(desk.zone) if _is_moment(other) else None
        on, at = (local.date().isoformat(), f"{local:%H:%M}") if local is not None else (on, at)
    mode = data.get("mode", "")
    more = 1 if data.get("step") == "add" else 0
    count = min(MOST_ITEMS, _number(data.get("lines", ""), range(1, MOST_ITEMS + 1), 2) + more)
    mode = mode if mode in (AT_ONCE, CHAINED, SERIES) else AT_ONCE
    return Form(
        mode=mode,
        on=on or desk.today.isoformat(),
        at=at,
        starts_at=_moment(on or desk.today.isoformat(), at, desk),
        every=_number(data.get("every", ""), EVERY, 7),
        times=_number(data.get("times", ""), range(2, MOST_TIMES + 1), 4),
        lines=read_lines(data, count),
    )


def _moment(on: str, at: str, desk: Desk) -> datetime | None:
    """A date and a time of the store's clock."""
    hour, _colon, minute = at.partition(":")
    if not (hour.isascii() and hour.isdigit() and minute[:2].isascii() and minute[:2].isdigit()):
        return None
    minutes = int(hour[:2]) * 60 + int(minute[:2])
    try:
        day: date = parse_day(on)
        return resolve_local(day, minutes, desk.zone, gap="refuse") if minutes < 24 * 60 else None
    except Refusal:
        return None


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _number(text: str, allowed: Any, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and int(text[:4]) in allowed else otherwise


def _items(form: Form, desk: Desk) -> list[Item]:
    """The party as the domain reads it: all at the start, or each after the one before it."""
    items = []
    for index, line in enumerate(form.wanted):
        assert line.service_id is not None
        chained = form.mode == CHAINED and index > 0
        items.append(
            Item(
                line.service_id,
                starts_at=None if chained else form.starts_at,
                after=index - 1 if chained else None,
                practitioner_id=line.person_id,
                guest=line.guest,
                party_size=line.people,
                details=line.details(desk),
            )
        )
    return items


def _series(form: Form, desk: Desk) -> tuple[SeriesWish, list[Time]]:
    line = form.wanted[0]
    assert line.service_id is not None and form.starts_at is not None
    wish = SeriesWish(
        line.service_id,
        form.every,
        practitioner_id=line.person_id,
        party_size=line.people,
        details=line.details(desk),
    )
    return wish, times_of(form.starts_at, interval_days=form.every, times=form.times, zone=desk.zone)


def _plan(desk: Desk, form: Form, guest: UUID | Guest) -> Planned | None:
    """Try it out; None where a time or a service is still missing."""
    if form.starts_at is None or not form.wanted:
        return None
    where: dict[str, Any] = {"store_id": desk.store.id, "by": desk.actor, "now": desk.now, "member": guest}
    if form.mode == SERIES:
        wish, times = _series(form, desk)
        return Planned(plan_series(wish, times, **where), [], [])
    found = plan_group(_items(form, desk), **where)
    return Planned(found.placed, titles_of(form.wanted), found.other_starts)


def _book(desk: Desk, form: Form, guest: UUID | Guest, data: Mapping[str, str]) -> Booking:
    """Book what was chosen on the plan, all or none; the first of it by start."""
    where: dict[str, Any] = {"store_id": desk.store.id, "by": desk.actor, "now": desk.now, "member": guest}
    if form.mode == SERIES:
        wish, _times = _series(form, desk)
        chosen = [Time(at, person) for _index, at, person in read_choices(data, form.times)]
        placed = book_series(wish, chosen, **where)[1]
    else:
        items = _items(form, desk)
        picked = [
            replace(items[index], starts_at=at, after=None, practitioner_id=person)
            for index, at, person in read_choices(data, len(items))
        ]
        placed = book_group(picked, **where)[1]
    made = [one.booking for one in placed if one.booking is not None]
    return min(made, key=lambda booking: booking.starts_at)


def _said(moment: datetime, desk: Desk) -> str:
    language = get_language() or "en"
    return format_moment(moment.astimezone(desk.zone), language=language, today=desk.today, relative=False)


def _page(
    request: HttpRequest,
    desk: Desk,
    form: Form,
    data: Mapping[str, str],
    *,
    planned: Planned | None = None,
    refusal: Refusal | None = None,
    who_error: str = "",
    status: int = 200,
) -> HttpResponse:
    modes = [
        (AT_ONCE, _("At the same time")),
        (CHAINED, _("One after the other")),
        (SERIES, _("Again and again")),
    ]
    wrong = [one for one in planned.placed if one.refusal is not None] if planned is not None else []
    rows = (
        plan_rows(planned.placed, zone=desk.zone, today=desk.today, titles=planned.titles) if planned else []
    )
    context = {
        **frame(request, desk, current="new"),
        **members_context(desk, data),
        "form": form,
        "series": form.mode == SERIES,
        "modes": [Option(key, words, key == form.mode) for key, words in modes],
        "lines": lines_of(desk, form.lines[:1] if form.mode == SERIES else form.lines, refusal),
        "count": len(form.lines),
        "may_add": form.mode != SERIES and len(form.lines) < MOST_ITEMS,
        "every_options": list(zip(EVERY, (_("Weekly"), _("2 weeks"), _("4 weeks")), strict=True)),
        "times_options": [(number, str(number)) for number in range(2, MOST_TIMES + 1)],
        "at_error": _("Type a time.")
        if data.get("step") in ("plan", "book") and form.starts_at is None
        else "",
        "rows": rows,
        "wrong": len(wrong),
        "others": [(at.isoformat(), _said(at, desk)) for at in planned.other_starts] if planned else [],
        "refusal": refusal,
        "who_error": who_error,
        "party_url": here("party", desk),
        "members_url": here("new_members", desk),
    }
    return render(request, "workbench/party.html", context, status=status)
