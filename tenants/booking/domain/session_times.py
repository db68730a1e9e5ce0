"""When a session may stand: within the shop's hours and its practitioner's shifts, and never in their leave.

its time                                                        rule                         with a reason
not within one opening of the shop                              closed_day, outside_hours    stands, noted
with preparation and clean-up not within the person's shifts    no_shift                     stands, noted
with preparation and clean-up meets the person's leave          on_leave                     refused

Planning and moving ask the same. What is read stands while a session is written: the store's row is locked, so
hours and closures wait, and the claim on the person carries the number of the plan it was read from (against.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import Claim, Session
from tenants.people.domain.access import note_access
from tenants.people.domain.rights import Actor
from tenants.people.models import Employee, Leave
from tenants.stores.domain.spoken import SpokenMoments
from tenants.stores.domain.wall import local_date, local_day
from tenants.stores.models import Store

from .against import AsRead
from .offering import Offering
from .overruling import require_overruling
from .rota import opening_spans, shift_spans
from .rules import ClosedDay, NoShift, OnLeave, OutsideHours, TimeClosed
from .search import Need
from .spans import Span, merge
from .why import Code

MOST_OTHERS = 4
# How far from a time that is refused others are looked for, and in which steps.
NEAR = timedelta(hours=4)
STEP = timedelta(minutes=15)

_ALL_THE_SAME = _("Choose another time or person, or say why it takes place all the same.")


class SessionOnLeave(OnLeave):
    """The person is away at one of the times; `starts_at` are those."""

    detail = _("%(name)s is on leave: %(when)s.")
    fix = _("Choose another time or person, or take the leave back first.")


class SessionClosedDay(ClosedDay):
    """The store does not open on one of the days; `starts_at` are those times."""

    detail = _("The shop is closed: %(when)s.")
    fix = _ALL_THE_SAME


class SessionOutsideHours(OutsideHours):
    """One of the times is not within an opening of the store; `starts_at` are those."""

    detail = _("The shop is not open for the whole of it: %(when)s.")
    fix = _ALL_THE_SAME


class SessionNoShift(NoShift):
    """The person is not on shift for the whole of one of the times; `starts_at` are those."""

    detail = _("%(name)s is not on shift for the whole of it: %(when)s.")
    fix = _ALL_THE_SAME


class OutsideUnexplained(Refusal):
    """Nobody plans a session outside hours and shifts without saying why."""

    code = "outside_unexplained"
    status = 422
    title = _("Say why")
    detail = _("A session outside hours or shifts needs a reason.")
    fix = _("Write in a few words why it takes place all the same.")


# The rules, the first that is told first. Only what stands after `on_leave` can be overruled.
_REFUSALS: dict[Code, type[TimeClosed]] = {
    "on_leave": SessionOnLeave,
    "closed_day": SessionClosedDay,
    "outside_hours": SessionOutsideHours,
    "no_shift": SessionNoShift,
}
OVERRULED = (SessionClosedDay, SessionOutsideHours, SessionNoShift, OutsideUnexplained)


@dataclass(frozen=True, slots=True)
class Stay:
    """A time that a session would take: of its guests, and of its person with preparation and clean-up."""

    served: Span
    during: Span


def stay_at(starts_at: datetime, need: Need) -> Stay:
    """The time of a session that begins then."""
    return Stay(need.service_span(starts_at), need.claim_span(starts_at))


@dataclass(frozen=True, slots=True)
class Times:
    """What was read for some stays: the shop's openings, the person's shifts and leave, and from which plans."""

    offering: Offering
    as_read: AsRead
    hours: tuple[Span, ...]
    person: Employee | None
    shifts: tuple[Span, ...] = ()
    leave: tuple[Span, ...] = ()

    def against(self, stay: Stay, *, hours: bool = True, person: bool = True) -> list[Code]:
        """Every rule against the stay, in the order in which they are told: of the shop's `hours`, of the `person`."""
        found: list[Code] = []
        if person and any(span.overlaps(stay.during) for span in self.leave):
            found.append("on_leave")
        if hours and not any(span.contains(stay.served) for span in self.hours):
            zone = self.offering.zone
            place = local_day(local_date(stay.served.start, zone), zone)
            opens = any(span.overlaps(Span(place.start, place.end)) for span in self.hours)
            found.append("outside_hours" if opens else "closed_day")
        if person and self.person is not None and not any(span.contains(stay.during) for span in self.shifts):
            found.append("no_shift")
        return found


