"""Sessions: scheduled occurrences with seats, planned week by week, and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id
from chains.postgresql.ask import Question, ask
from chains.refusals import FieldError, Refusal, require_version
from tenants.booking.models import Booking, Pool, Session, SessionState, Status
from tenants.catalogue.domain.practitioners import serving
from tenants.catalogue.models import BookedAs
from tenants.events.domain.record import record_event
from tenants.people.domain.places import managed_store
from tenants.people.domain.rights import Action, Actor, NotSeen, require
from tenants.people.models import Employee
from tenants.stores.domain.spoken import spoken
from tenants.stores.domain.wall import local_day, resolve_local
from tenants.stores.models import Resource, ResourceKind

from .against import AsRead
from .attempts import again_on_conflict
from .claims import SESSION, ResourceClaim, SessionFull, SlotTaken
from .history import require_shown
from .holds import take_claims
from .offering import Offering, read_offering
from .session_times import Stay, note_outside, read_times, require_overruler, require_times, stay_at
from .spots import rows_question

MOST_WEEKS = 26
MOST_SEATS = 5_000


class SessionWrong(Refusal):
    """The plan names a service without sessions, a person who does not do it, or numbers that do not fit."""

    code = "session_wrong"
    status = 422
    title = _("This session cannot be planned")
    detail = _("Some of what was said of the session does not fit.")
    fix = _("Correct the fields that are named.")


class SessionCalledOff(Refusal):
    """The session does not take place."""

    code = "session_called_off"
    status = 409
    title = _("Called off")
    detail = _("This session does not take place.")
    fix = _("Choose another session.")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a session is: who gives it (or nobody), where, for how many. `minutes` None is the service's."""

    capacity: int
    minimum: int = 0
    practitioner_id: UUID | None = None
    resource_id: UUID | None = None
    minutes: int | None = None


@again_on_conflict
def plan_sessions(
    service_id: UUID,
    *,
    store_id: UUID,
    starts_at: datetime,
    plan: Plan,
    by: Actor,
    now: datetime,
    weeks: int = 1,
    outside: str | None = None,
) -> list[Session]:
    """Sessions at the store from `starts_at` on, at the same local time in `weeks` weeks (1 to 26): all or none.

    Each holds its practitioner (preparation and clean-up included) and its room like any booking does. `outside`
    is the reason for which they may stand outside the shop's hours and the practitioner's shifts.
    Raises Forbidden, NotSeen, SessionWrong, OutsideUnexplained, OnLeave, ClosedDay, OutsideHours or NoShift with every
    date that the rule closes, and SlotTaken that names the first date which does not work.
    """
    managed_store(store_id, by=by, action=Action.PLAN_SESSIONS)
    require_overruler(outside, store_id=store_id, by=by)
    offering = read_offering(store_id, service_id, by_staff=True)
    practitioner = _require_fitting(offering, plan, starts_at=starts_at, weeks=weeks, now=now)
    need = replace(offering.need, minutes=plan.minutes or offering.need.minutes)
    stays = [stay_at(start, need) for start in _weekly(starts_at, offering.zone, weeks)]
    times = read_times(offering, stays, practitioner=practitioner)
    overruled = require_times(times, stays, now=now, outside=outside)
    made = [_add(offering, plan, practitioner, stay, times.as_read, now=now) for stay in stays]
    for session, codes in zip(made, overruled, strict=True):
        note_outside(session, codes, outside, by=by, now=now)
    return made


def _weekly(starts_at: datetime, zone: ZoneInfo, weeks: int) -> list[datetime]:
    """The start in each week: the same time of the store's clock, also after the clocks have changed."""
    local = starts_at.astimezone(zone)
    minutes = local.hour * 60 + local.minute
    later = [resolve_local(local.date() + timedelta(weeks=n), minutes, zone) for n in range(1, weeks)]
    return [starts_at, *later]


