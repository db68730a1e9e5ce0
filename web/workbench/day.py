"""The day of a store as its page shows it: rows, what needs a person, and the columns of the timeline.

Read by a fixed number of queries, however many bookings there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet, prefetch_related_objects
from django.utils.translation import gettext as _

from tenants.booking.domain.attention import (
    Concern,
    Presence,
    claimed_span,
    find_concerns,
    find_without_giver,
    read_presence,
)
from tenants.booking.domain.checks import Finding, find_findings
from tenants.booking.domain.day import StoreDay, late_by, read_store_day
from tenants.booking.domain.spans import Span
from tenants.booking.models import Booking, Claim, Session, Status
from tenants.members.models import Member
from tenants.people.domain.rights import Action
from tenants.stores.models import ResourceKind
from web.formats import format_clock, mask_phone
from web.workbench.access import Desk
from web.workbench.session_blocks import session_words


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

    @property
    def claimed(self) -> Span:
        """Its time with preparation and clean-up (claims read)."""
        return claimed_span(self.booking)

    @property
    def is_scheduled(self) -> bool:
        """Whether it is a seat in a session, or goods for pickup."""
        return self.booking.session_id is not None or self.booking.pickup_window_id is not None

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
    def rooms(self) -> list[UUID]:
        """What else than its practitioner it holds, or held: rooms, tables, stations."""
        booking = self.booking
        own = booking.practitioner.resource_id if booking.practitioner is not None else None
        held = [claim.resource_id for claim in booking.claims.all() if claim.resource_id not in (None, own)]
        kept = [booking.resource_id] if booking.resource_id is not None else []
        return list(dict.fromkeys([key for key in held if key is not None] or kept))

    @property
    def can_redeem(self) -> bool:
        """Whether the row offers to redeem; the domain says whether it is the time for it."""
        return self.booking.status == Status.CONFIRMED


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a day is shown: by practitioner, service, status (`late` too) and channel; nothing set shows all."""

    who: UUID | None = None
    service: UUID | None = None
    status: str = ""
    channel: str = ""

    def show(self, row: Row) -> bool:
        """Whether the booking is shown."""
        booking = row.booking
        return (
            self.who in (None, booking.practitioner_id)
            and self.service in (None, booking.service_id)
            and self.status in ("", row.shown, booking.status)
            and self.channel in ("", booking.channel)
        )

    def show_session(self, session: Session) -> bool:
        """Whether the session is shown: it has a service and whoever gives it, but neither status nor channel."""
        return (
            self.who in (None, session.practitioner_id)
            and self.service in (None, session.service_id)
            and not (self.status or self.channel)
        )


@dataclass(frozen=True, slots=True)
class Day:
    """A store's local day: rows in order of start; `filters` say which of them are shown."""

    store_day: StoreDay
    filters: Filters
    people: dict[UUID, Presence]
    every: tuple[Row, ...]

    @property
    def who(self) -> UUID | None:
        """The one practitioner who is shown; None for all."""
        return self.filters.who

    @property
    def on(self) -> date:
        """The store's date."""
        return self.store_day.day

    @property
    def timed(self) -> list[Row]:
        """Those with a time of their own: a session is one thing on the timeline, goods are none."""
        return [row for row in self.every if not row.is_scheduled]

    @property
    def rows(self) -> list[Row]:
        """The rows the list shows."""
        return [row for row in self.every if self.filters.show(row)]

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


def read_day(desk: Desk, on: date, *, filters: Filters = Filters()) -> Day:
    """The store's day `on`, by nine queries. Raises Forbidden or NotSeen without the right to read it."""
    store_day = read_store_day(desk.store.id, on, by=desk.actor, now=desk.now)
    prefetch_related_objects(store_day.bookings, held_claims())
    rows = tuple(row_of(booking, desk) for booking in store_day.bookings)
    return Day(store_day=store_day, filters=filters, people=read_presence(store_day), every=rows)


def held_claims() -> Prefetch[str, QuerySet[Claim], str]:
    """The claims a row needs, for prefetching; of a visit that came about and is over, where it was too."""
    over = Q(booking__status=Status.COMPLETED) & ~Q(resource__kind=ResourceKind.PRACTITIONER)
    return Prefetch("claims", queryset=Claim.objects.filter(Q(active=True) | over, resource__isnull=False))


