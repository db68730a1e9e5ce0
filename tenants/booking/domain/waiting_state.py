"""What a booking's move means for the offer that it is the hold of."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from tenants.booking.models import Booking, OfferState, Status, WaitingOffer, Wish, WishStatus
from tenants.events.domain.record import record_event


def settle_offer(booking: Booking, *, now: datetime, declined: bool = False) -> bool:
    """Close the booking's open offer as its status says, and move the wish on; whether there was one.

    booking                       offer      wish
    held                          stays      stays
    confirmed, arrived, …         accepted   booked
    expired, cancelled            expired    waiting, or over where no window is left
    the same, by the member       declined   the same
    """
    if booking.status == Status.HELD:
        return False
    gone = booking.status in (Status.EXPIRED, Status.CANCELLED)
    refused = declined or booking.status == Status.CANCELLED
    state = OfferState.ACCEPTED
    if gone:
        state = OfferState.DECLINED if refused else OfferState.EXPIRED
    closed = WaitingOffer.objects.filter(booking_id=booking.id, state=OfferState.OPEN)
    if not closed.update(state=state, answered_at=now):
        return False
    if not gone:
        record_event(
            "waiting.accepted",
            subject_id=booking.id,
            store_id=booking.store_id,
            version=booking.version,
            payload={"status": booking.status},
            now=now,
        )
    wish = Wish.objects.filter(offers__booking_id=booking.id, status=WishStatus.OFFERED).values(
        "id", "ends_at", "session"
    )
    for row in wish:
        after = WishStatus.BOOKED
        if gone:
            after = WishStatus.WAITING if row["ends_at"] > now and row["session"] is None else WishStatus.OVER
        Wish.objects.filter(id=row["id"], status=WishStatus.OFFERED).update(
            status=after, version=F("version") + 1
        )
    return True


def settle_revived(booking: Booking, *, now: datetime) -> None:
    """The hold that ran out is the booking after all: its offer was accepted, and the wish is booked.

    A wish that has another place on offer meanwhile keeps that: its member answers it.
    """
    ran_out = WaitingOffer.objects.filter(booking_id=booking.id, state=OfferState.EXPIRED)
    if settle_offer(booking, now=now) or not ran_out.update(state=OfferState.ACCEPTED, answered_at=now):
        return
    wish = Wish.objects.filter(
        offers__booking_id=booking.id, status__in=[WishStatus.WAITING, WishStatus.OVER]
    )
    wish.update(status=WishStatus.BOOKED, version=F("version") + 1)


def is_on_offer(booking: Booking) -> bool:
    """Whether the booking is the hold of an offer that stands. One query."""
    return WaitingOffer.objects.filter(booking_id=booking.id, state=OfferState.OPEN).exists()
