"""Moving a session: another time, person or room; everybody who is booked goes with it and is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal, require_version
from tenants.booking.models import LIVE, Booking, Pool, Session, SessionState, Status
from tenants.catalogue.domain.practitioners import serving
from tenants.members.models import Member
from tenants.people.domain.places import managed_store
from tenants.people.domain.rights import Action, Actor, may
from tenants.people.models import Employee
from tenants.stores.models import Resource, ResourceKind

from .attempts import again_on_conflict
from .claims import ResourceClaim, SlotTaken
from .holds import expire_holds_among, take_claims
from .offering import Offering, read_offering
from .plugged import require_plugged_rules
from .rules import TimeClosed
from .session_times import near_times, note_outside, read_times, require_overruler, require_times, stay_at
from .sessions import SessionCalledOff, SessionWrong, lock_session, record_session
from .spans import Span
from .transitions import Move, apply_move
from .why import Code

MOST_NAMES = 3


class SessionGoing(Refusal):
    """The session has begun, or somebody has arrived for it."""

    code = "session_going"
    status = 409
    title = _("Begun already")
    detail = _("The session has begun or somebody is here for it, so it stays where it is.")
    fix = _("Plan another session for those who come later.")


class SessionGuestsBusy(Refusal):
    """Some of those who are booked have another booking at the new time.

    `bookings` lists those that whoever moves it may see; `elsewhere` counts the others, in stores that are not theirs.
    """

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
    session_id: UUID,
    *,
    to: Whereabouts | Going,
    by: Actor,
    now: datetime,
    version: int | None = None,
    outside: str | None = None,
) -> Session:
    """The session at another time, of the same length, by another person or in another room: all or nothing.

    Every booked member goes with it and is told once, whoever gives it too. Prices and codes stay, and no notice
    is asked for. `outside` is the reason for which it may stand outside hours and shifts. Raises Forbidden, NotSeen,
    StaleVersion, SessionCalledOff, SessionGoing, SessionWrong, SlotTaken naming who or what is taken, what planning
    it there raises (OnLeave, ClosedDay, OutsideHours, NoShift, OutsideUnexplained), SessionGuestsBusy, and what
    plug-ins' rules refuse.
    """
    session = lock_session(session_id)
    managed_store(session.store_id, by=by, action=Action.PLAN_SESSIONS)
    require_overruler(outside, store_id=session.store_id, by=by)
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
    served, overruled = _claim(session, offering, practitioner, before, to, outside=outside, now=now)
    _require_guests_free(bookings, session, served, by=by, now=now)
    session.starts_at, session.ends_at = served.start, served.end
    session.practitioner, session.resource_id = practitioner, to.resource_id
    session.version += 1
    session.save(update_fields=["starts_at", "ends_at", "practitioner_id", "resource_id", "version"])
    Pool.objects.filter(id=session.pool_id).update(starts_at=served.start, ends_at=served.end)
    for booking in bookings:
        _take_along(booking, session, before, by=by, now=now)
    note_outside(session, overruled, outside, by=by, now=now)
    told = {"from": _written(before), "by": _text(by.employee_id)}
    record_session(session, "session.moved", now=now, **told)
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
    before: Whereabouts,
    to: Whereabouts,
    *,
    outside: str | None,
    now: datetime,
) -> tuple[Span, list[Code]]:
    """Hold person and room there, preparation and clean-up included, and let go of what it held.

    The time of its guests then, and what of hours and shifts was overruled. What stays as it is is not asked again.
    """
    minutes = int((session.ends_at - session.starts_at).total_seconds() // 60)
    stay = stay_at(to.starts_at, replace(offering.need, minutes=minutes))
    elsewhen = to.starts_at != before.starts_at
    another = to.practitioner_id != before.practitioner_id
    times = read_times(offering, [stay], practitioner=practitioner)
    held = [practitioner.resource_id if practitioner else None, to.resource_id]
    resources = [one for one in held if one is not None]
    wanted = [
        ResourceClaim(one, stay.during, store_id=session.store_id, read=times.as_read) for one in resources
    ]
    try:
        (overruled,) = require_times(
            times, [stay], now=now, outside=outside, hours=elsewhen, person=elsewhen or another
        )
        take_claims(session.id, wanted=wanted, now=now, holder="session")
    except (TimeClosed, SlotTaken) as refusal:
        refusal.extra["alternatives"] = near_times(
            times, stay, resources=resources, now=now, but=session.id, outside=outside
        )
        raise
    return stay.served, overruled


def _require_guests_free(
    bookings: Sequence[Booking], session: Session, served: Span, *, by: Actor, now: datetime
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
    seen = [other for other in found if may(by, Action.READ_DAY, store_id=other.store_id)]
    listed = [{"id": str(other.id), "code": other.code} for other in seen]
    raise SessionGuestsBusy(
        params={"names": shown}, extra={"bookings": listed, "elsewhere": len(found) - len(seen)}
    )


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
