"""The day of a store, its parts as fragments, the panel of a booking, the search box."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from tenants.booking.domain.history import history_cut
from tenants.booking.domain.week import week_around
from tenants.people.domain.rights import Action
from tenants.stores.domain.wall import local_day
from web.formats import format_clock, format_dates, format_day
from web.history import history_note
from web.staff.people import to_sign_in
from web.workbench.access import HOME, Desk, actor_of, at_desk, first_store
from web.workbench.asked import (
    GRIDS,
    Asked,
    asked_uuid,
    asked_view,
    filter_count,
    filter_groups,
    people_items,
    read_asked,
    view_items,
)
from web.workbench.day import Day, Filters, read_attention, read_day
from web.workbench.finding import LONGEST, find_all
from web.workbench.frame import fragment, frame, here, is_fragment, place
from web.workbench.grid import Timeline
from web.workbench.owed import read_owed_attention
from web.workbench.panel import booking_here, read_panel
from web.workbench.placing import drag_words
from web.workbench.policy import allow_live
from web.workbench.session_panel import SessionPanel, read_session_panel
from web.workbench.timeline import draw_timeline, has_rooms, keys_of
from web.workbench.week import draw_week

LEGEND = ("confirmed", "arrived", "completed", "late", "no_show", "held")
ANY_ID = UUID(int=0)
MOST_ATTENTION = 8
MOST_FROM = 8
MOST_BESIDE = 100
SESSION_PANEL = "workbench/_session.html"


def to_store(request: HttpRequest) -> HttpResponse:
    """`/workbench/`: on to the store last worked at."""
    actor = actor_of(request)
    if not actor.is_employee:
        return to_sign_in(request, home=HOME)
    return HttpResponseRedirect(reverse("workbench:day", args=[first_store(request, actor).id]))


@require_GET
@at_desk
def show_day(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The page of a day; `booking` or `session` in the address opens its panel."""
    asked = read_asked(request, desk)
    session = asked_uuid(request.GET.get("session", ""))
    if session is not None:
        return page_of_session(request, desk, asked, read_session_panel(desk, session))
    chosen = asked_uuid(request.GET.get("booking", ""))
    return _page(request, desk, asked, chosen)


