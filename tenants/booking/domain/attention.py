"""What of a store's day needs a person now: who is late, unassigned or absent, and holds running out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from tenants.booking.models import LIVE, Booking, Claim, Session, Status
from tenants.people.models import Leave

from .checks import Finding
from .day import StoreDay, late_by
from .spans import Span, merge

# A hold with no more than this left needs an answer.
HOLD_WARNING = timedelta(minutes=3)

Absence = Literal["leave", "no_shift"]
Kind = Literal["late", "unassigned", "leave", "no_shift", "hold", "check"]


@dataclass(frozen=True, slots=True)
class Presence:
    """A practitioner of a day: when they work, and when they are away; aware UTC."""

    id: UUID
    name: str
    shifts: tuple[Span, ...]
    leave: tuple[Span, ...]

    def absence(self, during: Span) -> Absence | None:
        """Why the person cannot be there for all of `during`; None when they can."""
        if any(span.overlaps(during) for span in self.leave):
            return "leave"
        return None if any(span.contains(during) for span in self.shifts) else "no_shift"


@dataclass(frozen=True, slots=True)
class Concern:
    """A booking that needs a person, and why.

    `late`: confirmed, begun LATE_AFTER ago or longer, and nobody came; `following` is the next booking of
    the same practitioner that still stands. `leave`, `no_shift`: its practitioner is not there. `unassigned`:
    it has neither practitioner nor resource though somebody works that day. `hold`: runs out within
    HOLD_WARNING. `check`: the worst that the checks (checks.py) found about it, in `finding`.
    """

    kind: Kind
    booking: Booking
    following: Booking | None = None
    finding: Finding | None = None


def read_presence(day: StoreDay) -> dict[UUID, Presence]:
    """The practitioners of the day with their leave, by id in order of name; one query."""
    leave: dict[UUID, list[Span]] = defaultdict(list)
    away = Leave.objects.filter(
        employee_id__in=[column.employee_id for column in day.columns],
        starts_at__lt=day.span.end,
        ends_at__gt=day.span.start,
    )
    for one in away:
        leave[one.employee_id].append(Span(one.starts_at, one.ends_at))
    return {
        column.employee_id: Presence(
            column.employee_id, column.name, tuple(merge(column.shifts)), tuple(leave[column.employee_id])
        )
        for column in day.columns
    }


def claimed_span(booking: Booking) -> Span:
    """The booking's time with preparation and clean-up, as its practitioner's claim has it (claims prefetched)."""
    practitioner = booking.practitioner
    for claim in booking.claims.all():
        if practitioner is not None and claim.resource_id == practitioner.resource_id:
            assert claim.starts_at is not None and claim.ends_at is not None
            return Span(claim.starts_at, claim.ends_at)
    return Span(booking.starts_at, booking.ends_at)


def find_concerns(
    bookings: Sequence[Booking],
    people: Mapping[UUID, Presence],
    *,
    now: datetime,
    findings: Mapping[UUID, Sequence[Finding]] = MappingProxyType({}),
) -> list[Concern]:
    """What needs a person at `now`, the most pressing first: who is late, what blocks, the rest by start.

    `bookings` are a day's by start, with practitioner and active claims read; `people` who is there;
    `findings` what the checks found, the worst first. Of who has left nothing is said but a bill.
    """
    late: list[Concern] = []
    blocked: list[Concern] = []
    other: list[Concern] = []
    for booking in bookings:
        finding = next((one for one in findings.get(booking.id, ()) if _still_matters(one, booking)), None)
        if finding is not None:
            concern = Concern("check", booking, finding=finding)
            (blocked if finding.severity == "blocks" else other).append(concern)
        if late_by(booking, now=now) is not None:
            late.append(Concern("late", booking, _following(booking, bookings)))
        elif (kind := _kind(booking, people, now=now)) is not None:
            other.append(Concern(kind, booking))
    return late + blocked + other


def find_without_giver(
    sessions: Sequence[Session], people: Mapping[UUID, Presence], *, now: datetime
) -> list[Session]:
    """Those of a day's sessions, not over, whose practitioner is on leave by now for some of it, by start.

    Preparation and clean-up count. One query where somebody who gives one is away that day. A missing shift is
    none of it: a session may be planned outside shifts.
    """
    doubtful = {
        (one.practitioner.resource_id, one.id): one
        for one in sessions
        if one.practitioner is not None and one.ends_at > now and _away(people.get(one.practitioner.id))
    }
    if not doubtful:
        return []
    held = Claim.objects.filter(active=True, session_id__in=[session_id for _, session_id in doubtful])
    during = {(one.resource_id, one.session_id): one for one in held}
    found = []
    for key, session in doubtful.items():
        assert session.practitioner is not None
        claim = during.get(key)
        span = (
            Span(claim.starts_at, claim.ends_at)
            if claim is not None and claim.starts_at and claim.ends_at
            else Span(session.starts_at, session.ends_at)
        )
        if any(away.overlaps(span) for away in people[session.practitioner.id].leave):
            found.append(session)
    return sorted(found, key=lambda one: (one.starts_at, one.id))


def _away(person: Presence | None) -> bool:
    return person is not None and bool(person.leave)


def _still_matters(finding: Finding, booking: Booking) -> bool:
    return finding.kind == "unpaid" or booking.status in LIVE


def _kind(booking: Booking, people: Mapping[UUID, Presence], *, now: datetime) -> Kind | None:
    if booking.status == Status.HELD and booking.expires_at is not None:
        return "hold" if timedelta() < booking.expires_at - now <= HOLD_WARNING else None
    if booking.status != Status.CONFIRMED or booking.ends_at <= now:
        return None
    if booking.session_id is not None or booking.pickup_window_id is not None:
        return None  # the session holds its people; goods need none
    if booking.practitioner_id is None:
        return "unassigned" if booking.resource_id is None and people else None
    person = people.get(booking.practitioner_id)
    return person.absence(claimed_span(booking)) if person is not None else "no_shift"


def _following(booking: Booking, bookings: Sequence[Booking]) -> Booking | None:
    return next(
        (
            other
            for other in bookings
            if other.starts_at > booking.starts_at
            and other.practitioner_id == booking.practitioner_id
            and other.status in (Status.CONFIRMED, Status.HELD)
        ),
        None,
    )
