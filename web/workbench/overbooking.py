"""Booking over another booking at the desk: offered to whoever may when a time is refused as taken, with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.utils.translation import get_language

from chains.refusals import Refusal
from tenants.booking.domain.claims import SlotTaken
from tenants.booking.domain.overbooking import OverbookingUnexplained
from tenants.people.domain.rights import Action
from tenants.stores.domain.wall import parse_moment
from web.formats import format_moment
from web.workbench.access import Desk

REASON_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Over:
    """What the form offers: the moment (ISO, and in words), the box ticked already, the reason typed so far."""

    at: str
    words: str
    checked: bool
    reason: str


def read_when(data: QueryDict, desk: Desk) -> tuple[datetime, str | None]:
    """The time a form asks for, and the reason to overbook: None where only a free time will do.

    Raises TimeMalformed and OffsetMissing.
    """
    if data.get("overbook_at"):
        return parse_moment(data.get("overbook_at", ""), zone=desk.zone), read_reason(data)
    return parse_moment(data.get("starts_at", ""), zone=desk.zone), None


def read_reason(data: QueryDict) -> str:
    """The reason as typed, cut to what is kept."""
    return data.get("overbook", "").strip()[:REASON_LENGTH]


def offer_over(refusal: Refusal | None, data: QueryDict, desk: Desk) -> Over | None:
    """What to offer after a refusal: nothing unless it says that the time is taken, and this person may."""
    if not isinstance(refusal, (SlotTaken, OverbookingUnexplained)) or not desk.may(Action.OVERBOOK):
        return None
    starts_at, reason = read_when(data, desk)
    words = format_moment(starts_at.astimezone(desk.zone), language=get_language() or "en", today=desk.today)
    return Over(starts_at.isoformat(), words, reason is not None, reason or "")
