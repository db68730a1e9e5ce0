"""What is drawn on the timeline by hand: tried while it hangs, done when it is dropped, undone from its toast."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, JsonResponse, QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chains.refusals import Refusal
from tenants.booking.domain.claims import SlotTaken
from tenants.booking.domain.overbooking import OverbookingUnexplained
from tenants.booking.domain.placing import place_booking, try_out
from tenants.booking.models import Booking
from tenants.people.domain.rights import Action, Forbidden, NotSeen
from tenants.people.models import Employee
from tenants.stores.domain.wall import parse_moment
from web.formats import format_clocks, format_moment
from web.workbench.access import Desk, at_desk
from web.workbench.acts import answer_done, asked_version
from web.workbench.asked import asked_uuid
from web.workbench.day import guest_name
from web.workbench.following import followers_of
from web.workbench.frame import fragment, frame, here, is_fragment
from web.workbench.overbooking import read_reason
from web.workbench.panel import booking_here

MOST_ALTERNATIVES = 4
DRAWN = ("starts_at", "ends_at", "who", "room")
# How a form says that there shall be no room.
NO_ROOM = "none"


@dataclass(frozen=True, slots=True)
class Way:
    """A place that would do instead: its words, and the fields that ask for it."""

    label: str
    fields: dict[str, str]


def drag_words() -> str:
    """The sentences that the script says while somebody draws, as JSON; `{…}` is filled in by it."""
    return json.dumps(
        {
            "picked": _(
                "Picked up {name}: {time}, {who}. Arrows move it, Enter puts it down, Escape puts it back."
            ),
            "ends": _("The end of {name}: {time}. Arrows move it, Enter keeps it, Escape puts it back."),
            "span": _("New booking: {time}, {who}. Enter opens it, Escape leaves it."),
            "fits": _("{time}, {who}: free"),
            "asking": _("{time}, {who}"),
            "refused": _("{time}, {who}: {why}"),
            "taken": _("{name} is there at that time"),
            "past": _("That time has passed"),
            "nowhere": _("Bookings cannot be put there"),
            "back": _("Put back"),
            "undo": _("Undo"),
            "offline": _("No connection: nothing was changed"),
        },
        ensure_ascii=False,
    )


@require_POST
@at_desk
def place(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """Give a booking the place that was drawn: `starts_at`, `ends_at`, `who`, `room`, `version`, what is left out stays.

    With `try` it is only tried: `{"fits", "words"}`. Dropped by the script the answer is `{"words", "undo"}`, and a
    dialog with the way out where it is refused; asked for by a button of that dialog it is the booking's panel.
    """
    found = booking_here(desk, booking)
    data, version = request.POST, asked_version(request)
    try:
        drawn = _drawn(data, desk)
        if data.get("try"):
            refusal = try_out(
                lambda: place_booking(booking, by=desk.actor, now=desk.now, version=version, **drawn)
            )
            if isinstance(refusal, (NotSeen, Forbidden)):
                raise refusal
            words = "" if refusal is None else refusal.sentence()
            return JsonResponse({"fits": refusal is None, "words": words})
        if _moves(drawn) and "scope" not in data and followers_of(found, desk):
            return _which(request, desk, found, data, drawn.get("starts_at"))
        with transaction.atomic():
            after = place_booking(booking, by=desk.actor, now=desk.now, version=version, **drawn)
    except (NotSeen, Forbidden):
        raise
    except Refusal as refused:
        return _refused(request, desk, found, refused, data)
    words = _("Now %(when)s") % {"when": _when(after, desk)}
    if is_fragment(request):
        return answer_done(request, desk, booking, words)
    return JsonResponse({"words": words, "undo": _undo(found, after)})


def _moves(drawn: dict[str, Any]) -> bool:
    """Whether it goes to another time or person, as those after it may."""
    return "starts_at" in drawn or "practitioner_id" in drawn


def _which(
    request: HttpRequest, desk: Desk, booking: Booking, data: QueryDict, starts_at: datetime | None
) -> HttpResponseBase:
    """The dialog that asks whether those of the series after it go too; nothing is changed yet."""
    count = len(followers_of(booking, desk))
    words = _("This and the %(count)s after it")
    asked = {
        "starts_at": (starts_at or booking.starts_at).isoformat(),
        "practitioner": data.get("who", ""),
    }
    context = {
        **frame(request, desk),
        "over": True,
        "over_title": _("Which of the series"),
        "part": "workbench/_which.html",
        "name": guest_name(booking.member),
        "second": f"{booking.service.name} · {_when(booking, desk)}",
        "to": format_moment(
            datetime.fromisoformat(asked["starts_at"]).astimezone(desk.zone),
            language=get_language() or "en",
            today=desk.today,
        ),
        "fields": {name: data[name] for name in (*DRAWN, "version", "overbook") if data.get(name)},
        "following_words": words % {"count": count},
        "following_url": here("following", desk, booking.id) + "?" + urlencode(asked),
        "place_url": here("place", desk, booking.id),
    }
    return fragment(request, "workbench/_over.html", context, HX_Retarget="#overlay", HX_Reswap="innerHTML")


def _drawn(data: QueryDict, desk: Desk) -> dict[str, Any]:
    """The fields that were sent, read. Raises TimeMalformed and OffsetMissing."""
    times = {name: str(data.get(name, "")) for name in ("starts_at", "ends_at")}
    drawn: dict[str, Any] = {name: parse_moment(text, zone=desk.zone) for name, text in times.items() if text}
    people = {"practitioner_id": asked_uuid(data.get("who", "")), "room_id": asked_uuid(data.get("room", ""))}
    if data.get("room") == NO_ROOM:
        drawn["without_room"] = True
    if "overbook" in data:
        drawn["overbook"] = read_reason(data)
    return drawn | {name: key for name, key in people.items() if key is not None}


def _undo(before: Booking, after: Booking) -> dict[str, str]:
    """The fields that put the booking back where it was; a room that was added goes again."""
    room = str(before.resource_id or (NO_ROOM if after.resource_id is not None else ""))
    fields = {
        "starts_at": before.starts_at.isoformat(),
        "ends_at": before.ends_at.isoformat(),
        "who": str(before.practitioner_id or ""),
        "room": room,
        "version": str(after.version),
        "scope": "one",
    }
    return {name: text for name, text in fields.items() if text}


def _when(booking: Booking, desk: Desk) -> str:
    starts, ends = booking.starts_at.astimezone(desk.zone), booking.ends_at.astimezone(desk.zone)
    who = Employee.objects.filter(id=booking.practitioner_id).values_list("name", flat=True).first()
    clocks = format_clocks(starts, ends, language=get_language() or "en")
    return " · ".join(word for word in (clocks, who) if word)


def refused_drop(
    request: HttpRequest,
    desk: Desk,
    *,
    refusal: Refusal,
    name: str,
    second: str,
    version: int,
    ways: list[Way],
    place_url: str,
    move_url: str,
    over_fields: dict[str, str] | None = None,
    over_asks: tuple[str, str] | None = None,
    reason: str = "",
) -> HttpResponseBase:
    """The dialog that says why what was drawn stays where it was, with what would do instead.

    `over_fields` put it there all the same, for a reason that `over_asks` (the field's name, its label) asks for.
    """
    context = {
        **frame(request, desk),
        "over": True,
        "over_title": _("It stays where it was"),
        "part": "workbench/_not_placed.html",
        "refusal": refusal,
        "name": name,
        "second": second,
        "version": version,
        "over_fields": over_fields or {},
        "over_asks": over_asks or ("overbook", _("Why both can be served")),
        "reason": reason,
        "ways": ways,
        "place_url": place_url,
        "move_url": move_url,
    }
    return fragment(
        request,
        "workbench/_over.html",
        context,
        status=refusal.status,
        HX_Retarget="#overlay",
        HX_Reswap="innerHTML",
    )


def _refused(
    request: HttpRequest, desk: Desk, booking: Booking, refusal: Refusal, data: QueryDict
) -> HttpResponseBase:
    wished = data.get("who") or str(booking.practitioner_id or "")
    begins = booking.starts_at.astimezone(desk.zone)
    return refused_drop(
        request,
        desk,
        refusal=refusal,
        name=guest_name(booking.member),
        second=f"{booking.service.name} · {_when(booking, desk)}",
        version=booking.version,
        ways=alternative_ways(refusal, desk, wished=wished, begins=begins),
        place_url=here("place", desk, booking.id),
        move_url=here("move", desk, booking.id),
        over_fields=_over_fields(refusal, data, desk),
        reason=data.get("overbook", ""),
    )


def _over_fields(refusal: Refusal, data: QueryDict, desk: Desk) -> dict[str, str]:
    """The fields that put it there over another booking; none unless that is why it was refused and one may."""
    taken = isinstance(refusal, (SlotTaken, OverbookingUnexplained))
    if not taken or not desk.may(Action.OVERBOOK):
        return {}
    return {name: data[name] for name in DRAWN if data.get(name)}


def alternative_ways(
    refusal: Refusal, desk: Desk, *, wished: str = "", begins: datetime | None = None
) -> list[Way]:
    """The alternatives of a refusal, each ready to be asked for: other times, or (from `begins`, local) other ends."""
    language = get_language() or "en"
    ways = []
    for one in list(refusal.extra.get("alternatives", []))[:MOST_ALTERNATIVES]:
        if "starts_at" in one:
            at = datetime.fromisoformat(one["starts_at"])
            staff = [str(key) for key in one.get("practitioners", [])]
            who = wished if wished in staff else next(iter(staff), "")
            label = format_moment(at.astimezone(desk.zone), language=language, today=desk.today)
            ways.append(Way(label, {"starts_at": at.isoformat(), "who": who}))
        elif begins is not None:
            end = datetime.fromisoformat(one["ends_at"])
            clocks = format_clocks(begins, end.astimezone(desk.zone), language=language)
            ways.append(Way(clocks, {"ends_at": end.isoformat()}))
    return _with_names(ways)


def _with_names(ways: list[Way]) -> list[Way]:
    keys = {way.fields["who"] for way in ways if way.fields.get("who")}
    names = {str(key): name for key, name in Employee.objects.filter(id__in=keys).values_list("id", "name")}
    return [
        Way(
            " · ".join(word for word in (way.label, names.get(way.fields.get("who", ""))) if word), way.fields
        )
        for way in ways
    ]
