"""What is done to a session at the desk: somebody joins it, and it moves with everybody in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from chains.refusals import Refusal
from tenants.booking.domain.placing import try_out
from tenants.booking.domain.session_moves import Whereabouts, move_session, whereabouts_of
from tenants.booking.domain.session_times import OVERRULED
from tenants.booking.models import Session
from tenants.catalogue.domain.practitioners import serving
from tenants.people.domain.rights import Action, Forbidden, NotSeen, require
from tenants.stores.domain.wall import parse_day, parse_moment, resolve_local
from web.formats import format_clocks
from web.workbench.access import Desk, at_desk
from web.workbench.acts import asked_version, over
from web.workbench.asked import asked_uuid
from web.workbench.days import SESSION_PANEL, page_of_session
from web.workbench.frame import fragment, frame, here, is_fragment
from web.workbench.guests import members_context, read_guest
from web.workbench.joining import join_session
from web.workbench.overbooking import REASON_LENGTH
from web.workbench.placing import Way, alternative_ways, refused_drop
from web.workbench.session_panel import read_session_panel, session_here
from web.workbench.timeline import rooms_of

NOBODY = "none"


@require_POST
@at_desk
def join(request: HttpRequest, desk: Desk, session: UUID) -> HttpResponseBase:
    """Somebody takes seats in the session, also in one that has begun."""
    found, _booked = session_here(desk, session)
    require(desk.actor, Action.CREATE_BOOKING, store_id=desk.store.id)
    data = request.POST
    guest = read_guest(data)
    if guest is None:
        return _panel(request, desk, session, data, who_error=_("Type the phone number or the name."))
    try:
        with transaction.atomic():
            booking = join_session(desk, session, found.service_id, data, guest)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _panel(request, desk, session, data, refusal=refusal)
    code = f"{booking.code[:4]}-{booking.code[4:]}"
    return answer_session(request, desk, session, _("Added, code %(code)s") % {"code": code})


@require_http_methods(["GET", "POST"])
@at_desk
def move(request: HttpRequest, desk: Desk, session: UUID) -> HttpResponseBase:
    """Choose another time, person or room for a session; with `try` whether that fits, by POST it is done."""
    found, booked = session_here(desk, session)
    require(desk.actor, Action.PLAN_SESSIONS, store_id=desk.store.id)
    data = request.POST if request.method == "POST" else request.GET
    refusal: Refusal | None = None
    if request.method == "POST" or data.get("try"):
        try:
            to = _typed(data, found, desk)
            if request.method == "GET":
                refusal = try_out(lambda: move_session(session, to=to, by=desk.actor, now=desk.now))
                context = {**_fits(desk, found, refusal, to), **_outside(refusal, data, desk)}
                return fragment(request, "workbench/_fits.html", context)
            with transaction.atomic():
                move_session(
                    session,
                    to=to,
                    by=desk.actor,
                    now=desk.now,
                    version=asked_version(request),
                    outside=_reason(data),
                )
        except (NotSeen, Forbidden):
            raise
        except Refusal as refused:
            if request.method == "GET":
                return fragment(request, "workbench/_fits.html", {**frame(request, desk), "refusal": refused})
            refusal = refused
        else:
            return answer_session(request, desk, session, _("Moved, and whoever booked is told"))
    context = {
        "session": found,
        "booked": booked,
        "refusal": refusal,
        **_choices(data, found, desk),
        **_outside(refusal, data, desk),
    }
    status = refusal.status if refusal is not None else 200
    return over(request, desk, _("Move session"), "workbench/_move_session.html", context, status=status)


@require_POST
@at_desk
def place(request: HttpRequest, desk: Desk, session: UUID) -> HttpResponseBase:
    """Give a session the place that was drawn: `starts_at`, `who`, `room`, `version`; what is left out stays.

    As placing.place for a booking: with `try` it is only tried. `who` or `room` `none` is nobody, no room.
    """
    found, _booked = session_here(desk, session)
    data, version = request.POST, asked_version(request)
    try:
        to = _drawn(data, found, desk)
        if data.get("try"):
            refusal = try_out(
                lambda: move_session(session, to=to, by=desk.actor, now=desk.now, version=version)
            )
            if isinstance(refusal, (NotSeen, Forbidden)):
                raise refusal
            words = "" if refusal is None else refusal.sentence()
            return JsonResponse({"fits": refusal is None, "words": words})
        with transaction.atomic():
            after = move_session(
                session, to=to, by=desk.actor, now=desk.now, version=version, outside=data.get("outside")
            )
    except (NotSeen, Forbidden):
        raise
    except Refusal as refused:
        return refused_drop(
            request,
            desk,
            refusal=refused,
            name=found.service.name,
            second=session_when(found, desk),
            version=found.version,
            ways=[
                replace(way, fields={**way.fields, "room": data.get("room", "")})
                for way in alternative_ways(refused, desk)
            ],
            place_url=here("place_session", desk, session),
            move_url=here("move_session", desk, session),
            over_fields={name: data[name] for name in ("starts_at", "who", "room") if data.get(name)}
            if _may_overrule(refused, desk)
            else {},
            over_asks=("outside", _("Why it takes place all the same")),
            reason=data.get("outside", ""),
        )
    words = _("Now %(when)s, and whoever booked is told") % {"when": session_when(after, desk)}
    if is_fragment(request):
        return answer_session(request, desk, session, words)
    return JsonResponse({"words": words, "undo": _undo(found, after.version)})


def _may_overrule(refusal: Refusal | None, desk: Desk) -> bool:
    return isinstance(refusal, OVERRULED) and desk.may(Action.OVERBOOK)


def _outside(refusal: Refusal | None, data: QueryDict, desk: Desk) -> dict[str, Any]:
    """Whether the form asks why it takes place outside hours and shifts, and what was said so far."""
    return {"offer_outside": _may_overrule(refusal, desk), "outside": data.get("outside", "")}


def _reason(data: QueryDict) -> str | None:
    """Why it takes place outside hours and shifts; None where nothing is said."""
    return data.get("outside", "").strip()[:REASON_LENGTH] or None


def _drawn(data: QueryDict, session: Session, desk: Desk) -> Whereabouts:
    """Where the drawing puts it. Raises TimeMalformed and OffsetMissing."""
    stands = whereabouts_of(session)
    text = data.get("starts_at", "")
    return Whereabouts(
        parse_moment(text, zone=desk.zone) if text else stands.starts_at,
        _chosen(data.get("who", ""), stands.practitioner_id),
        _chosen(data.get("room", ""), stands.resource_id),
    )


def _typed(data: QueryDict, session: Session, desk: Desk) -> Whereabouts:
    """Where the form puts it: a date and a time of the store's clock. Raises DateMalformed, NonexistentTime."""
    stands = whereabouts_of(session)
    starts_at = stands.starts_at
    hour, colon, minute = data.get("at", "").partition(":")
    if colon and (hour + minute).isascii() and hour.isdigit() and minute.isdigit() and data.get("on"):
        minutes = int(hour[:2]) * 60 + int(minute[:2])
        starts_at = resolve_local(
            parse_day(data.get("on", "")), min(minutes, 24 * 60 - 1), desk.zone, gap="refuse"
        )
    return Whereabouts(
        starts_at,
        _chosen(data.get("who", ""), stands.practitioner_id),
        _chosen(data.get("room", ""), stands.resource_id),
    )


