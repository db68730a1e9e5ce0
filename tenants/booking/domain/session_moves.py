"""Moving a session: another time, person or room; everybody who is booked goes with it and is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal, require_version
from tenants.booking.models import LIVE, Booking, Claim, Pool, Session, SessionState, Status
from tenants.catalogue.domain.practitioners import serving
from tenants.events.domain.record import record_event
from tenants.members.models import Member
from tenants.people.domain.places import managed_store
from tenants.people.domain.rights import Action, Actor
from tenants.people.models import Employee, Leave
from tenants.stores.models import Resource, ResourceKind

from .attempts import again_on_conflict
from .claims import ResourceClaim, SlotTaken
from .holds import expire_holds_among, take_claims
from .offering import Offering, read_offering
from .plugged import require_plugged_rules
from .rules import OnLeave
from .search import Need
from .sessions import SessionCalledOff, SessionWrong, lock_session
from .spans import Span
from .transitions import Move, apply_move

MOST_NAMES = 3
MOST_OTHERS = 4
# How far from a time that is taken others are looked for, and in which steps.
NEAR = timedelta(hours=4)
STEP = timedelta(minutes=15)


class SessionGoing(Refusal):
    """The session has begun, or somebody has arrived for it."""

    code = "session_going"
    status = 409
    title = _("Begun already")
    detail = _("The session has begun or somebody is here for it, so it stays where it is.")
    fix = _("Plan another session for those who come later.")


class SessionGuestsBusy(Refusal):
    """Some of those who are booked have another booking at the new time; `bookings` lists those."""

    code = "session_guests_busy"
    status = 409
    title = _("Not everybody can come then")
    detail = _("Already booked elsewhere at that time: %(names)s.")
    fix = _("Choose another time, or move or cancel their places first.")


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """When a session begins (aware), who gives it and where; None for nobody and no room."""

    starts_at: datetime
    practitioner_id: UUID | None
    resource_id: UUID | None


class Going(TypedDict, total=False):
    """What changes of a session's whereabouts; what is left out stays as it is when the session is locked."""

    starts_at: datetime
    practitioner_id: UUID | None
    resource_id: UUID | None


def whereabouts_of(session: Session) -> Whereabouts:
    """Where the session stands."""
    return Whereabouts(session.starts_at, session.practitioner_id, session.resource_id)


@again_on_conflict
def move_session(
    session_id: UUID, *, to: Whereabouts | Going, by: Actor, now: datetime, version: int | None = None
) -> Session:
    """The session at another time, of the same length, by another person or in another room: all or nothing.

    Every booked member goes with it and is told once, whoever gives it too. Prices and codes stay, and no notice
    is asked for. Raises Forbidden, NotSeen, StaleVersion, SessionCalledOff, SessionGoing, SessionWrong,
    SlotTaken naming who or what is taken, OnLeave, SessionGuestsBusy, and what plug-ins' rules refuse.
    """
    session = lock_session(session_id)
    managed_store(session.store_id, by=by, action=Action.PLAN_SESSIONS)
    require_version(session.version, version)
    before = whereabouts_of(session)
    if not isinstance(to, Whereabouts):
        to = replace(before, **to)
    if to == before:
        return session
    if session.state == SessionState.CALLED_OFF:
        raise SessionCalledOff
    if session.starts_at <= now:
        raise SessionGoing
    offering = read_offering(session.store_id, session.service_id, by_staff=True)
    practitioner = _require_fitting(session, offering, to, now=now)
    bookings = _lock_bookings(session)
    served = Span(to.starts_at, to.starts_at + (session.ends_at - session.starts_at))
    _claim(session, offering, practitioner, served, to, now=now)
    _require_guests_free(bookings, session, served, now=now)
    session.starts_at, session.ends_at = served.start, served.end
    session.practitioner, session.resource_id = practitioner, to.resource_id
    session.version += 1
    session.save(update_fields=["starts_at", "ends_at", "practitioner_id", "resource_id", "version"])
    Pool.objects.filter(id=session.pool_id).update(starts_at=served.start, ends_at=served.end)
    for booking in bookings:
        _take_along(booking, session, before, by=by, now=now)
    record_event(
        "session.moved",
        subject_id=session.id,
        store_id=session.store_id,
        version=session.version,
        payload={"state": session.state, "from": _written(before), "by": _text(by.employee_id)},
        now=now,
    )
    return session


def _require_fitting(
    session: Session, offering: Offering, to: Whereabouts, *, now: datetime
) -> Employee | None:
    """Whoever is to give it. What stays as it is is not asked again."""
    wrong = []
    if to.starts_at <= now:
        wrong.append(FieldError("starts_at", "past", _("That time has passed.")))
    practitioner = session.practitioner
    if to.practitioner_id != session.practitioner_id:
        does_it = serving(store_id=offering.store_id, service_id=offering.service_id)
        practitioner = does_it.filter(id=to.practitioner_id).first()
        if practitioner is None and to.practitioner_id is not None:
            wrong.append(FieldError("practitioner", "wrong_skill", _("This person does not do this here.")))
    if to.resource_id not in (None, session.resource_id):
        here = Resource.objects.filter(id=to.resource_id, store_id=offering.store_id, active=True)
        if not here.exclude(kind=ResourceKind.PRACTITIONER).exists():
            wrong.append(FieldError("resource", "unknown", _("There is no such room in this shop.")))
    if wrong:
        raise SessionWrong(errors=wrong)
    return practitioner


