"""The day of a store, its parts as fragments, the panel of a booking, the search box."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from web.formats import format_clock, format_day
from web.staff.people import to_sign_in
from web.workbench.access import HOME, Desk, actor_of, asked_day, at_desk, first_store
from web.workbench.day import Day, read_attention, read_day
from web.workbench.finding import LONGEST, find_all
from web.workbench.frame import fragment, frame, here, is_fragment
from web.workbench.panel import booking_here, read_panel
from web.workbench.policy import allow_live
from web.workbench.timeline import draw_timeline

VIEW = "workbench_view"
VIEWS = ("people", "list")
LEGEND = ("confirmed", "arrived", "completed", "late", "no_show", "held")
ANY_ID = UUID(int=0)
MOST_ATTENTION = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """Which day, whose, how drawn."""

    on: date
    who: UUID | None
    view: str

    def query(self, **other: object) -> str:
        """The address's query that asks for this, with what differs."""
        fields = {"on": self.on.isoformat(), "who": self.who or "", "view": self.view, **other}
        return "?" + urlencode({name: str(value) for name, value in fields.items() if value})


def to_store(request: HttpRequest) -> HttpResponse:
    """`/workbench/`: on to the store last worked at."""
    actor = actor_of(request)
    if not actor.is_employee:
        return to_sign_in(request, home=HOME)
    return HttpResponseRedirect(reverse("workbench:day", args=[first_store(request, actor).id]))


@require_GET
@at_desk
def show_day(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The page of a day; `booking` in the address opens its panel."""
    asked = _asked(request, desk)
    chosen = _uuid(request.GET.get("booking", ""))
    return _page(request, desk, asked, chosen)


@require_GET
@at_desk
def show_fragment(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The whole day without its frame, for a page that reads it again."""
    asked = _asked(request, desk)
    return fragment(request, "workbench/_day.html", _day_context(request, desk, asked, None))


@require_GET
@at_desk
def show_changed(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """What of a day one changed booking touches: its row, its column, what needs attention, the sums.

    Without a row where the booking is no longer of this day.
    """
    asked = _asked(request, desk)
    page = read_day(desk, asked.on, who=asked.who)
    row = page.row_of(booking)
    if row is not None and row not in page.rows:
        row = None
    timeline = draw_timeline(page, desk)
    key = str(row.booking.practitioner_id or "nobody") if row is not None else ""
    context = {
        **frame(request, desk),
        "page": page,
        "row": row,
        "columns": [column for column in timeline.columns if column.key == key]
        if asked.view == "people"
        else [],
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
    return _page(request, desk, Asked(on, None, _view(request)), booking)


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
        **frame(request, desk, current="find"),
        "found": found,
        "query": query,
        "earlier_url": more,
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


def _page(request: HttpRequest, desk: Desk, asked: Asked, chosen: UUID | None) -> HttpResponse:
    panel = read_panel(desk, chosen) if chosen is not None else None
    context = _day_context(request, desk, asked, chosen)
    context |= {
        "panel": panel,
        "live": {"ticket_url": reverse("workbench:live")},
        "redeem_over": True,
        "fragment_url": here("day_fragment", desk) + asked.query(),
        "changed_url": here("changed", desk, ANY_ID) + asked.query(),
        "read_at": format_clock(desk.now.astimezone(desk.zone)),
    }
    return allow_live(request, render(request, "workbench/day.html", context))


def _day_context(request: HttpRequest, desk: Desk, asked: Asked, chosen: UUID | None) -> dict[str, Any]:
    page = read_day(desk, asked.on, who=asked.who)
    base = here("day", desk)
    day = timedelta(days=1)
    return {
        **frame(request, desk),
        **_attention_context(page, desk),
        "page": page,
        "view": asked.view,
        "views": [
            {
                "label": _("People"),
                "url": base + asked.query(view="people"),
                "current": asked.view == "people",
            },
            {"label": _("List"), "url": base + asked.query(view="list"), "current": asked.view == "list"},
        ],
        "people": _people(page, desk, asked, base),
        "timeline": draw_timeline(page, desk, chosen=chosen) if asked.view == "people" else None,
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


def _attention_context(page: Day, desk: Desk) -> dict[str, Any]:
    items = read_attention(page, desk) if page.on == desk.today else []
    return {
        "attention": items[:MOST_ATTENTION],
        "rest_count": max(0, len(items) - 1),
        "unshown": max(0, len(items) - MOST_ATTENTION),
    }


def _people(page: Day, desk: Desk, asked: Asked, base: str) -> list[dict[str, Any]]:
    """Everyone, then each on shift or booked; the one who looks first."""
    names = {person.id: person.name for person in page.people.values()}
    order = sorted(names, key=lambda key: (key != desk.actor.employee_id, names[key]))
    everyone = {"name": _("Everyone"), "url": base + asked.query(who=""), "current": asked.who is None}
    return [
        everyone,
        *(
            {"name": names[key], "url": base + asked.query(who=key), "current": asked.who == key}
            for key in order
        ),
    ]


def _now_before(page: Day, desk: Desk) -> str:
    """The row before which the now-line stands, `end` after the last; nothing on another day."""
    if not page.store_day.span.holds(desk.now):
        return ""
    return next((row.key for row in page.rows if row.booking.starts_at > desk.now), "end")


def _asked(request: HttpRequest, desk: Desk) -> Asked:
    return Asked(asked_day(request, desk), _uuid(request.GET.get("who", "")), _view(request))


def _view(request: HttpRequest) -> str:
    """People or list, as chosen last in this session."""
    view = request.GET.get("view", "")
    if view in VIEWS:
        if request.session.get(VIEW, VIEWS[0]) != view:
            request.session[VIEW] = view
        return view
    kept = request.session.get(VIEW, VIEWS[0])
    return kept if kept in VIEWS else VIEWS[0]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
