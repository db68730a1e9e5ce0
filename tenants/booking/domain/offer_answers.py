"""What is asked of an offer's hold before it stands: once, by whichever door it is settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tenants.booking.models import Booking, Transition
from tenants.people.domain.rights import Actor

from .answering import answer_hold
from .waiting_state import is_on_offer

# The line of the move by which an offer was wanted, its questions answered, before it is paid.
AWAITS = {"awaits": "payment"}


def answer_offer(booking: Booking, details: Mapping[str, Any], *, by: Actor, now: datetime) -> dict[str, Any]:
    """The columns that the answers write; none for a hold of no offer, or one that has been answered.

    Raises DetailsInvalid and what plug-ins' rules refuse.
    """
    if not is_on_offer(booking) or Transition.objects.filter(booking_id=booking.id, detail=AWAITS).exists():
        return {}
    return answer_hold(booking, details, by_staff=by.is_employee, now=now)
