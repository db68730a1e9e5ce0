"""What the address asks of a day: which, how drawn, what of it; and the menus that change that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tenants.booking.models import Channel, Status
from web.templatetags.formats import status_looks
from web.workbench.access import Desk, asked_day
from web.workbench.day import Day, Filters

VIEW = "workbench_view"
VIEWS = ("people", "rooms", "week", "list")
GRIDS = ("people", "rooms", "week")
STATUSES = ("confirmed", "arrived", "completed", "late", "no_show", "held")
assert set(STATUSES) - {"late"} <= set(Status.values)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which day, how drawn, what of it is shown."""

    on: date
    view: str
    filters: Filters

    def query(self, **other: object) -> str:
        """The address's query that asks for this, with what differs."""
        shown = self.filters
        fields = {
            "on": self.on.isoformat(),
            "view": self.view,
            "who": shown.who,
            "service": shown.service,
            "status": shown.status,
            "channel": shown.channel,
            **other,
        }
        return "?" + urlencode({name: str(value) for name, value in fields.items() if value})


def read_asked(request: HttpRequest, desk: Desk) -> Asked:
    """From the address; what is malformed is not asked for."""
    given = request.GET
    status, channel = given.get("status", ""), given.get("channel", "")
    return Asked(
        asked_day(request, desk),
        asked_view(request),
        Filters(
            who=asked_uuid(given.get("who", "")),
            service=asked_uuid(given.get("service", "")),
            status=status if status in STATUSES else "",
            channel=channel if channel in Channel.values else "",
        ),
    )


def asked_view(request: HttpRequest) -> str:
    """How the day is drawn, as chosen last in this session."""
    view = request.GET.get("view", "")
    kept: str = request.session.get(VIEW, VIEWS[0])
    if view in VIEWS:
        if kept != view:
            request.session[VIEW] = view
        return view
    return kept if kept in VIEWS else VIEWS[0]


def asked_uuid(text: str) -> UUID | None:
    """The id a text names; None for none or a malformed one."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def view_items(asked: Asked, base: str, *, rooms: bool) -> list[dict[str, Any]]:
    """The ways to draw the day; by room only where there are rooms."""
    words = {
        "people": pgettext("view of the day", "People"),
        "rooms": pgettext("view of the day", "Rooms"),
        "week": pgettext("view of the day", "Week"),
        "list": pgettext("view of the day", "List"),
    }
    return [
        {"label": words[view], "url": base + asked.query(view=view), "current": asked.view == view}
        for view in VIEWS
        if view != "rooms" or rooms or asked.view == "rooms"
    ]


def people_items(page: Day, desk: Desk, asked: Asked, base: str) -> list[dict[str, Any]]:
    """Everyone (but in the week, which is one person's), then each on shift or booked; the one who looks first."""
    names = {person.id: person.name for person in page.people.values()}
    order = sorted(names, key=lambda key: (key != desk.actor.employee_id, names[key]))
    shown = asked.filters.who
    everyone = {"name": _("Everyone"), "url": base + asked.query(who=""), "current": shown is None}
    each = [
        {"name": names[key], "url": base + asked.query(who=key), "current": shown == key} for key in order
    ]
    return each if asked.view == "week" else [everyone, *each]


def filter_groups(
    page: Day, asked: Asked, base: str, more: Mapping[UUID, str] | None = None
) -> list[dict[str, Any]]:
    """The filters besides the person: services of the day (and `more`), statuses, channels; each a list of links."""
    services = {row.booking.service_id: row.booking.service.name for row in page.every}
    services |= {one.service_id: one.service.name for one in page.store_day.sessions}
    services |= more or {}
    channels = {
        Channel.ONLINE: _("Online"),
        Channel.STAFF: _("At the desk or by phone"),
        Channel.WALK_IN: _("Walk-in"),
        Channel.API: _("Another program"),
    }
    shown = asked.filters
    groups: list[tuple[str, str, object, list[tuple[object, str]]]] = [
        ("service", _("Service"), shown.service, [*sorted(services.items(), key=lambda pair: pair[1])]),
        ("status", _("Status"), shown.status, [(key, str(status_looks[key].word)) for key in STATUSES]),
        ("channel", _("Came by"), shown.channel, [(key.value, words) for key, words in channels.items()]),
    ]
    return [
        {"name": name, "items": _items(asked, base, field, chosen, options)}
        for field, name, chosen, options in groups
        if options
    ]


def _items(
    asked: Asked, base: str, field: str, chosen: object, options: Iterable[tuple[object, str]]
) -> list[dict[str, Any]]:
    """One tap filters, another on the same takes the filter away again."""
    return [
        {
            "name": words,
            "url": base + asked.query(**{field: "" if chosen == key else key}),
            "current": chosen == key,
        }
        for key, words in options
    ]


def filter_count(asked: Asked) -> int:
    """How many filters besides the person are set."""
    shown = asked.filters
    return sum(value not in (None, "") for value in (shown.service, shown.status, shown.channel))