def row_of(booking: Booking, desk: Desk) -> Row:
    """One booking (with service, member and practitioner read) as it stands at `desk.now`."""
    late = late_by(booking, now=desk.now)
    left = booking.expires_at - desk.now if booking.status == Status.HELD and booking.expires_at else None
    return Row(
        booking=booking,
        name=guest_name(booking.member),
        shown="late" if late is not None else booking.status,
        late=int(late.total_seconds() // 60) if late is not None else 0,
        hold_left=max(0, int(left.total_seconds())) if left is not None else None,
        starts=booking.starts_at.astimezone(desk.zone),
        ends=booking.ends_at.astimezone(desk.zone),
        mine=booking.practitioner_id is not None and booking.practitioner_id == desk.actor.employee_id,
    )


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that needs a person: what, about it, and where it is settled: at its booking or session by `action`
    (look, move), else at that address.
    """

    kind: str
    tone: str
    icon: str
    title: str
    second: str
    booking_id: UUID | None
    action: str
    session_id: UUID | None = None


def read_attention(day: Day, desk: Desk) -> list[Attention]:
    """What needs a person now, the most pressing first, in words."""
    bookings = [row.booking for row in day.every]
    findings = find_findings(bookings)
    found = find_concerns(bookings, day.people, now=desk.now, findings=findings)
    rows = {row.booking.id: row for row in day.every}
    items = [_words(concern, rows[concern.booking.id], desk) for concern in found]
    # a session that nobody gives is for many: after who is late and what blocks, before the rest
    rest = next((at for at, one in enumerate(found) if one.kind not in ("late", "check")), len(found))
    items[rest:rest] = [
        _without_giver(one, desk)
        for one in find_without_giver(day.store_day.sessions, day.people, now=desk.now)
    ]
    return items


def _without_giver(session: Session, desk: Desk) -> Attention:
    assert session.practitioner is not None
    title = _("%(who)s is on leave") % {"who": session.practitioner.name}
    about = f"{format_clock(session.starts_at.astimezone(desk.zone))} {session_words(session)}"
    movable = session.starts_at > desk.now and desk.may(Action.PLAN_SESSIONS)
    action = "move" if movable else "look"
    return Attention("session_leave", "bad", "calendar-x", title, about, None, action, session.id)


def _words(concern: Concern, row: Row, desk: Desk) -> Attention:
    kind, booking = concern.kind, concern.booking
    about = f"{format_clock(row.starts)} {row.name} · {booking.service.name}"
    if kind == "late":
        title = _("%(name)s is %(minutes)s min late") % {"name": row.name, "minutes": row.late}
        return Attention(kind, "warn", "timer", title, _late_second(concern, row, desk), booking.id, "look")
    if kind == "check":
        assert concern.finding is not None
        return _found_words(concern.finding, row, about, booking.id)
    if kind == "unassigned":
        title = _("Nobody is assigned to %(name)s") % {"name": row.name}
        return Attention(kind, "info", "user-x", title, about, booking.id, "move")
    if kind == "hold":
        assert booking.expires_at is not None
        words = {"name": row.name, "time": format_clock(booking.expires_at.astimezone(desk.zone))}
        title = _("The hold of %(name)s runs out at %(time)s") % words
        about = f"{format_clock(row.starts)} {row.second}"
        return Attention(kind, "warn", "hourglass", title, about, booking.id, "look")
    said = _("%(who)s is on leave") if kind == "leave" else _("%(who)s has no shift then")
    return Attention(kind, "bad", "calendar-x", said % {"who": row.who}, about, booking.id, "move")


def _found_words(finding: Finding, row: Row, about: str, booking_id: UUID) -> Attention:
    """`苏晴: 水杨酸过敏`, and what was done about it, else when it is."""
    title = _("%(name)s: %(finding)s") % {"name": row.name, "finding": finding.title}
    icon = "receipt-text" if finding.kind == "unpaid" else "shield-alert"
    tone = "bad" if finding.severity == "blocks" else "warn"
    return Attention(finding.kind, tone, icon, title, str(finding.detail) or about, booking_id, "look")


def _late_second(concern: Concern, row: Row, desk: Desk) -> str:
    when = f"{format_clock(row.starts)} {row.who}".strip()
    if concern.following is None:
        return when
    following = format_clock(concern.following.starts_at.astimezone(desk.zone))
    return _("%(when)s, the next guest at %(next)s") % {"when": when, "next": following}
