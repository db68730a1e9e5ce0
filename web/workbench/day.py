"""The day of a store as its page shows it: rows, what needs a person, and the columns of the timeline.

Read by a fixed number of queries, however many bookings there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils.translation import gettext as _

from tenants.booking.domain.day import LATE_AFTER, StoreDay, read_store_day
from tenants.booking.domain.spans import Span
from tenants.booking.models import Booking, Claim, Status
from tenants.members.models import Member
from web.formats import format_clock, mask_phone
from web.workbench.access import Desk
from web.workbench.staffing import Person, people_of


@dataclass(frozen=True, slots=True)
class Row:
    """One booking of the day. `shown` is its status, or `late`; `late` whole minutes; times are local."""

    booking: Booking
    name: str
    shown: str
    late: int
    hold_left: int | None
    starts: datetime
    ends: datetime
    mine: bool
    claimed: Span

    @property
    def key(self) -> str:
        """The booking's id as it stands in ids of the page."""
        return str(self.booking.id)

    @property
    def minutes(self) -> int:
        """How long the service takes."""
        return int((self.ends - self.starts).total_seconds() // 60)

    @property
    def who(self) -> str:
        """The practitioner's name, or the resource's, or nothing."""
        booking = self.booking
        if booking.practitioner is not None:
            return booking.practitioner.name
        return booking.resource.name if booking.resource is not None else ""

    @property
    def second(self) -> str:
        """Service and who, as the row's second line says it."""
        words = [self.booking.service.name, self.who]
        if self.booking.party_size > 1:
            words.insert(1, _("%(count)s people") % {"count": self.booking.party_size})
        return " · ".join(word for word in words if word)

    @property
    def can_redeem(self) -> bool:
        """Whether the row offers to redeem; the domain says whether it is the time for it."""
        return self.booking.status == Status.CONFIRMED


@dataclass(frozen=True, slots=True)
class Day:
    """A store's local day: rows in order of start, of one practitioner if `who` says so."""

    store_day: StoreDay
    who: UUID | None
    people: dict[UUID, Person]
    every: tuple[Row, ...]

    @property
    def on(self) -> date:
        """The store's date."""
        return self.store_day.day

    @property
    def rows(self) -> list[Row]:
        """The rows the list shows."""
        return [row for row in self.every if self.who in (None, row.booking.practitioner_id)]

    @property
    def count(self) -> int:
        """How many bookings."""
        return len(self.rows)

    @property
    def done(self) -> int:
        """Those that are over."""
        return sum(row.booking.status == Status.COMPLETED for row in self.rows)

    def row_of(self, booking_id: UUID) -> Row | None:
        """The row of one booking, if it belongs to this day."""
        return next((row for row in self.every if row.booking.id == booking_id), None)


def guest_name(member: Member | None) -> str:
    """The name a booking is called by: the member's, else the masked phone, else a word.

    A visitor who holds a time is no member yet.
    """
    if member is None:
        return _("Online visitor")
    if member.name:
        return member.name
    return mask_phone(member.phone) if member.phone else _("Walk-in guest")


def read_day(desk: Desk, on: date, *, who: UUID | None = None) -> Day:
    """The store's day `on`, by nine queries. Raises Forbidden or NotSeen without the right to read it."""
    store_day = read_store_day(desk.store.id, on, by=desk.actor)
    prefetch_related_objects(store_day.bookings, held_claims())
    rows = tuple(row_of(booking, desk) for booking in store_day.bookings)
    return Day(store_day=store_day, who=who, people=people_of(store_day), every=rows)


def held_claims() -> Prefetch[str, QuerySet[Claim], str]:
    """The claims a row needs, for prefetching."""
    return Prefetch("claims", queryset=Claim.objects.filter(active=True, resource__isnull=False))


def row_of(booking: Booking, desk: Desk) -> Row:
    """One booking (with service, member, practitioner, claims read) as it stands at `desk.now`."""
    late = desk.now - booking.starts_at
    is_late = booking.status == Status.CONFIRMED and late >= LATE_AFTER
    left = booking.expires_at - desk.now if booking.status == Status.HELD and booking.expires_at else None
    return Row(
        booking=booking,
        name=guest_name(booking.member),
        shown="late" if is_late else booking.status,
        late=int(late.total_seconds() // 60) if is_late else 0,
        hold_left=max(0, int(left.total_seconds())) if left is not None else None,
        starts=booking.starts_at.astimezone(desk.zone),
        ends=booking.ends_at.astimezone(desk.zone),
        mine=booking.practitioner_id is not None and booking.practitioner_id == desk.actor.employee_id,
        claimed=claimed_span(booking),
    )


def claimed_span(booking: Booking) -> Span:
    """The booking's time with preparation and clean-up, as its practitioner's claim has it."""
    practitioner = booking.practitioner
    for claim in booking.claims.all():
        if practitioner is not None and claim.resource_id == practitioner.resource_id:
            assert claim.starts_at is not None and claim.ends_at is not None
            return Span(claim.starts_at, claim.ends_at)
    return Span(booking.starts_at, booking.ends_at)


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that needs a person: what, about it, and where it is settled."""

    kind: str
    tone: str
    icon: str
    title: str
    second: str
    booking_id: UUID
    action: str


HOLD_WARNING = timedelta(minutes=3)


def read_attention(day: Day, desk: Desk) -> list[Attention]:
    """What needs a person now, the most pressing first: late, unassigned, absent, holds running out."""
    late: list[Attention] = []
    other: list[Attention] = []
    for row in day.every:
        booking = row.booking
        if row.late:
            late.append(_late(row, day.every))
        elif booking.status == Status.CONFIRMED and booking.ends_at > desk.now:
            found = _unstaffed(row, day.people)
            if found is not None:
                other.append(found)
        elif row.hold_left is not None and 0 < row.hold_left <= HOLD_WARNING.total_seconds():
            other.append(_running_out(row, desk))
    return late + other


def _late(row: Row, rows: Sequence[Row]) -> Attention:
    following = next(
        (
            other
            for other in rows
            if other.starts > row.starts
            and other.booking.practitioner_id == row.booking.practitioner_id
            and other.booking.status in (Status.CONFIRMED, Status.HELD)
        ),
        None,
    )
    when = f"{format_clock(row.starts)} {row.who}".strip()
    second = (
        _("%(when)s, the next guest at %(next)s") % {"when": when, "next": format_clock(following.starts)}
        if following is not None
        else when
    )
    title = _("%(name)s is %(minutes)s min late") % {"name": row.name, "minutes": row.late}
    return Attention("late", "warn", "timer", title, second, row.booking.id, "look")


def _unstaffed(row: Row, people: dict[UUID, Person]) -> Attention | None:
    booking = row.booking
    about = f"{format_clock(row.starts)} {row.name} · {booking.service.name}"
    if booking.practitioner_id is None:
        if booking.resource_id is not None or not people:
            return None
        title = _("Nobody is assigned to %(name)s") % {"name": row.name}
        return Attention("unassigned", "info", "user-x", title, about, booking.id, "move")
    person = people.get(booking.practitioner_id)
    reason = person.absence(row.claimed) if person is not None else "no_shift"
    if reason is None:
        return None
    words = _("%(who)s is on leave") if reason == "leave" else _("%(who)s has no shift then")
    return Attention(reason, "bad", "calendar-x", words % {"who": row.who}, about, booking.id, "move")


def _running_out(row: Row, desk: Desk) -> Attention:
    expires = row.booking.expires_at
    assert expires is not None
    title = _("The hold of %(name)s runs out at %(time)s") % {
        "name": row.name,
        "time": format_clock(expires.astimezone(desk.zone)),
    }
    about = f"{format_clock(row.starts)} {row.second}"
    return Attention("hold", "warn", "hourglass", title, about, row.booking.id, "look")
