"""What is done to one booking from its panel: confirm, complete, no-show, cancel, undo, show the phone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from chains.refusals import Refusal, Text
from tenants.booking.domain.change import cancel_booking, complete_booking, confirm_booking, mark_no_show
from tenants.booking.domain.desk_payments import note_given_back, take_deposit, waive_deposit
from tenants.booking.domain.penalties import waive_penalty
from tenants.booking.domain.redeem import undo_redemption
from tenants.booking.models import Booking, Penalty
from tenants.members.domain.members import reveal_phone
from tenants.people.domain.rights import Action, NotSeen, require
from web.workbench.access import Desk, at_desk
from web.workbench.asked import asked_uuid
from web.workbench.choosing import Option
from web.workbench.frame import fragment, frame, here, is_fragment
from web.workbench.panel import booking_here, read_panel
from web.workbench.redeeming import explain_refusal, is_of_redemption

Act = Callable[[Desk, UUID, int | None], Booking]


def _undo(desk: Desk, booking_id: UUID, version: int | None) -> Booking:
    return undo_redemption(booking_id, by=desk.actor, now=desk.now)


def _give_back(desk: Desk, booking_id: UUID, version: int | None) -> Booking:
    return note_given_back(booking_id, by=desk.actor, now=desk.now)[0].payment.booking


ACTS: dict[str, tuple[Act, Text]] = {
    "confirm": (
        lambda desk, key, version: confirm_booking(key, by=desk.actor, now=desk.now, version=version),
        gettext_lazy("Confirmed"),
    ),
    "complete": (
        lambda desk, key, version: complete_booking(key, by=desk.actor, now=desk.now, version=version),
        gettext_lazy("Completed"),
    ),
    "no-show": (
        lambda desk, key, version: mark_no_show(key, by=desk.actor, now=desk.now, version=version),
        gettext_lazy("Marked as a no-show"),
    ),
    "undo": (_undo, gettext_lazy("Redemption undone")),
    "take-deposit": (
        lambda desk, key, version: take_deposit(key, by=desk.actor, now=desk.now).booking,
        gettext_lazy("Deposit taken"),
    ),
    "give-back": (_give_back, gettext_lazy("Given back")),
}


@require_POST
@at_desk
def act(request: HttpRequest, desk: Desk, booking: UUID, act: str) -> HttpResponseBase:
    """One of ACTS; 404 for any other word."""
    if act not in ACTS:
        raise Http404
    change, words = ACTS[act]
    found = booking_here(desk, booking)
    try:
        with transaction.atomic():
            change(desk, booking, asked_version(request))
    except Refusal as refusal:
        return refuse(request, desk, refusal, found)
    return answer_done(request, desk, booking, str(words))


@require_http_methods(["GET", "POST"])
@at_desk
def cancel(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """Ask for the reason, then cancel."""
    panel = read_panel(desk, booking)
    require(desk.actor, Action.CHANGE_BOOKING, store_id=desk.store.id)
    status, refusal = 200, None
    if request.method == "POST":
        reason = request.POST.get("words", "").strip() or request.POST.get("reason", "").strip()
        try:
            with transaction.atomic():
                cancel_booking(
                    booking, by=desk.actor, now=desk.now, reason=reason[:200], version=asked_version(request)
                )
        except NotSeen:
            raise
        except Refusal as refused:
            status, refusal = refused.status, refused
        else:
            return answer_done(request, desk, booking, _("Cancelled"))
    context = {
        "panel": panel,
        "cancel_url": here("cancel", desk, booking),
        "reasons": [
            Option(str(words), str(words), at == 0)
            for at, words in enumerate([_("The guest asked"), _("The shop cannot"), _("Booked twice")])
        ],
        "refusal": refusal,
    }
    return over(request, desk, _("Cancel booking"), "workbench/_cancel.html", context, status=status)


@require_POST
@at_desk
def waive(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """Let the member off one penalty of the booking (`penalty`), for a `reason`."""
    found = booking_here(desk, booking)
    penalty = Penalty.objects.filter(id=asked_uuid(request.POST.get("penalty", "")), booking_id=found.id)
    penalty_id = penalty.values_list("id", flat=True).first()
    if penalty_id is None:
        raise NotSeen
    try:
        with transaction.atomic():
            waive_penalty(penalty_id, reason=request.POST.get("reason", ""), by=desk.actor, now=desk.now)
    except Refusal as refusal:
        return refuse(request, desk, refusal, found)
    return answer_done(request, desk, booking, _("Penalty waived"))


@require_POST
@at_desk
def waive_booking_deposit(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """The booking stands without its deposit, for a `reason`."""
    found = booking_here(desk, booking)
    try:
        with transaction.atomic():
            waive_deposit(found.id, reason=request.POST.get("reason", ""), by=desk.actor, now=desk.now)
    except Refusal as refusal:
        return refuse(request, desk, refusal, found)
    return answer_done(request, desk, booking, _("Deposit waived"))


@require_POST
@at_desk
def show_phone(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """The member's whole number; that it was shown is noted."""
    found = booking_here(desk, booking)
    if found.member_id is None:
        raise NotSeen
    number = reveal_phone(found.member_id, by=desk.actor, now=desk.now)
    if is_fragment(request):
        return fragment(request, "workbench/_phone.html", {"number": number})
    messages.info(request, number or "")
    return HttpResponseRedirect(here("booking", desk, booking))


def asked_version(request: HttpRequest) -> int | None:
    """The version the page was drawn from."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def answer_done(request: HttpRequest, desk: Desk, booking_id: UUID, words: str) -> HttpResponse:
    """The booking's panel as it is now and a word of what was done; what lay over the page closes."""
    if not is_fragment(request):
        messages.success(request, words)
        return HttpResponseRedirect(here("booking", desk, booking_id))
    happened = {"toast": {"text": words}, "day:changed": {"id": str(booking_id)}, "over:close": {}}
    return fragment(
        request,
        "workbench/_panel.html",
        {**frame(request, desk), "panel": read_panel(desk, booking_id)},
        HX_Trigger=json.dumps(happened),
        HX_Retarget="#panel",
        HX_Reswap="innerHTML",
    )


def refuse(request: HttpRequest, desk: Desk, refusal: Refusal, booking: Booking | None) -> HttpResponse:
    """A refusal as a dialog over the page (or a page), with its status; the fix is the primary button."""
    if refusal.status in (403, 404) and refusal.code in ("forbidden", "not_found"):
        raise refusal
    refused = explain_refusal(desk, refusal, booking)
    context = {"refused": refused}
    title = _("Redeem") if is_of_redemption(refusal) else _("Booking")
    return over(request, desk, title, "workbench/_refused.html", context, status=refusal.status)


def over(
    request: HttpRequest, desk: Desk, title: str, part: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Something that lies over the page: a dialog for htmx, a page of its own without."""
    whole = {**frame(request, desk), **context, "over_title": title, "part": part}
    if is_fragment(request):
        return fragment(
            request,
            "workbench/_over.html",
            {**whole, "over": True},
            status=status,
            HX_Retarget="#overlay",
            HX_Reswap="innerHTML",
        )
    return render(request, "workbench/card.html", whole, status=status)
