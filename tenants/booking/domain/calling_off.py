"""Calling a session off: what becomes of its bookings, foreseen and done; whoever is concerned is told once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal, require_version
from tenants.booking.models import LIVE, Booking, HoldPayment, Means, Session, SessionState, Status
from tenants.people.domain.places import managed_store
from tenants.people.domain.rights import Action, Actor

from .attempts import again_on_conflict
from .claims import release_claims
from .deposits import PAID
from .notices import phone_of
from .sessions import SessionCalledOff, lock_session, record_session
from .transitions import Move, apply_move


class SessionBegun(Refusal):
    """The session has begun or is over."""

    code = "session_begun"
    status = 422
    title = _("Begun already")
    detail = _("The session has begun, so it can no longer be called off.")
    fix = _("Close the visits of those who came one by one.")


@dataclass(frozen=True, slots=True)
class Effects:
    """What calling a session off does: how many bookings of how many people it cancels, and what comes back.

    `told` of the bookings are told by text, `untold` are the names of those whom somebody has to tell (empty for one
    without a name). `holds` are of visitors who have not said who they are. `passes` are bookings whose credits come
    back. `returned` is what was paid ahead, as (currency, minor units), and goes back by itself; `at_desk` is what a
    person gives back.
    """

    bookings: int = 0
    people: int = 0
    told: int = 0
    untold: tuple[str, ...] = ()
    holds: int = 0
    passes: int = 0
    returned: tuple[tuple[str, int], ...] = ()
    at_desk: tuple[tuple[str, int], ...] = ()


def foresee_calling_off(session_id: UUID) -> Effects:
    """What calling the session off would do as it stands; two queries, nothing is written."""
    every = Booking.objects.filter(session_id=session_id, status__in=LIVE)
    rows = list(every.select_related("member", "payer").order_by("created_at", "id"))
    booked = [one for one in rows if one.member is not None]
    paid = HoldPayment.objects.filter(booking_id__in=[one.id for one in booked], state__in=PAID)
    sums: dict[bool, dict[str, int]] = {True: {}, False: {}}
    for one in paid:
        left = sums[one.means == Means.DESK]
        left[one.currency] = left.get(one.currency, 0) + one.amount - one.returned
    return Effects(
        bookings=len(booked),
        people=sum(one.party_size for one in booked),
        told=sum(1 for one in booked if phone_of(one)),
        untold=tuple(one.member.name for one in booked if one.member is not None and not phone_of(one)),
        holds=len(rows) - len(booked),
        passes=sum(1 for one in booked if one.pass_id is not None),
        returned=tuple(sorted(sums[False].items())),
        at_desk=tuple(sorted(sums[True].items())),
    )


@again_on_conflict
def call_off_session(
    session_id: UUID, *, by: Actor, now: datetime, reason: str = "", version: int | None = None
) -> Session:
    """The session does not take place: its bookings are cancelled, all is free at once. Each member and whoever
    gives it are told once.

    Credits of passes come back, and what was paid ahead. Raises Forbidden, NotSeen, StaleVersion, SessionCalledOff,
    SessionBegun.
    """
    session = lock_session(session_id)
    managed_store(session.store_id, by=by, action=Action.PLAN_SESSIONS)
    require_version(session.version, version)
    if session.state == SessionState.CALLED_OFF:
        raise SessionCalledOff
    if session.starts_at <= now:
        raise SessionBegun
    session.state, session.reason, session.version = SessionState.CALLED_OFF, reason, session.version + 1
    session.save(update_fields=["state", "reason", "version"])
    for booking in (
        Booking.objects.select_for_update(no_key=True)
        .filter(session_id=session_id, status__in=LIVE)
        .order_by("id")
    ):
        if booking.status == Status.ARRIVED:
            raise SessionBegun
        # a visitor's hold has no member to tell
        move = Move.CANCEL if booking.member_id is not None else Move.EXPIRE
        detail = {"with_session": str(session.id)}
        apply_move(booking, move, by=by, now=now, reason=reason, detail=detail, fields={"reason": reason})
    release_claims(session_id, holder="session")
    told_by = str(by.employee_id) if by.employee_id is not None else None
    record_session(session, "session.called_off", now=now, by=told_by)
    return session