def _lock_bookings(session: Session) -> list[Booking]:
    """Those who have a seat, and their members, for us alone until the transaction ends. Raises SessionGoing."""
    rows = Booking.objects.select_for_update(no_key=True, of=("self",)).filter(
        session_id=session.id, status__in=LIVE
    )
    bookings = list(rows.select_related("member", "store").order_by("id"))
    if any(booking.status == Status.ARRIVED for booking in bookings):
        raise SessionGoing
    members = Member.objects.filter(id__in=[one.member_id for one in bookings if one.member_id])
    list(members.order_by("id").select_for_update(no_key=True).values_list("id"))
    return bookings


def _claim(
    session: Session,
    offering: Offering,
    practitioner: Employee | None,
    served: Span,
    to: Whereabouts,
    *,
    now: datetime,
) -> None:
    """Hold person and room there, preparation and clean-up included, and let go of what it held."""
    minutes = int((served.end - served.start).total_seconds() // 60)
    need = Need(minutes=minutes, prepare=offering.need.prepare, clean_up=offering.need.clean_up)
    during = need.claim_span(served.start)
    held = [practitioner.resource_id if practitioner else None, to.resource_id]
    wanted = [ResourceClaim(one, during, store_id=session.store_id) for one in held if one is not None]
    away = _leave(practitioner, during)
    if any(span.overlaps(during) for span in away):
        near = _near(session, practitioner, wanted, served.start, away, now=now)
        raise OnLeave(extra={"alternatives": near, "reasons": ["on_leave"]})
    try:
        take_claims(session.id, wanted=wanted, now=now, holder="session")
    except SlotTaken as refusal:
        refusal.extra["alternatives"] = _near(session, practitioner, wanted, served.start, away, now=now)
        raise


def _leave(practitioner: Employee | None, during: Span) -> list[Span]:
    """When the person is away, around a time."""
    if practitioner is None:
        return []
    around = Leave.objects.filter(
        employee_id=practitioner.id, starts_at__lt=during.end + NEAR, ends_at__gt=during.start - NEAR
    )
    return [Span(one.starts_at, one.ends_at) for one in around]


def _near(
    session: Session,
    practitioner: Employee | None,
    wanted: Sequence[ResourceClaim],
    asked: datetime,
    away: Sequence[Span],
    *,
    now: datetime,
) -> list[dict[str, Any]]:
    """The starts nearest to the one that was refused at which the same person and room are free; one query."""
    if not wanted:
        return []
    during = wanted[0].during
    by = [str(practitioner.id)] if practitioner is not None else []
    others = Claim.objects.filter(
        resource_id__in=[want.resource_id for want in wanted],
        active=True,
        starts_at__lt=during.end + NEAR,
        ends_at__gt=during.start - NEAR,
    ).exclude(session_id=session.id)
    taken = [Span(one.starts_at, one.ends_at) for one in others if one.starts_at and one.ends_at]
    taken += away
    steps = sorted(range(-(NEAR // STEP), NEAR // STEP + 1), key=lambda step: (abs(step), step))
    found = []
    for shift in (step * STEP for step in steps):
        moved = Span(during.start + shift, during.end + shift)
        if asked + shift > now and not any(span.overlaps(moved) for span in taken):
            found.append({"starts_at": (asked + shift).isoformat(), "practitioners": by})
    return found[:MOST_OTHERS]


def _require_guests_free(
    bookings: Sequence[Booking], session: Session, served: Span, *, now: datetime
) -> None:
    """Raise SessionGuestsBusy where somebody who is booked has another live booking then; one query."""
    others = (
        Booking.objects.select_related("member")
        .filter(
            member_id__in=[one.member_id for one in bookings if one.member_id],
            status__in=LIVE,
            pickup_window__isnull=True,
            starts_at__lt=served.end,
            ends_at__gt=served.start,
        )
        .exclude(session_id=session.id)
        .order_by("starts_at", "id")
    )
    found = list(others)
    if found and expire_holds_among([other.id for other in found], now=now):
        found = list(others)
    if not found:
        return
    names = list(dict.fromkeys(str(other.member.name or _("a guest")) for other in found if other.member))
    shown = ", ".join(names[:MOST_NAMES]) + ("…" if len(names) > MOST_NAMES else "")
    listed = [{"id": str(other.id), "code": other.code} for other in found]
    raise SessionGuestsBusy(params={"names": shown}, extra={"bookings": listed})


def _take_along(booking: Booking, session: Session, before: Whereabouts, *, by: Actor, now: datetime) -> None:
    """The seat's booking follows its session; the rules are heard as of any move."""
    fields: dict[str, Any] = {
        "starts_at": session.starts_at,
        "ends_at": session.ends_at,
        "practitioner_id": session.practitioner_id,
        "resource_id": session.resource_id,
    }
    for name, value in fields.items():
        setattr(booking, name, value)
    complete = booking.member_id is not None
    require_plugged_rules(
        booking, booking.store, by_staff=by.is_employee, now=now, complete=complete, moves=True
    )
    detail = {"from": _written(before), "with_session": str(session.id)}
    apply_move(booking, Move.MOVE, by=by, now=now, detail=detail, fields=fields)


def _written(place: Whereabouts) -> dict[str, str | None]:
    return {"starts_at": place.starts_at.isoformat(), "practitioner": _text(place.practitioner_id)}


def _text(key: UUID | None) -> str | None:
    return str(key) if key is not None else None
