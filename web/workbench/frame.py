"""What surrounds every page of the workbench: rail, tabs, store switch, where the actions lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from chains.domain.entitlements import ChainReadOnly
from chains.models import ChainState
from chains.ports import unpaid_cause
from tenants.people.domain.rights import Action, may_anywhere
from tenants.people.models import Role
from web.workbench.access import Desk

MINE = "/workbench/mine/"
SIGN_OUT = "/staff/logout/"
MANAGE = "/manage/"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the rail or of the tabs."""

    label: str
    icon: str
    url: str
    current: bool = False
    rest: bool = False


def here(name: str, desk: Desk, *more: object) -> str:
    """The address of a workbench page of the desk's store."""
    return reverse(f"workbench:{name}", args=[desk.store.id, *more])


def place(desk: Desk) -> dict[str, Any]:
    """What a part of a page needs to know of where it stands; `frame` is for a whole one."""
    return {
        "desk": desk,
        "zone": desk.zone,
        "now": desk.now,
        "new_url": here("new", desk) if desk.may(Action.CREATE_BOOKING) else "",
    }


def frame(request: HttpRequest, desk: Desk, *, current: str = "day") -> dict[str, Any]:
    """The context of workbench/base.html; `current` names the entry one stands at."""
    chain = getattr(request, "chain", None)
    day_url = here("day", desk)
    redeem_url = here("redeem", desk) if desk.may(Action.REDEEM_BOOKING) else ""
    around = place(desk)
    new_url = around["new_url"]
    find_url = here("find", desk)
    return {
        **around,
        "read_only": ChainReadOnly(cause=unpaid_cause())
        if chain and chain.state == ChainState.READ_ONLY
        else None,
        "chain_name": chain.name if chain else "",
        "store_name": desk.store.name,
        "stores": [
            {
                "name": one.name,
                "url": reverse("workbench:day", args=[one.id]),
                "current": one.id == desk.store.id,
            }
            for one in desk.stores
        ],
        "employee_name": desk.actor.name,
        "sign_out_url": SIGN_OUT,
        "day_url": day_url,
        "find_url": find_url,
        "search_url": find_url,
        "redeem_url": redeem_url,
        "waiting_url": here("waiting", desk),
        "owed_url": here("owed", desk) if desk.may(Action.TAKE_PAYMENT) else "",
        "new_label": _("New booking") if new_url else "",
        "may_redeem": bool(redeem_url),
        "may_change": desk.may(Action.CHANGE_BOOKING),
        "manage_url": MANAGE if may_anywhere(desk.actor, Action.MANAGE_STORE) else "",
        "rail": _rail(desk, day_url, redeem_url, current),
        "tabs": _tabs(desk, day_url, find_url, new_url, here("more", desk), current),
    }


def _rail(desk: Desk, day_url: str, redeem_url: str, current: str) -> list[Entry]:
    entries = [Entry(pgettext("rail", "Day"), "calendar-days", day_url, current in ("day", "new", "find"))]
    if redeem_url:
        entries.append(Entry(_("Redeem"), "scan-line", redeem_url, current == "redeem"))
    entries.append(
        Entry(pgettext("rail", "Sessions"), "users", here("scheduled", desk), current == "scheduled")
    )
    waiting_url = here("waiting", desk)
    entries.append(Entry(_("Waiting list"), "hourglass", waiting_url, current == "waiting"))
    if serves(desk):
        entries.append(Entry(_("My day"), "circle-user", MINE, current == "mine"))
    if may_anywhere(desk.actor, Action.MANAGE_STORE):
        entries.append(Entry(_("Settings"), "settings", MANAGE, rest=True))
    return entries


def _tabs(desk: Desk, day_url: str, find_url: str, new_url: str, more_url: str, current: str) -> list[Entry]:
    entries = [
        Entry(
            pgettext("rail", "Day") if serves(desk) else _("Today"),
            "calendar-days",
            day_url,
            current == "day",
        )
    ]
    entries.append(Entry(_("Find"), "search", find_url, current == "find"))
    if serves(desk):
        entries.append(Entry(_("My day"), "circle-user", MINE, current == "mine"))
    if new_url and not serves(desk):
        entries.append(Entry(_("New"), "calendar-plus", new_url, current == "new"))
    entries.append(Entry(_("More"), "ellipsis", more_url, current == "more"))
    return entries


def serves(desk: Desk) -> bool:
    """Whether the person has the role of who can be booked, and so a day of their own."""
    return any(grant.role == Role.PRACTITIONER for grant in desk.actor.grants)


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asked for a part of a page rather than the browser for all of it."""
    return bool(request.headers.get("HX-Request"))


def fragment(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200, **headers: str
) -> HttpResponse:
    """A part of a page. It says that it is one, so that a refusal's words are shown whatever its status."""
    answer = render(request, template, context, status=status)
    answer["X-Fragment"] = "yes"
    answer["Cache-Control"] = "no-store"
    for name, value in headers.items():
        answer[name.replace("_", "-")] = value
    return answer
