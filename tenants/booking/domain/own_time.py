"""A member's own time: when they have a booking already, wherever in the chain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from chains.refusals import Text
from tenants.booking.models import LIVE, Booking, Status
from tenants.stores.domain.wall import local_day

from .rules import MemberOverlap
from .search import DaySlots
from .spans import Span


@dataclass(frozen=True, slots=True)
class OwnBooking:
    """A live booking of whoever asks."""

    id: UUID
    code: str
    span: Span

    @property
    def detail(self) -> Text:
        """The sentence with which booking would refuse."""
        return MemberOverlap(params={"code": self.code}).sentence()


def read_own_time(
    member_id: UUID | None, days: Sequence[date], zone: ZoneInfo, *, now: datetime, but: UUID | None = None
) -> tuple[OwnBooking, ...]:
    """What keeps the member from another booking on the dates, as book.require_member_free sees it; by start.

    One query, none for nobody known. `but` is a booking that does not count.
    """
    if member_id is None:
        return ()
    # a store elsewhere counts the same dates by another clock
    first, last = local_day(days[0], zone).start - timedelta(days=1), local_day(days[-1], zone).end
    live = Booking.objects.filter(
        member_id=member_id,
        status__in=LIVE,
        pickup_window__isnull=True,
        starts_at__lt=last + timedelta(days=1),
        ends_at__gt=first,
    )
    found = live.exclude(id=but).exclude(status=Status.HELD, expires_at__lte=now).order_by("starts_at", "id")
    return tuple(
        OwnBooking(key, code, Span(start, end))
        for key, code, start, end in found.values_list("id", "code", "starts_at", "ends_at")
    )


def overlapping(own: Iterable[OwnBooking], span: Span) -> tuple[OwnBooking, ...]:
    """Those that take some of the span."""
    return tuple(one for one in own if one.span.overlaps(span))


def outside(found: list[DaySlots[UUID]], own: Sequence[OwnBooking]) -> list[DaySlots[UUID]]:
    """The slots that leave the member's own time alone."""
    if not own:
        return found
    return [
        DaySlots(
            day.day,
            [slot for slot in day.slots if not overlapping(own, Span(slot.starts_at, slot.ends_at))],
        )
        for day in found
    ]
