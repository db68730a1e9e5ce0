"""Overbooking: a permission to take people and things that another booking holds, with a reason that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import Booking
from tenants.people.domain.access import note_access
from tenants.people.domain.rights import Actor

from .overruling import require_overruling
from .place import Place


class OverbookingUnexplained(Refusal):
    """Nobody books over another booking without saying why."""

    code = "overbooking_unexplained"
    status = 422
    title = _("Say why")
    detail = _("Booking over another booking needs a reason.")
    fix = _("Write in a few words why both can be served.")


def require_overbooker(reason: str | None, *, store_id: UUID, by: Actor) -> None:
    """Whether this person may overbook at the store and says why; None asks for nothing.

    Raises Forbidden, NotSeen, OverbookingUnexplained.
    """
    require_overruling(reason, OverbookingUnexplained, store_id=store_id, by=by)


def note_overbooking(
    booking: Booking, place: Place, reason: str | None, *, by: Actor, now: datetime
) -> Mapping[str, Any]:
    """What the booking's transition says of it; noted among what is watched. Nothing where nothing was overbooked."""
    return note_taken_over(booking, place.over, reason, by=by, now=now)


def note_taken_over(
    booking: Booking, over: Iterable[UUID], reason: str | None, *, by: Actor, now: datetime
) -> Mapping[str, Any]:
    """As note_overbooking, of the resources `over` that others hold too."""
    resources = [str(one) for one in over]
    if reason is None or not resources:
        return {}
    detail = {"overbooked": {"reason": reason.strip(), "resources": resources}}
    note_access(by, "booking_overbooked", "booking", booking.id, now=now, detail=detail)
    return detail