def read_times(offering: Offering, stays: Sequence[Stay], *, practitioner: Employee | None) -> Times:
    """What says of these times (and those near) whether a session may stand then; at most seven queries.

    Locks the store's row until the transaction ends: its hours and closures do not change meanwhile.
    """
    store, zone = offering.store_id, offering.zone
    locked = Store.objects.select_for_update(no_key=True).filter(id=store)
    calendar = locked.values_list("calendar_version", flat=True).get()
    days = sorted(
        {
            local_date(moment, zone)
            for stay in stays
            for moment in (stay.during.start - NEAR, stay.during.end + NEAR)
        }
        | {local_date(stay.served.start, zone) for stay in stays}
    )
    opened = merge(opening_spans(store, days, zone))
    if practitioner is None:
        return Times(offering, AsRead(store, calendar), opened, None)
    # before what it counts: a plan that changes in between is then seen to have changed
    plan = Employee.objects.values_list("plan_version", flat=True).get(id=practitioner.id)
    away = Leave.objects.filter(
        employee_id=practitioner.id,
        starts_at__lt=stays[-1].during.end + NEAR,
        ends_at__gt=stays[0].during.start - NEAR,
    )
    return Times(
        offering,
        AsRead(store, calendar, plan),
        opened,
        practitioner,
        merge(shift_spans([practitioner.id], store, days, zone)[practitioner.id]),
        tuple(Span(one.starts_at, one.ends_at) for one in away),
    )


def require_times(
    times: Times,
    stays: Sequence[Stay],
    *,
    now: datetime,
    outside: str | None = None,
    hours: bool = True,
    person: bool = True,
) -> list[list[Code]]:
    """What was overruled of each stay, nothing where nothing stands against it; asked as Times.against is.

    `outside` is the reason for which hours and shifts do not count. Raises OnLeave, ClosedDay, OutsideHours or
    NoShift with every start that the rule closes.
    """
    found = [times.against(stay, hours=hours, person=person) for stay in stays]
    for code, refusal in _REFUSALS.items():
        starts = [stay.served.start for stay, codes in zip(stays, found, strict=True) if code in codes]
        if starts and (code == "on_leave" or outside is None):
            zone = times.offering.zone
            spoken = SpokenMoments(
                tuple(start.astimezone(zone) for start in starts), now.astimezone(zone).date()
            )
            named = times.person.name if times.person is not None else ""
            every = dict.fromkeys(one for codes in found for one in codes)
            raise refusal(
                params={"name": named, "when": spoken},
                extra={
                    "starts_at": [start.astimezone(zone).isoformat() for start in starts],
                    "reasons": [one for one in _REFUSALS if one in every],
                    "alternatives": [],
                },
            )
    return found


def require_overruler(reason: str | None, *, store_id: UUID, by: Actor) -> None:
    """Whether this person may go over hours and shifts at the store and says why; None asks for nothing.

    Raises Forbidden, NotSeen, OutsideUnexplained.
    """
    require_overruling(reason, OutsideUnexplained, store_id=store_id, by=by)


def note_outside(
    session: Session, overruled: Sequence[Code], reason: str | None, *, by: Actor, now: datetime
) -> None:
    """Note among what is watched that the session stands outside hours or shifts; nothing where it does not."""
    if reason is not None and overruled:
        detail = {"reason": reason.strip(), "rules": list(overruled)}
        note_access(by, "session_outside", "session", session.id, now=now, detail=detail)


def near_times(
    times: Times,
    stay: Stay,
    *,
    resources: Sequence[UUID],
    now: datetime,
    but: UUID | None = None,
    outside: str | None = None,
) -> list[dict[str, Any]]:
    """The starts nearest to the one that was refused at which the same person and room are free; one query.

    `but` is a session whose own claims do not count.
    """
    others = Claim.objects.filter(
        resource_id__in=resources,
        active=True,
        starts_at__lt=stay.during.end + NEAR,
        ends_at__gt=stay.during.start - NEAR,
    )
    if but is not None:
        others = others.exclude(session_id=but)
    taken = [Span(one.starts_at, one.ends_at) for one in others if one.starts_at and one.ends_at]
    by = [str(times.person.id)] if times.person is not None else []
    steps = sorted(range(-(NEAR // STEP), NEAR // STEP + 1), key=lambda step: (abs(step), step))
    found = []
    for shift in (step * STEP for step in steps):
        moved = Stay(_shifted(stay.served, shift), _shifted(stay.during, shift))
        closed = [code for code in times.against(moved) if outside is None or code == "on_leave"]
        if moved.served.start > now and not closed and not any(span.overlaps(moved.during) for span in taken):
            found.append({"starts_at": moved.served.start.isoformat(), "practitioners": by})
    return found[:MOST_OTHERS]


def _shifted(span: Span, shift: timedelta) -> Span:
    return Span(span.start + shift, span.end + shift)
