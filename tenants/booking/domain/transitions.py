"""The life of a booking: one table of moves, and the one function that makes them.

    held ──confirm──▶ confirmed ──redeem──▶ arrived ──complete──▶ completed
      │ └─cancel─┐      │ │  ▲               │
      │          ▼      │ │  └─undo_redeem───┘
      │      cancelled ◀┘ └─no_show─▶ no_show
      └─expire─▶ expired

`move` (to another time or person) keeps the status of a booking that is held or confirmed, `resize` (another
end, another room) that of one that is confirmed or has arrived. `revive` makes an expired hold the booking after
all: its payment came late, and its place was still free (payments.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from chains.postgresql.ask import Question, ask, ask_all, insertion_of
from chains.refusals import Refusal, Text, require_version
from tenants.booking.models import Booking, Status, Transition
from tenants.events.domain.record import event_question
from tenants.people.domain.rights import NOBODY, Actor

from .attempts import Raced
from .claims import active_claims
from .ends import settle_end


class Move(StrEnum):
    """What can be done to a booking."""

    CONFIRM = "confirm"
    CANCEL = "cancel"
    MOVE = "move"
    RESIZE = "resize"
    REDEEM = "redeem"
    UNDO_REDEEM = "undo_redeem"
    COMPLETE = "complete"
    NO_SHOW = "no_show"
    EXPIRE = "expire"
    REVIVE = "revive"
    AWAIT_PAYMENT = "await_payment"


TABLE: Mapping[tuple[Status, Move], Status] = MappingProxyType(
    {
        (Status.HELD, Move.CONFIRM): Status.CONFIRMED,
        (Status.HELD, Move.CANCEL): Status.CANCELLED,
        (Status.HELD, Move.MOVE): Status.HELD,
        (Status.HELD, Move.EXPIRE): Status.EXPIRED,
        (Status.HELD, Move.AWAIT_PAYMENT): Status.HELD,
        (Status.EXPIRED, Move.REVIVE): Status.CONFIRMED,
        (Status.CONFIRMED, Move.CANCEL): Status.CANCELLED,
        (Status.CONFIRMED, Move.MOVE): Status.CONFIRMED,
        (Status.CONFIRMED, Move.RESIZE): Status.CONFIRMED,
        (Status.CONFIRMED, Move.REDEEM): Status.ARRIVED,
        (Status.CONFIRMED, Move.NO_SHOW): Status.NO_SHOW,
        (Status.ARRIVED, Move.RESIZE): Status.ARRIVED,
        (Status.ARRIVED, Move.UNDO_REDEEM): Status.CONFIRMED,
        (Status.ARRIVED, Move.COMPLETE): Status.COMPLETED,
    }
)

# What open pages and messages hear of a move; kinds stand in the outbox, so they are never renamed.
EVENT_OF: Mapping[Move, str] = MappingProxyType(
    {
        Move.CONFIRM: "booking.confirmed",
        Move.CANCEL: "booking.cancelled",
        Move.MOVE: "booking.moved",
        Move.RESIZE: "booking.resized",
        Move.REDEEM: "booking.arrived",
        Move.UNDO_REDEEM: "booking.arrival_undone",
        Move.COMPLETE: "booking.completed",
        Move.NO_SHOW: "booking.no_show",
        Move.EXPIRE: "booking.expired",
        Move.REVIVE: "booking.confirmed",
        Move.AWAIT_PAYMENT: "booking.extended",
    }
)

STATUS_WORDS: Mapping[Status, Text] = MappingProxyType(
    {
        Status.HELD: _("held"),
        Status.CONFIRMED: _("confirmed"),
        Status.ARRIVED: _("arrived"),
        Status.COMPLETED: _("completed"),
        Status.CANCELLED: _("cancelled"),
        Status.NO_SHOW: _("a no-show"),
        Status.EXPIRED: _("expired"),
    }
)


class StatusForbids(Refusal):
    """The booking's status does not allow this move."""

    code = "status_forbids"
    status = 409
    title = _("Not possible any more")
    detail = _("The booking is %(status)s.")
    fix = _("Read it again to see what can be done with it.")