@require_GET
@at_desk
def show_fragment(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The whole day without its frame, for a page that reads it again."""
    asked = read_asked(request, desk)
    return fragment(request, "workbench/_day.html", _day_context(request, desk, asked, None))


@require_GET
@at_desk
def show_changed(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """What of a day one changed booking touches: its row, its column, what needs attention, the sums.

    Without a row where the booking is no longer of this day.
    """
    asked = read_asked(request, desk)
    page = read_day(desk, asked.on, filters=asked.filters)
    found = page.row_of(booking)
    keys = {*request.GET.getlist("from")[:MOST_FROM], *(keys_of(found, asked.view) if found else ())}
    row = found if found in page.rows else None
    drawn = draw_timeline(page, desk, view=asked.view) if asked.view in ("people", "rooms") else None
    context = {
        **frame(request, desk),
        "page": page,
        "row": row,
        "columns": [column for column in drawn.columns if column.key in keys] if drawn is not None else [],
        **_attention_context(page, desk),
    }
    return fragment(request, "workbench/_changed.html", context)


@require_GET
@at_desk
def show_booking(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """The panel of a booking: alone for htmx, else beside its own day."""
    if is_fragment(request):
        panel = read_panel(desk, booking)
        return fragment(request, "workbench/_panel.html", {**frame(request, desk), "panel": panel})
    found = booking_here(desk, booking)
    on = found.starts_at.astimezone(desk.zone).date()
    return _page(request, desk, Asked(on, asked_view(request), Filters()), booking)


@require_GET
@at_desk
def show_session(request: HttpRequest, desk: Desk, session: UUID) -> HttpResponseBase:
    """The panel of a session: alone for htmx, else beside its own day."""
    panel = read_session_panel(desk, session)
    if is_fragment(request):
        return fragment(request, SESSION_PANEL, {**frame(request, desk), "panel": panel})
    return page_of_session(request, desk, None, panel)


def page_of_session(
    request: HttpRequest,
    desk: Desk,
    asked: Asked | None,
    panel: SessionPanel,
    *,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    """The day (that of the session where none is asked for) with the session's panel open; `more` is its form's."""
    shown = asked or Asked(panel.starts.date(), asked_view(request), Filters())
    whole = {**more, "panel": panel, "panel_template": SESSION_PANEL}
    return _page(request, desk, shown, panel.session.id, whole, status=status)


@require_GET
@at_desk
def find(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Bookings for the search box: a list while typing, a page on Enter, or the one booking found."""
    query = request.GET.get("q", "").strip()[:LONGEST]
    found = find_all(desk, query, before=request.GET.get("before", "")[:80])
    more = (
        here("find", desk) + "?" + urlencode({"q": query, "before": found.earlier}) if found.earlier else ""
    )
    context = {
        **(place(desk) if is_fragment(request) else frame(request, desk, current="find")),
        "found": found,
        "query": query,
        "earlier_url": more,
        "history": history_note(found.history_from, by=desk.actor, now=desk.now),
    }
    if is_fragment(request):
        return fragment(request, "workbench/_found.html", context)
    if found.only is not None and "before" not in request.GET:
        return HttpResponseRedirect(here("booking", desk, found.only.booking.id))
    return render(request, "workbench/find.html", context)


@require_GET
@at_desk
def show_more(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """What the phone's tabs have no room for."""
    return render(request, "workbench/more.html", frame(request, desk, current="more"))


def _page(
    request: HttpRequest,
    desk: Desk,
    asked: Asked,
    chosen: UUID | None,
    panel: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    if panel is None:
        found = read_panel(desk, chosen) if chosen is not None else None
        panel = {"panel": found, "panel_template": "workbench/_panel.html"}
    context = _day_context(request, desk, asked, chosen)
    context |= {
        **panel,
        "live": {"ticket_url": reverse("workbench:live")},
        "redeem_over": True,
        "fragment_url": here("day_fragment", desk) + asked.query(),
        "changed_url": here("changed", desk, ANY_ID) + asked.query(),
        "read_at": format_clock(desk.now.astimezone(desk.zone)),
    }
    return allow_live(request, render(request, "workbench/day.html", context, status=status))


def _day_context(request: HttpRequest, desk: Desk, asked: Asked, chosen: UUID | None) -> dict[str, Any]:
    page = read_day(desk, asked.on, filters=asked.filters)
    base = here("day", desk)
    people = people_items(page, desk, asked, base)
    day = timedelta(days=7 if asked.view == "week" else 1)
    timeline = _timeline(page, desk, asked, chosen)
    rooms = bool(timeline.rooms) if timeline is not None and asked.view == "rooms" else has_rooms(desk)
    return {
        **frame(request, desk),
        **_attention_context(page, desk),
        "page": page,
        "history": history_note(_history_cut(page, desk, asked), by=desk.actor, now=desk.now),
        "view": asked.view,
        "grid": asked.view in GRIDS,
        "views": view_items(asked, base, rooms=rooms),
        "people": people,
        "shown_name": next(
            (one["name"] for one in people if one["current"]), people[0]["name"] if people else ""
        ),
        "filter_groups": filter_groups(page, asked, base, timeline.services if timeline else None),
        "filter_count": filter_count(asked),
        "unfiltered_url": base + asked.query(service="", status="", channel=""),
        "timeline": timeline,
        **_week_words(timeline),
        "sheet_url": here("sheet", desk) + asked.query(view=""),
        **_listed(page, desk, asked, base),
        "place_url": here("place", desk, ANY_ID) if desk.may(Action.CHANGE_BOOKING) else None,
        "place_words": drag_words(),
        "timeline_label": format_day(
            asked.on, language=get_language() or "en", today=desk.today, relative=False
        ),
        "legend": LEGEND,
        "is_today": asked.on == desk.today,
        "before_url": base + asked.query(on=asked.on - day),
        "after_url": base + asked.query(on=asked.on + day),
        "today_url": base + asked.query(on=""),
        "now_before": _now_before(page, desk),
        "chosen": str(chosen) if chosen else "",
    }


def _week_words(timeline: Timeline | None) -> dict[str, Any]:
    """What a week is called and counts; nothing for a day, which has a name and sums of its own."""
    if timeline is None or not timeline.days:
        return {}
    language = get_language() or "en"
    return {"week_title": format_dates(timeline.days[0], timeline.days[-1], language=language)}


def _history_cut(page: Day, desk: Desk, asked: Asked) -> datetime | None:
    """Where the plan's history begins, if that is within what the page shows, or after it."""
    if asked.view != "week":
        return page.store_day.history_from
    monday = local_day(week_around(asked.on)[0], desk.zone)
    return history_cut(monday.start, by=desk.actor, now=desk.now)


def _listed(page: Day, desk: Desk, asked: Asked, base: str) -> dict[str, Any]:
    """The rows of the list: all where it is what was asked for; beside a grid, which only a phone shows as a
    list, those from the one before now on, MOST_BESIDE of them.
    """
    rows = page.rows
    if asked.view == "list" or len(rows) <= MOST_BESIDE:
        return {"rows": rows, "unlisted": 0}
    coming = next((at for at, row in enumerate(rows) if row.booking.ends_at > desk.now), 0)
    first = min(max(0, coming - 1), len(rows) - MOST_BESIDE)
    shown = rows[first : first + MOST_BESIDE]
    return {
        "rows": shown,
        "unlisted": len(rows) - len(shown),
        "list_url": base + asked.query(view="list"),
    }


def _timeline(page: Day, desk: Desk, asked: Asked, chosen: UUID | None) -> Timeline | None:
    if asked.view == "week":
        return draw_week(page, desk, asked, chosen=chosen)
    if asked.view in GRIDS:
        return draw_timeline(page, desk, view=asked.view, chosen=chosen)
    return None


def _attention_context(page: Day, desk: Desk) -> dict[str, Any]:
    items = read_attention(page, desk) if page.on == desk.today else []
    if page.on == desk.today:
        # whoever waits for money is never behind "and more"
        items[MOST_ATTENTION - 1 : MOST_ATTENTION - 1] = read_owed_attention(desk)
    return {
        "attention": items[:MOST_ATTENTION],
        "rest_count": max(0, len(items) - 1),
        "unshown": max(0, len(items) - MOST_ATTENTION),
    }


def _now_before(page: Day, desk: Desk) -> str:
    """The row before which the now-line stands, `end` after the last; nothing on another day."""
    if not page.store_day.span.holds(desk.now):
        return ""
    return next((row.key for row in page.rows if row.booking.starts_at > desk.now), "end")
