"""Credits: visits bought ahead, behind a port: reserved at booking, consumed at redemption, returned by policy.

Whoever keeps passes registers here (`register_credits`); pool_credits.py does until the ledger exists.
Every method runs inside the booking's transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from tenants.booking.models import Booking, Status
from tenants.people.domain.rights import Actor

from .claims import Wanted


@dataclass(frozen=True, slots=True)
class UsablePass:
    """A member's pass with at least one credit left."""

    id: UUID
    name: str
    left: int


class Credits(Protocol):
    """Who keeps passes. A booking is told by its id, its pass by `booking.pass_id`; units are credits."""

    def usable(self, member_id: UUID, service_id: UUID) -> list[UsablePass]:
        """The member's passes that pay for the service and are not used up, oldest first; one query."""

    def balances(self, member_id: UUID) -> list[UsablePass]:
        """All of the member's passes with something left, oldest first; one query."""

    def name_of(self, pass_id: UUID) -> str:
        """What the pass is called; empty for one that is not there."""

    def reserve(self, booking: Booking, *, units: int, by: Actor, now: datetime) -> Wanted:
        """Set credits aside for a booking that is about to be written: the claim that holds them.

        Raises NotSeen for a pass that is not the member's, PassNotForThis for a service it is not for;
        that it is used up is said by the claim.
        """

    def consume(self, booking: Booking, *, now: datetime) -> None:
        """The visit has begun: what was reserved is used."""

    def restore(self, booking: Booking, *, now: datetime) -> None:
        """The redemption was a mistake, or the hold has come back: what was used or returned is reserved again."""

    def give_back(self, booking: Booking, *, forfeit: bool, now: datetime) -> None:
        """The booking came to nothing: its credits come back, or are forfeited by policy."""


_keeper: list[Credits] = []


def register_credits(keeper: Credits) -> None:
    """Whoever registers last keeps the passes."""
    _keeper[:] = [keeper]


def pass_keeper() -> Credits:
    """Who keeps the passes of this program."""
    return _keeper[0]


# What a booking's end does to its credits: a guest who did not come has used the visit.
FORFEITED = frozenset({Status.NO_SHOW})


def settle_credits(booking: Booking, *, before: str, now: datetime) -> None:
    """Tell the keeper what the move from the status `before` means for the credits; nothing without a pass."""
    if booking.pass_id is None or booking.status == before:
        return
    if booking.status == Status.ARRIVED:
        pass_keeper().consume(booking, now=now)
    elif before in (Status.ARRIVED, Status.EXPIRED) and booking.status == Status.CONFIRMED:
        pass_keeper().restore(booking, now=now)
    elif booking.status in (Status.CANCELLED, Status.EXPIRED, Status.NO_SHOW):
        pass_keeper().give_back(booking, forfeit=booking.status in FORFEITED, now=now)
