"""What wakes the waiting list: whatever lets go of a place, or makes one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import Max, Min

from chains.due import mark_due
from tenants.booking.models import Booking, Claim, Transition, Wish, WishStatus
from tenants.events.domain.subscribers import Happened

from .spans import Span
from .waiting import serve_store
from .waiting_state import settle_offer
from .wishes import WAITING

RELEASES = frozenset(
    {"booking.cancelled", "booking.expired", "booking.moved", "booking.no_show", "booking.completed"}
)
KINDS = RELEASES | {"waiting.joined", "session.planned", "session.changed", "session.moved"}
# Before any clock: due with the next look at what is due.
AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)


def serve_waiting(event: Happened, *, now: datetime) -> None:
    """Subscriber `waiting`: settle the offer that the booking was, then offer what is free to who waits."""
    near = None
    if event.kind in RELEASES:
        booking = Booking.objects.filter(id=event.subject_id).first()
        if booking is None:
            return
        settle_offer(booking, now=now)
        near = freed_span(booking, event)
    # a practitioner who is free again may be free at every store
    stores = Wish.objects.filter(status=WishStatus.WAITING).order_by("store_id")
    if near is None:
        stores = stores.filter(store_id=event.store_id)
    for store_id in list(stores.values_list("store_id", flat=True).distinct()):
        serve_store(store_id, now=now, near=near)


def wake_waiting() -> None:
    """Hours, shifts or leave have changed: every queue of the chain is looked at, at once."""
    if Wish.objects.filter(status=WishStatus.WAITING).exists():
        mark_due(WAITING, AT_ONCE)


def freed_span(booking: Booking, event: Happened) -> Span:
    """Where the booking held something before: its claims, and where it was moved away from."""
    held = Claim.objects.filter(booking_id=booking.id, resource__isnull=False).aggregate(
        start=Min("starts_at"), end=Max("ends_at")
    )
    start = min(booking.starts_at, held["start"] or booking.starts_at)
    end = max(booking.ends_at, held["end"] or booking.ends_at)
    if event.kind == "booking.moved":
        moves = Transition.objects.filter(booking_id=booking.id, detail__has_key="from")
        length = booking.ends_at - booking.starts_at + timedelta(hours=2)
        for detail in moves.values_list("detail", flat=True):
            was = datetime.fromisoformat(detail["from"]["starts_at"])
            start, end = min(start, was - timedelta(hours=2)), max(end, was + length)
    return Span(start, end)