def status_after(status: str, move: Move) -> Status | None:
    """What the move makes of a booking in that status; None where the table has no such move."""
    return TABLE.get((Status(status), move))


def require_move(booking: Booking, move: Move, *, version: int | None = None) -> Status:
    """The status after the move. Raises StaleVersion for another version than told, then StatusForbids."""
    require_version(booking.version, version)
    after = status_after(booking.status, move)
    if after is None:
        raise StatusForbids(
            params={"status": STATUS_WORDS[Status(booking.status)]},
            extra={"version": booking.version, "booking_status": booking.status},
        )
    return after


def apply_move(
    booking: Booking,
    move: Move,
    *,
    by: Actor = NOBODY,
    now: datetime,
    version: int | None = None,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
    also: Sequence[Question[Any]] = (),
) -> Booking:
    """Make the move: guarded UPDATE, transition, event; what the status lets go of is released (ends.py).

    `booking` is as it was read; a rival who was quicker makes this raise Raced, and the caller reads
    again (attempts.again_on_conflict). `fields` are further columns to set, `also` what is written or read
    in the same message. The booking is updated in place and returned. Raises StaleVersion and StatusForbids.
    """
    before = booking.status
    after = require_move(booking, move, version=version)
    if move == Move.EXPIRE:
        # should its payment come late, this is what it would take again
        detail = {**(detail or {}), "let_go": [str(claim) for claim in active_claims(booking.id)]}
    changes = {**(fields or {}), "status": after}
    guarded = _guarded_question(booking, changes)
    for name, value in changes.items():
        setattr(booking, name, value)
    booking.version += 1
    ask_all(
        [
            guarded,
            transition_question(booking, before=before, by=by, now=now, reason=reason, detail=detail),
            event_question(
                EVENT_OF[move],
                subject_id=booking.id,
                store_id=booking.store_id,
                version=booking.version,
                payload={"status": after},
                now=now,
            ),
            *also,
        ]
    )
    settle_end(booking, before=before, by=by, now=now)
    return booking


def _guarded_question(booking: Booking, changes: Mapping[str, Any]) -> Question[None]:
    """Write only over the very row that was read; the answer of one that is another by now is Raced."""
    fields = {Booking._meta.get_field(name): value for name, value in changes.items()}
    columns = ", ".join(f'"{field.column}" = %s' for field in fields)  # type: ignore[union-attr]
    values = [field.get_db_prep_save(value, connection) for field, value in fields.items()]  # type: ignore[union-attr]

    def read(rows: list[tuple[Any, ...]]) -> None:
        if not rows:
            raise Raced

    return Question(
        f"UPDATE booking_booking SET {columns}, version = version + 1"  # noqa: S608 (our own columns)
        " WHERE id = %s AND version = %s AND status = %s RETURNING id",
        (*values, booking.id, booking.version, str(booking.status)),
        read,
    )


def record_transition(
    booking: Booking,
    *,
    before: str,
    by: Actor,
    now: datetime,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add the append-only line that says who brought the booking where it is now."""
    ask(transition_question(booking, before=before, by=by, now=now, reason=reason, detail=detail))


def transition_question(
    booking: Booking,
    *,
    before: str,
    by: Actor,
    now: datetime,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Question[None]:
    """What writes the line of record_transition."""
    line = {
        "booking_id": booking.id,
        "before": before,
        "after": str(booking.status),
        "at": now,
        "by_employee_id": by.employee_id,
        "by_member_id": by.member_id,
        "reason": reason,
        "detail": dict(detail or {}),
    }
    return insertion_of(Transition, [line])


def read_booking(booking_id: UUID) -> Booking | None:
    """The booking with what decisions need beside it, in one query; None where there is none."""
    return (
        Booking.objects.select_related("store", "service", "member", "practitioner", "resource", "payer")
        .filter(id=booking_id)
        .first()
    )
