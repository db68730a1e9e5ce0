"""What else could be booked: the alternatives that a refusal names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.booking.models import Booking
from tenants.stores.domain.wall import local_date

from .availability import find_alternatives, slot_documents
from .calendar import Wish
from .offering import Offering, read_offering
from .own_time import overlapping, read_own_time
from .rules import MemberOverlap
from .sessions import session_slots, sessions_with_room
from .spans import Span

Alternatives = list[dict[str, object]]


@contextmanager
def naming(alternatives: Callable[[], Alternatives]) -> Iterator[None]:
    """A MemberOverlap raised within names these; they are read only then."""
    try:
        yield
    except MemberOverlap as refusal:
        refusal.extra["alternatives"] = alternatives()
        raise


def free_times(
    offering: Offering,
    wish: Wish,
    starts_at: datetime,
    *,
    now: datetime,
    by_staff: bool,
    but: UUID | None = None,
    member_id: UUID | None = None,
) -> Alternatives:
    """The nearest free times by anyone, in the room and for the party of the wish, as find_alternatives has them."""
    near = find_alternatives(
        offering,
        starts_at,
        now=now,
        by_staff=by_staff,
        but=but,
        party_size=wish.party_size,
        resource_id=wish.resource_id,
        member_id=member_id,
    )
    return slot_documents(near, offering)


def other_sessions(
    booking: Booking, zone: ZoneInfo, *, now: datetime, member_id: UUID | None, but: UUID | None = None
) -> Alternatives:
    """The sessions near the booking's time that have as many seats, at none of the member's own times.

    `but` is the one that is asked for, where the booking is of another.
    """
    near = sessions_with_room(
        booking.service_id,
        store_id=booking.store_id,
        around=booking.starts_at,
        seats=booking.party_size,
        now=now,
        but=but or booking.session_id,
    )
    days = [local_date(one.starts_at, zone) for one in near]
    own = read_own_time(member_id, days, zone, now=now, but=booking.id) if near else ()
    return session_slots(
        [one for one in near if not overlapping(own, Span(one.starts_at, one.ends_at))], zone
    )


def others_for(booking: Booking, *, member_id: UUID, now: datetime) -> Alternatives:
    """What the member could book in place of a hold that was taken online (its store read)."""
    if booking.session_id is not None:
        return other_sessions(booking, ZoneInfo(booking.store.time_zone), now=now, member_id=member_id)
    offering = read_offering(booking.store_id, booking.service_id)
    wish = Wish(party_size=booking.party_size)
    return free_times(
        offering, wish, booking.starts_at, now=now, by_staff=False, but=booking.id, member_id=member_id
    )
