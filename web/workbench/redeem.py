"""Redeeming: by scan, code, phone, or a row; what came of it; taking over a guest of another store."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chains.refusals import Refusal
from tenants.booking.domain.front_desk import take_over_booking
from tenants.booking.domain.redeem import redeem_booking
from tenants.people.domain.rights import Action, require
from tenants.stores.domain.phones import PhoneInvalid
from tenants.stores.domain.wall import parse_moment
from web.staff.people import to_sign_in
from web.workbench.access import HOME, Desk, actor_of, at_desk, first_store
from web.workbench.acts import answer_done, over, refuse
from web.workbench.frame import fragment, frame, here, is_fragment
from web.workbench.panel import booking_here, read_panel
from web.workbench.policy import allow_scan
from web.workbench.redeeming import Shown, booking_shown, redeem_shown

WAYS = ("scan", "code", "phone")


def to_store(request: HttpRequest) -> HttpResponse:
    """`/workbench/redeem/`: on to the store last worked at."""
    actor = actor_of(request)
    if not actor.is_employee:
        return to_sign_in(request, home=HOME)
    return HttpResponseRedirect(reverse("workbench:redeem", args=[first_store(request, actor).id]))


@require_http_methods(["GET", "POST"])
@at_desk
def redeem(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The page (or the dialog) that takes a code, a scan or a phone number, and redeems it."""
    require(desk.actor, Action.REDEEM_BOOKING, store_id=desk.store.id)
    if request.method == "GET":
        return _ask(request, desk)
    shown = _shown(request)
    if not shown.text:
        return _ask(request, desk, error=_("Type the code or scan it."), status=422)
    try:
        with transaction.atomic():
            redeemed = redeem_shown(desk, shown)
    except PhoneInvalid as refusal:
        return _ask(
            request, desk, typed=shown.text, error=f"{refusal.sentence()} {refusal.way_out()}", status=422
        )
    except Refusal as refusal:
        return refuse(request, desk, refusal, booking_shown(shown))
    return _done(request, desk, redeemed.booking.id)


@require_POST
@at_desk
def redeem_one(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """Redeem a booking picked from a list."""
    found = booking_here(desk, booking)
    try:
        with transaction.atomic():
            redeem_booking(desk.store.id, booking_id=booking, by=desk.actor, now=desk.now)
    except Refusal as refusal:
        return refuse(request, desk, refusal, found)
    return _done(request, desk, booking)


@require_GET
@at_desk
def show_done(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """What a redemption came to: who, where to go, what to know."""
    return over(request, desk, _("Redeem"), "workbench/_done.html", {"panel": read_panel(desk, booking)})


@require_POST
@at_desk
def take_over(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Move a booking of another store here: its guest has shown the code at this desk."""
    code = request.POST.get("code", "")
    try:
        with transaction.atomic():
            moved = take_over_booking(
                code,
                store_id=desk.store.id,
                starts_at=parse_moment(request.POST.get("starts_at", "")),
                by=desk.actor,
                now=desk.now,
            )
    except Refusal as refusal:
        return refuse(request, desk, refusal, booking_shown(Shown("code", code)))
    return answer_done(request, desk, moved.id, _("Moved to this store"))


def _shown(request: HttpRequest) -> Shown:
    means = request.POST.get("means", "code")
    text = request.POST.get("phone" if means == "phone" else "code", "").strip()[:200]
    return Shown(means if means in ("code", "qr", "phone") else "code", text)


def _done(request: HttpRequest, desk: Desk, booking_id: UUID) -> HttpResponse:
    if not is_fragment(request):
        return HttpResponseRedirect(here("done", desk, booking_id))
    context = {"panel": read_panel(desk, booking_id)}
    answer = over(request, desk, _("Redeem"), "workbench/_done.html", context)
    answer["HX-Trigger"] = json.dumps({"day:changed": {"id": str(booking_id)}})
    return answer


def _ask(
    request: HttpRequest, desk: Desk, *, typed: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    asked = request.GET.get("by", "")
    is_over = is_fragment(request)
    by = asked if asked in WAYS else "code" if is_over else "scan"
    context: dict[str, Any] = {
        **frame(request, desk, current="redeem"),
        "by": by,
        "ways": _ways(desk, by),
        "typed": typed,
        "field_error": error,
    }
    if is_over:
        dialog = {**context, "over": True, "over_title": _("Redeem"), "part": "workbench/_redeem.html"}
        # the camera's reader may run on the scan page alone, so the way there is a page
        if by == "scan":
            return _to(here("redeem", desk) + "?by=scan")
        return fragment(request, "workbench/_over.html", dialog, status=status)
    return allow_scan_on(by, render(request, "workbench/redeem.html", context, status=status))


def allow_scan_on(by: str, response: HttpResponse) -> HttpResponse:
    """The scan page alone may compile the reader."""
    return allow_scan(response) if by == "scan" else response


def _to(url: str) -> HttpResponse:
    answer = HttpResponse(status=204)
    answer["HX-Redirect"] = url
    return answer


def _ways(desk: Desk, by: str) -> list[dict[str, Any]]:
    words = {
        "scan": (_("Scan"), "scan-line"),
        "code": (_("Booking code"), "ticket"),
        "phone": (_("Phone"), "phone"),
    }
    base = here("redeem", desk)
    return [
        {"label": words[way][0], "icon": words[way][1], "url": f"{base}?by={way}", "current": way == by}
        for way in WAYS
    ]
