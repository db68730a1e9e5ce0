"""Booking for whoever stands there or calls, and moving a booking: choosing service, person, time, guest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from chains.refusals import Refusal
from tenants.booking.domain.book import Guest, book
from tenants.booking.domain.change import reschedule_booking
from tenants.booking.domain.party_sizes import read_party_size, services_for_parties
from tenants.booking.domain.search import desk_step
from tenants.booking.models import Booking
from tenants.catalogue.domain.practitioners import serving
from tenants.catalogue.models import BookedAs, Service
from tenants.people.domain.rights import Action, NotSeen, require
from tenants.people.models import Employee
from tenants.stores.domain.phones import PhoneInvalid
from tenants.stores.domain.wall import parse_day, parse_moment
from web.booking_steps import Asked as Question
from web.booking_steps import answers_in, asked_of, own_count, vertical_steps
from web.workbench.access import Desk, at_desk
from web.workbench.acts import answer_done, asked_version, over
from web.workbench.asked import asked_uuid
from web.workbench.choosing import (
    Times,
    day_of,
    other_slots,
    people_options,
    read_times,
    service_options,
    services_of,
)
from web.workbench.following import FOLLOWING, plan_following, scope_context
from web.workbench.frame import fragment, frame, here
from web.workbench.guests import members_context, read_guest
from web.workbench.overbooking import offer_over, read_when
from web.workbench.panel import Panel, read_panel


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form asks for so far."""

    service: UUID | None
    practitioner: UUID | None
    on: date
    starts_at: datetime | None