def _chosen(text: str, stays: UUID | None) -> UUID | None:
    if text == NOBODY:
        return None
    return asked_uuid(text) or stays


def _undo(before: Session, version: int) -> dict[str, str]:
    """The fields that put the session back where it was."""
    return {
        "starts_at": before.starts_at.isoformat(),
        "who": str(before.practitioner_id or NOBODY),
        "room": str(before.resource_id or NOBODY),
        "version": str(version),
    }


def _choices(data: QueryDict, session: Session, desk: Desk) -> dict[str, Any]:
    """The form's fields with what is chosen."""
    local = session.starts_at.astimezone(desk.zone)
    people = serving(store_id=desk.store.id, service_id=session.service_id).order_by("name", "id")
    return {
        "on": data.get("on") or local.date().isoformat(),
        "at": data.get("at") or f"{local:%H:%M}",
        "who": data.get("who") or str(session.practitioner_id or NOBODY),
        "room": data.get("room") or str(session.resource_id or NOBODY),
        "people_options": [(NOBODY, _("Nobody yet")), *((str(one.id), one.name) for one in people)],
        "room_options": [(NOBODY, _("No room")), *((str(one.id), one.name) for one in rooms_of(desk))],
        "when": session_when(session, desk),
        "move_url": here("move_session", desk, session.id),
    }


def _fits(desk: Desk, session: Session, refusal: Refusal | None, to: Whereabouts) -> dict[str, Any]:
    length = session.ends_at - session.starts_at
    clocks = format_clocks(
        to.starts_at.astimezone(desk.zone),
        (to.starts_at + length).astimezone(desk.zone),
        language=get_language() or "en",
    )
    ways: list[Way] = alternative_ways(refusal, desk) if refusal is not None else []
    return {"refusal": refusal, "clocks": clocks, "ways": ways}


def session_when(session: Session, desk: Desk) -> str:
    """Its time on the store's clock, and who gives it."""
    clocks = format_clocks(
        session.starts_at.astimezone(desk.zone),
        session.ends_at.astimezone(desk.zone),
        language=get_language() or "en",
    )
    who = session.practitioner.name if session.practitioner is not None else ""
    return " · ".join(word for word in (clocks, who) if word)


def _panel(
    request: HttpRequest,
    desk: Desk,
    session: UUID,
    data: QueryDict,
    *,
    refusal: Refusal | None = None,
    who_error: str = "",
) -> HttpResponse:
    """The panel with its form as it was typed, and what was wrong with it."""
    status = refusal.status if refusal is not None else 422
    panel = read_session_panel(desk, session, data, refusal)
    more = {"refusal": refusal, "who_error": who_error, "typed": data, **members_context(desk, data)}
    if is_fragment(request):
        context = {**frame(request, desk), "panel": panel, **more}
        return fragment(request, SESSION_PANEL, context, status=status)
    return page_of_session(request, desk, None, panel, status=status, **more)


def answer_session(request: HttpRequest, desk: Desk, session: UUID, words: str) -> HttpResponse:
    """The session's panel as it is now and a word of what was done; what lay over the page closes."""
    if not is_fragment(request):
        messages.success(request, words)
        return HttpResponseRedirect(here("session", desk, session))
    happened = {"toast": {"text": words}, "day:changed": {"id": "day"}, "over:close": {}}
    return fragment(
        request,
        SESSION_PANEL,
        {**frame(request, desk), "panel": read_session_panel(desk, session)},
        HX_Trigger=json.dumps(happened),
        HX_Retarget="#panel",
        HX_Reswap="innerHTML",
    )
