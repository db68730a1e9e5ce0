"""What the end of a booking does to what it held: given back, or used up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from tenants.booking.models import LIVE, Booking, Status
from tenants.people.domain.rights import Actor

from .claims import PASS, STOCK, release_claims
from .credits import FORFEITED, settle_credits
from .stock import note_handed_over

# Kinds of pools whose units do not come back; the seat and the window always do.
USED_UP: Mapping[Status, frozenset[str]] = MappingProxyType(
    {
        Status.COMPLETED: frozenset({STOCK, PASS}),
        **{status: frozenset({PASS}) for status in FORFEITED},
    }
)


def settle_end(booking: Booking, *, before: str, by: Actor, now: datetime) -> None:
    """After a move from the status `before`: credits follow, and what a booking that is over held is let go.

    Goods handed over leave the stock when the visit is completed; a guest who did not come gives them back.
    """
    settle_credits(booking, before=before, now=now)
    if booking.status in LIVE or before not in LIVE:
        return
    if booking.status == Status.COMPLETED:
        note_handed_over(booking, by=by, now=now)
    release_claims(booking.id, used_up=USED_UP.get(Status(booking.status), frozenset()))
