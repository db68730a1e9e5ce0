"""The panel of one session: how full, who is booked and where they stand, and what can be done now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chains.refusals import Refusal
from tenants.booking.domain.day import late_by
from tenants.booking.domain.sessions import left_of, read_roster, session_state
from tenants.booking.models import Booking, Session, Status
from tenants.people.domain.rights import Action, NotSeen
from web.booking_steps import Asked, asked_of, vertical_steps
from web.workbench.access import Desk
from web.workbench.day import guest_name
from web.workbench.frame import here


@dataclass(frozen=True, slots=True)
class Seat:
    """One booking of the session."""

    name: str
    seats: int
    shown: str
    url: str
    redeem_url: str


@dataclass(frozen=True, slots=True)
class SessionPanel:
    """What the panel shows of a session, and which actions it offers to whoever looks; times are local."""

    session: Session
    state: str
    starts: datetime
    ends: datetime
    seats: tuple[Seat, ...]
    came: int
    can_join: bool
    can_move: bool
    can_call_off: bool
    asked: list[Asked]

    @property
    def left(self) -> int:
        """Seats that can still be taken."""
        return left_of(self.session.pool)

    @property
    def shown(self) -> str:
        """The status that its badge says; empty for one that is called off or over."""
        if self.state != "scheduled":
            return ""
        return "session" if self.left else "full"

    @property
    def missing(self) -> int:
        """How many more are needed for it to take place."""
        return max(0, self.session.minimum - self.session.pool.taken) if self.state == "scheduled" else 0

    @property
    def mark(self) -> str:
        """Another text for whatever the panel shows differently: a page reads it again only then."""
        seats = ",".join(f"{seat.url[-9:]}{seat.shown}{seat.seats}" for seat in self.seats)
        return f"{self.session.version} {self.state} {self.session.pool.taken} {self.can_move} {self.can_call_off} {seats}"

    @property
    def minutes(self) -> int:
        """How long it lasts."""
        return int((self.ends - self.starts).total_seconds() // 60)


def session_here(desk: Desk, session_id: UUID) -> tuple[Session, list[Booking]]:
    """A session of the desk's store with its roster, by two queries. Raises Forbidden, and NotSeen for any other."""
    session, booked = read_roster(session_id, by=desk.actor, now=desk.now)
    if session.store_id != desk.store.id:
        raise NotSeen
    return session, booked


def read_session_panel(
    desk: Desk, session_id: UUID, data: Mapping[str, str] | None = None, refusal: Refusal | None = None
) -> SessionPanel:
    """The panel; `data` and `refusal` are what was typed into its form and what was wrong with it."""
    session, booked = session_here(desk, session_id)
    state = session_state(session, now=desk.now)
    can_join = state == "scheduled" and left_of(session.pool) > 0 and desk.may(Action.CREATE_BOOKING)
    steps = vertical_steps(desk, session.service_id) if can_join else []
    came = sum(one.party_size for one in booked if one.status in (Status.ARRIVED, Status.COMPLETED))
    can_move = state == "scheduled" and session.starts_at > desk.now and desk.may(Action.PLAN_SESSIONS)
    return SessionPanel(
        session=session,
        state=state,
        starts=session.starts_at.astimezone(desk.zone),
        ends=session.ends_at.astimezone(desk.zone),
        seats=tuple(_seat(booking, desk) for booking in booked),
        came=came,
        can_join=can_join,
        can_move=can_move,
        can_call_off=can_move and not came,
        asked=asked_of(steps, data or {}, refusal, mark="join-"),
    )


def _seat(booking: Booking, desk: Desk) -> Seat:
    late = late_by(booking, now=desk.now)
    may_redeem = booking.status == Status.CONFIRMED and desk.may(Action.REDEEM_BOOKING)
    return Seat(
        name=guest_name(booking.member),
        seats=booking.party_size,
        shown="late" if late is not None else booking.status,
        url=here("booking", desk, booking.id),
        redeem_url=here("redeem_one", desk, booking.id) if may_redeem else "",
    )