@require_http_methods(["GET", "POST"])
@at_desk
def new(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The form, and the booking it makes."""
    require(desk.actor, Action.CREATE_BOOKING, store_id=desk.store.id)
    if request.method == "GET":
        return _form(request, desk, request.GET)
    data = request.POST
    guest = read_guest(data)
    if guest is None:
        return _form(request, desk, data, status=422, who_error=_("Type the phone number or the name."))
    try:
        with transaction.atomic():
            booking = _book(desk, data, guest)
    except PhoneInvalid as refusal:
        words = f"{refusal.sentence()} {refusal.way_out()}"
        return _form(request, desk, data, status=refusal.status, who_error=words)
    except NotSeen:
        raise
    except Refusal as refusal:
        return _form(request, desk, data, status=refusal.status, refusal=refusal)
    return HttpResponseRedirect(here("booking", desk, booking.id))


@require_GET
@at_desk
def show_times(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The people and times of a service, while choosing."""
    require(desk.actor, Action.CREATE_BOOKING, store_id=desk.store.id)
    context = _times_context(desk, request.GET)
    return fragment(
        request, "workbench/_times.html", {**frame(request, desk), **context, "with_choice": True}
    )


@require_GET
@at_desk
def show_members(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Who may be meant by what is typed."""
    require(desk.actor, Action.CREATE_BOOKING, store_id=desk.store.id)
    context = members_context(desk, request.GET)
    return fragment(request, "workbench/_members.html", {**frame(request, desk), **context})


@require_http_methods(["GET", "POST"])
@at_desk
def move(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """Choose another time or person for a booking, then move it."""
    panel = read_panel(desk, booking)
    require(desk.actor, Action.CHANGE_BOOKING, store_id=desk.store.id)
    status, refusal = 200, None
    if request.method == "POST" and request.POST.get("scope") == FOLLOWING:
        return plan_following(request, desk, panel.booking)
    if request.method == "POST":
        try:
            with transaction.atomic():
                _move(desk, panel, request.POST, asked_version(request))
        except NotSeen:
            raise
        except Refusal as refused:
            status, refusal = refused.status, refused
        else:
            return answer_done(request, desk, booking, _("Moved"))
    data = request.POST if request.method == "POST" else request.GET
    context = _move_context(desk, panel, data) | {"panel": panel, "refusal": refusal}
    context["overbook"] = offer_over(refusal, data, desk)
    context |= scope_context(panel.booking, desk, data)
    return over(request, desk, _("Move booking"), "workbench/_move.html", context, status=status)


@require_GET
@at_desk
def show_move_times(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """The times of a booking's service, while moving it."""
    panel = read_panel(desk, booking)
    require(desk.actor, Action.CHANGE_BOOKING, store_id=desk.store.id)
    context = {**frame(request, desk), **_move_context(desk, panel, request.GET)}
    return fragment(request, "workbench/_times.html", context)


def _book(desk: Desk, data: QueryDict, guest: UUID | Guest) -> Booking:
    service = asked_uuid(data.get("service", ""))
    if service is None:
        raise NotSeen
    starts_at, overbook = read_when(data, desk)
    return book(
        service,
        store_id=desk.store.id,
        starts_at=starts_at,
        by=desk.actor,
        now=desk.now,
        member=guest,
        practitioner_id=asked_uuid(data.get("practitioner", "")),
        party_size=_party(desk, service, data),
        note=data.get("note", "").strip()[:500],
        details=answers_in(vertical_steps(desk, service), data),
        overbook=overbook,
    )


def _move(desk: Desk, panel: Panel, data: QueryDict, version: int | None) -> None:
    practitioner = asked_uuid(data.get("practitioner", ""))
    starts_at, overbook = read_when(data, desk)
    reschedule_booking(
        panel.booking.id,
        starts_at=starts_at,
        by=desk.actor,
        now=desk.now,
        practitioner_id=practitioner,
        anybody=practitioner is None,
        overbook=overbook,
        version=version,
    )


def _form(
    request: HttpRequest,
    desk: Desk,
    data: QueryDict,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    who_error: str = "",
) -> HttpResponse:
    services = _by_time(desk)
    context = {
        **frame(request, desk, current="new"),
        **_times_context(desk, data, services, refusal=refusal),
        **members_context(desk, data),
        "refusal": refusal,
        **_over_context(refusal, data, desk),
        "who_error": who_error,
        "note": data.get("note", ""),
        "times_url": here("new_times", desk),
        "members_url": here("new_members", desk),
    }
    return render(request, "workbench/new.html", context, status=status)


def _over_context(refusal: Refusal | None, data: QueryDict, desk: Desk) -> dict[str, Any]:
    """What is offered after a refused time, which stays the one that was chosen as long as it is offered."""
    over = offer_over(refusal, data, desk)
    return {"overbook": over} if over is None else {"overbook": over, "chosen_over": over.words}


def _times_context(
    desk: Desk,
    data: QueryDict,
    services: list[Service] | None = None,
    *,
    refusal: Refusal | None = None,
) -> dict[str, Any]:
    offered = _by_time(desk) if services is None else services
    wish = _wish(desk, data)
    service = next((one for one in offered if one.id == wish.service), None) or _fitting(offered, data)
    people = _people(desk, service) if service is not None else []
    practitioner = wish.practitioner if wish.practitioner in {one.id for one in people} else None
    asked = asked_of(vertical_steps(desk, service.id), data, refusal) if service else []
    several = service is not None and _takes_several(desk, service.id, asked)
    counted = own_count(asked)
    party = read_party_size(data.get("party", "") if several else str(counted.value) if counted else "")
    times = _times(desk, service, wish, practitioner, party_size=party) if service is not None else None
    return {
        "services": service_options(offered, service.id if service else None),
        "people": people_options(people, practitioner) if len(people) > 1 else [],
        "times": times,
        "times_url": here("new_times", desk),
        "chosen_service": service,
        "chosen_at": _chosen_at(times),
        "asked": asked,
        "party": party if several else None,
    }


def _takes_several(desk: Desk, service_id: UUID, asked: Sequence[Question]) -> bool:
    """Whether the form asks how many come: the service's place depends on it, and no vertical asks already."""
    if own_count(asked) is not None:
        return False
    return bool(services_for_parties([service_id], verticals=desk.store.verticals))


def _party(desk: Desk, service_id: UUID, data: QueryDict) -> int:
    """How many come; one where the service is for one, whatever was typed for another."""
    asked = asked_of(vertical_steps(desk, service_id), data)
    return read_party_size(data.get("party", "")) if _takes_several(desk, service_id, asked) else 1


def _by_time(desk: Desk) -> list[Service]:
    """What is booked by its time: seats are booked at their session, and goods at their window."""
    return [one for one in services_of(desk) if one.booked_as == BookedAs.TIME]


def _fitting(offered: list[Service], data: QueryDict) -> Service | None:
    """The service whose length is nearest to the span that was drawn for it (`minutes`), else the first."""
    drawn = data.get("minutes", "")
    if not drawn.isascii() or not drawn.isdigit() or len(drawn) > 4:
        return offered[0] if offered else None
    return min(offered, key=lambda one: abs(one.minutes - int(drawn)), default=None)


def _move_context(desk: Desk, panel: Panel, data: QueryDict) -> dict[str, Any]:
    booking = panel.booking
    wish = _wish(desk, data)
    service = booking.service
    if booking.session_id is not None or booking.pickup_window_id is not None:
        slots = other_slots(booking, desk, chosen=wish.starts_at)
        return {
            "people": [],
            "scheduled": slots,
            "move_url": here("move", desk, booking.id),
            "chosen_service": service,
        }
    people = _people(desk, service)
    known = {one.id for one in people}
    asked = wish.practitioner if "practitioner" in data else booking.practitioner_id
    practitioner = asked if asked in known else None
    if "on" not in data:
        wish = Wish(
            wish.service, wish.practitioner, max(desk.today, day_of(booking.starts_at, desk)), wish.starts_at
        )
    times = _times(desk, service, wish, practitioner, but=booking.id, party_size=booking.party_size)
    return {
        "people": people_options(people, practitioner) if len(people) > 1 else [],
        "times": times,
        "times_url": here("move_times", desk, booking.id),
        "move_url": here("move", desk, booking.id),
        "chosen_service": service,
        "chosen_at": _chosen_at(times),
    }


def _times(
    desk: Desk,
    service: Service,
    wish: Wish,
    practitioner: UUID | None,
    *,
    but: UUID | None = None,
    party_size: int = 1,
) -> Times:
    return read_times(
        desk,
        service.id,
        on=wish.on,
        practitioner_id=practitioner,
        step=desk_step(service.step),
        chosen=wish.starts_at,
        but=but,
        party_size=party_size,
    )


def _chosen_at(times: Times | None) -> datetime | None:
    slots = [slot for part in times.parts for slot in part.slots] if times is not None else []
    return next((datetime.fromisoformat(slot.value) for slot in slots if slot.checked), None)


def _people(desk: Desk, service: Service) -> list[Employee]:
    """Who may be chosen for the service at the desk's store, by name."""
    return list(serving(store_id=desk.store.id, service_id=service.id).order_by("name", "id"))


def _wish(desk: Desk, data: QueryDict) -> Wish:
    try:
        on = max(desk.today, parse_day(data.get("on", ""))) if data.get("on") else desk.today
        starts_at = parse_moment(data.get("starts_at", "")) if data.get("starts_at") else None
    except Refusal:
        on, starts_at = desk.today, None
    return Wish(asked_uuid(data.get("service", "")), asked_uuid(data.get("practitioner", "")), on, starts_at)
