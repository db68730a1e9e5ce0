"""One booking of a member at a time: the member's row is locked, then what they have at that time is read."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chains.postgresql.ask import Question, ask
from tenants.booking.models import LIVE, Booking
from tenants.members.models import Member
from tenants.people.domain.rights import NotSeen

from .facts import LONGEST_CLAIM
from .holds import expire_holds_among
from .known import known
from .rules import MemberOverlap

_LIVE = [status.value for status in LIVE]


def lock_member(member_id: UUID) -> Member:
    """One booking of a member at a time: the overlap check below must see the other's. Raises NotSeen."""
    member = ask(lock_question(member_id))
    if member is None:
        raise NotSeen
    return member


def lock_question(member_id: UUID) -> Question[Member | None]:
    """Lock the member's row until the transaction ends; the member with name and phone."""
    return Question(
        "SELECT id, name, phone FROM members_member WHERE id = %s FOR NO KEY UPDATE",
        (member_id,),
        lambda rows: known(Member, id=rows[0][0], name=rows[0][1], phone=rows[0][2]) if rows else None,
    )


def overlap_question(
    member_id: UUID, starts_at: datetime, ends_at: datetime, *, but: UUID | None
) -> Question[list[UUID]]:
    """The live bookings that the member has then, at any store; pickups aside.

    `starts_at` is bounded from below alone: with both bounds a new chain's plans, made of no figures, read what
    everybody has at that time, which is all of a session that many come to. It is found by the member's index, or by
    that of the constraint that guards it.
    """
    return Question(
        "SELECT id FROM booking_booking WHERE member_id = %s AND status = ANY(%s) AND pickup_window_id IS NULL"
        " AND starts_at > %s AND tstzrange(starts_at, ends_at) && tstzrange(%s, %s) AND id IS DISTINCT FROM %s",
        (member_id, _LIVE, starts_at - LONGEST_CLAIM, starts_at, ends_at, but),
        lambda rows: [row[0] for row in rows],
    )


def require_member_free(member_id: UUID, booking: Booking, *, now: datetime) -> None:
    """Raise MemberOverlap if the member has another live booking at that time, at any store; pickups aside."""
    asked = overlap_question(member_id, booking.starts_at, booking.ends_at, but=booking.id)
    refuse_overlap(ask(asked), member_id, booking, now=now)


def refuse_overlap(found: list[UUID], member_id: UUID, booking: Booking, *, now: datetime) -> None:
    """Raise MemberOverlap for what overlap_question found, unless all of it are holds whose time is over."""
    if not found:
        return
    expire_holds_among(found, now=now)
    asked = overlap_question(member_id, booking.starts_at, booking.ends_at, but=booking.id)
    for other in Booking.objects.filter(id__in=ask(asked)):
        raise member_overlap(other)


def member_overlap(other: Booking) -> MemberOverlap:
    """The refusal that names the other booking."""
    return MemberOverlap(
        params={"code": other.code}, extra={"booking": {"id": str(other.id), "code": other.code}}
    )
