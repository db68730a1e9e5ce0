"""What only the shop does: book for whoever stands there, take over a guest of another store."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import Booking, Channel, Status
from tenants.events.domain.record import record_event
from tenants.members.domain.members import welcome_member
from tenants.people.domain.rights import Action, Actor, NotSeen, require
from tenants.stores.domain.phones import normalise_phone
from tenants.stores.domain.wall import local_date

from .attempts import again_on_conflict
from .book import book, lock_member, require_member_free, require_practitioner, take_place
from .calendar import read_calendar
from .codes import UnknownCode, require_code
from .offering import read_offering
from .transitions import EVENT_OF, Move, apply_move

# Who is booked for a moment ago or the next quarter of an hour has walked in.
WALK_IN_WITHIN = timedelta(minutes=15)


class GuestUnnamed(Refusal):
    """A booking by the shop names its guest: a member, a phone number or a name."""

    code = "guest_unnamed"
    status = 422
    title = _("Who is it for?")
    detail = _("The booking needs a phone number or a name.")
    fix = _("Type the guest's phone number or name.")


@again_on_conflict
def book_for_guest(
    service_id: UUID,
    *,
    store_id: UUID,
    starts_at: datetime,
    by: Actor,
    now: datetime,
    country: str,
    member_id: UUID | None = None,
    phone: str = "",
    name: str = "",
    practitioner_id: UUID | None = None,
    note: str = "",
) -> Booking:
    """Book for a member, or for a guest by phone (as typed, read in `country`) or name, who joins by it.

    A guest without a phone is a new member each time. Raises what book() does, PhoneInvalid, GuestUnnamed.
    """
    require(by, Action.CREATE_BOOKING, store_id=store_id)
    if member_id is None:
        number = normalise_phone(phone, country=country) if phone.strip() else None
        if number is None and not name.strip():
            raise GuestUnnamed
        member_id = welcome_member(number, name=name, now=now)[0].id
    return book(
        service_id,
        store_id=store_id,
        starts_at=starts_at,
        by=by,
        now=now,
        member_id=member_id,
        practitioner_id=practitioner_id,
        note=note.strip()[:500],
        channel=Channel.WALK_IN if starts_at <= now + WALK_IN_WITHIN else Channel.STAFF,
    )


@again_on_conflict
def take_over_booking(
    code: str, *, store_id: UUID, starts_at: datetime, by: Actor, now: datetime, anybody: bool = True
) -> Booking:
    """Move a confirmed booking of another store here, to `starts_at`: its guest stands at this desk.

    The code they show is what lets the employee change a booking of a store that is not theirs. The new
    place is taken before the old one is let go; code and price stay as promised. Both stores' pages hear of it.
    Raises UnknownCode, what booking raises, and StatusForbids.
    """
    require(by, Action.CHANGE_BOOKING, store_id=store_id)
    found = Booking.objects.filter(code=require_code(code), status=Status.CONFIRMED)
    booking = found.select_related("store", "service", "member", "practitioner").first()
    if booking is None:
        raise UnknownCode
    if booking.store_id == store_id:
        raise NotSeen
    lock_member(booking.member_id)
    offering = read_offering(store_id, booking.service_id, by_staff=True)
    calendar = read_calendar(
        offering, [local_date(starts_at, offering.zone)], now=now, by_staff=True, but=booking.id
    )
    wished = None if anybody else booking.practitioner_id
    require_practitioner(calendar, wished)
    left = booking.store_id
    before = {"from": {"store": str(left), "starts_at": booking.starts_at.isoformat()}}
    place = take_place(
        calendar,
        booking,
        starts_at=starts_at,
        practitioner_id=wished,
        resource_id=None,
        now=now,
        by_staff=True,
    )
    served = offering.need.service_span(starts_at)
    booking.starts_at, booking.ends_at = served.start, served.end
    require_member_free(booking.member_id, booking, now=now)
    booking.store_id = store_id
    fields = {
        "store_id": store_id,
        "starts_at": served.start,
        "ends_at": served.end,
        "practitioner_id": place.practitioner_id,
        "resource_id": None,
    }
    apply_move(booking, Move.MOVE, by=by, now=now, fields=fields, detail=before)
    record_event(
        EVENT_OF[Move.MOVE],
        subject_id=booking.id,
        store_id=left,
        version=booking.version,
        payload={"status": booking.status},
        now=now,
    )
    return booking