def _require_fitting(
    offering: Offering, plan: Plan, *, starts_at: datetime, weeks: int, now: datetime
) -> Employee | None:
    wrong = []
    if offering.booked_as != BookedAs.SESSION:
        wrong.append(FieldError("service", "no_sessions", _("This service is not booked by session.")))
    if starts_at <= now:
        wrong.append(FieldError("starts_at", "past", _("That time has passed.")))
    if not 1 <= weeks <= MOST_WEEKS:
        wrong.append(FieldError("weeks", "out_of_range", _("A session repeats for at most 26 weeks.")))
    if not 1 <= plan.capacity <= MOST_SEATS or plan.minimum > plan.capacity:
        wrong.append(
            FieldError(
                "capacity", "out_of_range", _("There is at least one place, and no fewer than needed.")
            )
        )
    practitioner = None
    if plan.practitioner_id is not None:
        does_it = serving(store_id=offering.store_id, service_id=offering.service_id)
        practitioner = does_it.filter(id=plan.practitioner_id).first()
        if practitioner is None:
            wrong.append(FieldError("practitioner", "wrong_skill", _("This person does not do this here.")))
    if plan.resource_id is not None:
        here = Resource.objects.filter(id=plan.resource_id, store_id=offering.store_id, active=True)
        if not here.exclude(kind=ResourceKind.PRACTITIONER).exists():
            wrong.append(FieldError("resource", "unknown", _("There is no such room in this shop.")))
    if wrong:
        raise SessionWrong(errors=wrong)
    return practitioner


def _add(
    offering: Offering,
    plan: Plan,
    practitioner: Employee | None,
    stay: Stay,
    as_read: AsRead,
    *,
    now: datetime,
) -> Session:
    here, span = offering.store_id, stay.served
    pool = Pool.objects.create(
        id=new_id(),
        store_id=here,
        kind=SESSION,
        name=offering.service_name,
        starts_at=span.start,
        ends_at=span.end,
        capacity=plan.capacity,
    )
    session = Session.objects.create(
        id=new_id(),
        store_id=here,
        service_id=offering.service_id,
        practitioner=practitioner,
        resource_id=plan.resource_id,
        pool=pool,
        starts_at=span.start,
        ends_at=span.end,
        minimum=plan.minimum,
        created_at=now,
    )
    held = [practitioner.resource_id if practitioner else None, plan.resource_id]
    wanted = [ResourceClaim(one, stay.during, store_id=here, read=as_read) for one in held if one is not None]
    try:
        take_claims(session.id, wanted=wanted, now=now, fresh=True, holder="session")
    except SlotTaken as refusal:
        when = spoken(span.start, zone=offering.zone, now=now)
        at = span.start.astimezone(offering.zone).isoformat()
        raise SessionClash(
            params={**refusal.params, "when": when}, extra={**refusal.extra, "starts_at": at}
        ) from refusal
    record_session(session, "session.planned", now=now)
    return session


class SessionClash(SlotTaken):
    """One of the sessions cannot have its practitioner or room; `starts_at` says which."""

    detail = _("%(name)s is already booked %(when)s.")
    fix = _("Choose another time, person or room, or fewer weeks.")


def record_session(session: Session, kind: str, *, now: datetime, **more: Any) -> None:
    """Write the event of what happened to the session, with `more` in its payload."""
    record_event(
        kind,
        subject_id=session.id,
        store_id=session.store_id,
        version=session.version,
        payload={"state": session.state, **more},
        now=now,
    )


def lock_session(session_id: UUID) -> Session:
    """The session's row for whoever changes it: nobody takes a seat meanwhile. Raises NotSeen."""
    found = Session.objects.select_for_update(no_key=True, of=("self",)).filter(id=session_id)
    session = found.select_related("store", "service").first()
    if session is None:
        raise NotSeen
    return session


