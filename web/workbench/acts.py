"""What is done to one booking from its panel: confirm, complete, no-show, undo, show the phone."""

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
from django.views.decorators.http import require_POST

from chains.refusals import Refusal, Text
from tenants.booking.domain.change import complete_booking, confirm_booking, mark_no_show
from tenants.booking.domain.desk_payments import note_given_back, take_deposit, waive_deposit
from tenants.booking.domain.penalties import waive_penalty
from tenants.booking.domain.redeem import undo_redemption
from tenants.booking.models import Booking, Penalty
from tenants.extension.answers import DetailsInvalid
from tenants.members.domain.members import reveal_phone
from tenants.people.domain.rights import NotSeen
from web.booking_steps import answers_in, asked_of, vertical_steps
from web.workbench.access import Desk, at_desk
from web.workbench.asked import asked_uuid
from web.workbench.day import guest_name
from web.workbench.frame import fragment, frame, here, is_fragment
from web.workbench.panel import booking_here, read_panel
from web.workbench.redeeming import explain_refusal, is_of_redemption

Act = Callable[[Desk, UUID, int | None], Booking]


def _undo(desk: Desk, booking_id: UUID, version: int | None) -> Booking:
    return undo_redemption(booking_id, by=desk.actor, now=desk.now)


ACTS: dict[str, tuple[Act, Text]] = {
    "complete": (
        lambda desk, key, version: complete_booking(key, by=desk.actor, now=desk.now, version=version),
        gettext_lazy("Completed"),
    ),
    "no-show": (
        lambda desk, key, version: mark_no_show(key, by=desk.actor, now=desk.now, version=version),
        gettext_lazy("Marked as a no-show"),
    ),
    "undo": (_undo, gettext_lazy("Redemption undone")),
}


@require_POST
@at_desk
def confirm(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """held → confirmed; what the shop's verticals ask of an offer's hold is asked in a dialog and answered here."""
    found = booking_here(desk, booking)
    steps = vertical_steps(desk, found.service_id)
    details = answers_in(steps, request.POST)
    try:
        with transaction.atomic():
            confirm_booking(
                booking, by=desk.actor, now=desk.now, version=asked_version(request), details=details
            )
    except DetailsInvalid as refusal:
        return _ask_details(request, desk, found, here("confirm", desk, booking), refusal)
    except Refusal as refusal:
        return refuse(request, desk, refusal, found)
    return answer_done(request, desk, booking, _("Confirmed"))


def _ask_details(
    request: HttpRequest, desk: Desk, found: Booking, url: str, refusal: DetailsInvalid
) -> HttpResponse:
    """The dialog that asks what the hold of an offer was not asked; posted to `url`, with the reason that was given."""
    steps = vertical_steps(desk, found.service_id)
    wrong = refusal if answers_in(steps, request.POST) else None
    context = {
        "booking": found,
        "name": guest_name(found.member),
        "asked": asked_of(steps, request.POST, wrong),
        "reason": request.POST.get("reason", ""),
        "refusal": wrong,
        "confirm_url": url,
    }
    title = _("Confirm booking")
    return over(request, desk, title, "workbench/_confirm.html", context, status=refusal.status)


@require_POST
@at_desk
def take_booking_deposit(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """The deposit was paid at the desk; what an offer's hold was not asked is asked in a dialog and answered here."""
    found = booking_here(desk, booking)
    details = answers_in(vertical_steps(desk, found.service_id), request.POST)
    try:
        with transaction.atomic():
            take_deposit(booking, details=details, by=desk.actor, now=desk.now)
    except DetailsInvalid as refusal:
        return _ask_details(request, desk, found, here("take_deposit", desk, booking), refusal)
    except Refusal as refusal:
        return refuse(request, desk, refusal, found)
    return answer_done(request, desk, booking, _("Deposit taken"))


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


@require_POST
@at_desk
def give_back(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """The `amount` that the panel named (minor units) was handed over."""
    found = booking_here(desk, booking)
    try:
        with transaction.atomic():
            note_given_back(
                booking, amount=_whole(request.POST.get("amount", "")), by=desk.actor, now=desk.now
            )
    except Refusal as refusal:
        return refuse(request, desk, refusal, found)
    return answer_done(request, desk, booking, _("Given back"))


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
    details = answers_in(vertical_steps(desk, found.service_id), request.POST)
    reason = request.POST.get("reason", "")
    try:
        with transaction.atomic():
            waive_deposit(found.id, reason=reason, details=details, by=desk.actor, now=desk.now)
    except DetailsInvalid as refusal:
        return _ask_details(request, desk, found, here("waive_deposit", desk, booking), refusal)
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
    return _whole(request.POST.get("version", ""), digits=8)


def _whole(text: str, *, digits: int = 18) -> int | None:
    """The number, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


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