@again_on_conflict
def change_session(
    session_id: UUID,
    *,
    by: Actor,
    now: datetime,
    capacity: int | None = None,
    minimum: int | None = None,
    version: int | None = None,
) -> Session:
    """Another number of seats, or of people needed. Raises StaleVersion, SessionWrong, SessionCalledOff,
    and SessionFull where more seats are taken than would be left.
    """
    session = lock_session(session_id)
    managed_store(session.store_id, by=by, action=Action.PLAN_SESSIONS)
    require_version(session.version, version)
    if session.state == SessionState.CALLED_OFF:
        raise SessionCalledOff
    if capacity is not None:
        if not 1 <= capacity <= MOST_SEATS:
            raise SessionWrong(errors=[FieldError("capacity", "out_of_range", SessionWrong.detail)])
        if not Pool.objects.filter(id=session.pool_id, taken__lte=capacity).update(capacity=capacity):
            raise SessionFull(extra={"alternatives": []})
    if minimum is not None:
        session.minimum = minimum
    session.version += 1
    session.save(update_fields=["minimum", "version"])
    record_session(session, "session.changed", now=now)
    return session


WITH = ("store", "service", "practitioner", "resource", "pool")


def find_sessions(
    store_id: UUID | None = None,
    *,
    first: date | None = None,
    end: date | None = None,
    zone: ZoneInfo,
    service_id: UUID | None = None,
) -> QuerySet[Session]:
    """The sessions that begin in `[first, end)` (dates of `zone`), with all that a document of one needs; lazy."""
    wanted = {
        "store_id": store_id,
        "service_id": service_id,
        "starts_at__gte": local_day(first, zone).start if first else None,
        "starts_at__lt": local_day(end, zone).start if end else None,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return Session.objects.select_related(*WITH).filter(**given)


def read_session(session_id: UUID) -> Session:
    """The session with all that a page of it needs, by one query. Raises NotSeen."""
    session = Session.objects.select_related(*WITH).filter(id=session_id).first()
    if session is None:
        raise NotSeen
    return session


def sessions_with_room(
    service_id: UUID, *, store_id: UUID, around: datetime, seats: int, now: datetime, but: UUID | None = None
) -> list[Session]:
    """Up to six sessions of the service with that many seats left, from a day before to two weeks after."""
    return ask(sessions_question(service_id, store_id=store_id, around=around, seats=seats, now=now, but=but))


def sessions_question(
    service_id: UUID, *, store_id: UUID, around: datetime, seats: int, now: datetime, but: UUID | None = None
) -> Question[list[Session]]:
    """What sessions_with_room asks."""
    first, last = max(now, around - timedelta(days=1)), around + timedelta(days=14)
    return rows_question(
        Session,
        "s.store_id = %s AND s.service_id = %s AND s.state = %s AND s.starts_at > %s AND s.starts_at < %s"
        " AND p.taken <= p.capacity - %s AND s.id IS DISTINCT FROM %s ORDER BY s.starts_at LIMIT 6",
        (store_id, service_id, str(SessionState.SCHEDULED), first, last, seats, but),
    )


def session_state(session: Session, *, now: datetime) -> str:
    """`scheduled`, `called_off`, or `over` once it has ended."""
    if session.state == SessionState.SCHEDULED and session.ends_at <= now:
        return "over"
    return session.state


def left_of(pool: Pool) -> int:
    """Units that can still be taken."""
    return max(0, pool.capacity - pool.taken)


def session_slots(sessions: Sequence[Session], zone: ZoneInfo) -> list[dict[str, object]]:
    """Sessions as alternatives: slots of the API, with their ids and how many places are left."""
    return [
        {
            "session": str(session.id),
            "starts_at": session.starts_at.astimezone(zone).isoformat(),
            "ends_at": session.ends_at.astimezone(zone).isoformat(),
            "practitioners": [str(session.practitioner_id)] if session.practitioner_id else [],
            "left": left_of(session.pool),
        }
        for session in sessions
    ]


def read_roster(session_id: UUID, *, by: Actor, now: datetime) -> tuple[Session, list[Booking]]:
    """The session with whoever has a seat, in order of booking. Raises Forbidden, NotSeen, BeyondHistory."""
    session = read_session(session_id)
    require(by, Action.READ_DAY, store_id=session.store_id)
    require_shown(session.ends_at, by=by, now=now)
    booked = Booking.objects.select_related("member", "store", "service", "practitioner", "resource").filter(
        session_id=session_id
    )
    return session, list(
        booked.exclude(status__in=[Status.CANCELLED, Status.EXPIRED]).order_by("created_at", "id")
    )
