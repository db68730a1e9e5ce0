"""What employees ask of the rota: leave, and a colleague who takes over a day. Asking, answering, reading.

Approving moves bookings or meets them, so it stands above, in booking (domain/approvals.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from chains.chores import let_go
from chains.refusals import Refusal
from tenants.events.domain.record import record_event
from tenants.people.domain.grants import grants_of
from tenants.people.domain.rights import (
    Action,
    Actor,
    Forbidden,
    NotSeen,
    may,
    may_anywhere,
    stores_where,
)
from tenants.people.domain.shifts import LeaveBackwards
from tenants.people.domain.swapping import shifts_on
from tenants.people.models import Employee, LeaveRequest, RequestState, ShiftSwap

R = TypeVar("R", LeaveRequest, ShiftSwap)

# How long what was decided is kept: long enough to look up "did we not say yes?" after a season.
KEPT = timedelta(days=400)
OPEN = (RequestState.ASKED, RequestState.ACCEPTED)


class AskedAlready(Refusal):
    """There is an open request for that time."""

    code = "asked_already"
    status = 409
    title = _("Asked already")
    detail = _("You have already asked for that time; it is not decided yet.")
    fix = _("Withdraw that request first, or wait for the answer.")


class InThePast(Refusal):
    """What is asked for is over."""

    code = "in_the_past"
    status = 422
    title = _("Already over")
    detail = _("That time has already passed.")
    fix = _("Choose a later time.")


class DecidedAlready(Refusal):
    """The request is no longer where this can be done to it."""

    code = "decided_already"
    status = 409
    title = _("Decided already")
    detail = _("This request is already %(state)s.")
    fix = _("Open the list again.")


class NotAtWork(Refusal):
    """Who should give a day away does not work then."""

    code = "not_at_work"
    status = 422
    title = _("No shift that day")
    detail = _("%(name)s has no shift at this store that day.")
    fix = _("Choose a day with a shift.")


STATES = {
    RequestState.ASKED: _("asked for"),
    RequestState.ACCEPTED: _("accepted by the colleague"),
    RequestState.APPROVED: _("approved"),
    RequestState.DECLINED: _("declined"),
    RequestState.WITHDRAWN: _("withdrawn"),
}


def ask_leave(
    *, by: Actor, starts_at: datetime, ends_at: datetime, reason: str, now: datetime
) -> LeaveRequest:
    """Ask for leave of one's own over `[starts_at, ends_at)`, aware.

    Raises Forbidden for who is no employee, LeaveBackwards, InThePast, AskedAlready.
    """
    employee_id = _employee(by)
    if starts_at >= ends_at:
        raise LeaveBackwards
    if ends_at <= now:
        raise InThePast
    try:
        with transaction.atomic():
            return LeaveRequest.objects.create(
                employee_id=employee_id,
                starts_at=starts_at,
                ends_at=ends_at,
                reason=reason.strip(),
                asked_at=now,
            )
    except IntegrityError as error:
        raise AskedAlready from error


def withdraw_leave(request_id: UUID, *, by: Actor, now: datetime) -> LeaveRequest:
    """The asker takes an open request back. Raises NotSeen, DecidedAlready."""
    request = lock_leave_request(request_id, LeaveRequest.objects.filter(employee_id=_employee(by)))
    return decide(request, RequestState.WITHDRAWN, by=by, now=now)


def decline_leave(request_id: UUID, *, by: Actor, now: datetime, answer: str = "") -> LeaveRequest:
    """Say no, with a word why. Raises NotSeen, Forbidden, DecidedAlready."""
    request = lock_leave_request(request_id)
    require_manager(by, request.employee)
    request.answer = answer.strip()
    return decide(request, RequestState.DECLINED, by=by, now=now)


def ask_swap(
    store_id: UUID,
    *,
    colleague_id: UUID,
    gives_on: date,
    takes_on: date | None,
    note: str,
    by: Actor,
    today: date,
    now: datetime,
) -> ShiftSwap:
    """Ask a colleague to take over one's day at the store, perhaps for a day of theirs.

    `today` is the store's date. Raises Forbidden, NotSeen (the colleague is nobody who can be booked there),
    InThePast, NotAtWork, AskedAlready.
    """
    asker_id = _employee(by)
    if min(gives_on, takes_on or gives_on) < today:
        raise InThePast
    people = {
        one.id: one
        for one in Employee.objects.filter(
            id__in=[asker_id, colleague_id], active=True, resource__isnull=False
        ).prefetch_related("grants")
    }
    for person in (asker_id, colleague_id):
        if person not in people or not works_at(people[person], store_id) or asker_id == colleague_id:
            raise NotSeen
    for person, on in ((asker_id, gives_on), (colleague_id, takes_on)):
        if on is not None and not any(row.store_id == store_id for row in shifts_on(person, on)):
            raise NotAtWork(params={"name": people[person].name})
    try:
        with transaction.atomic():
            swap = ShiftSwap.objects.create(
                store_id=store_id,
                asker_id=asker_id,
                colleague_id=colleague_id,
                gives_on=gives_on,
                takes_on=takes_on,
                note=note.strip(),
                asked_at=now,
            )
    except IntegrityError as error:
        raise AskedAlready from error
    _record(swap, by=by, now=now)
    return swap


def answer_swap(swap_id: UUID, *, accept: bool, by: Actor, now: datetime, answer: str = "") -> ShiftSwap:
    """The colleague who was asked says yes (a manager then approves) or no. Raises NotSeen, DecidedAlready."""
    swap = lock_swap(swap_id, ShiftSwap.objects.filter(colleague_id=_employee(by)))
    require_state(swap.state, (RequestState.ASKED,))
    swap.answer = answer.strip()
    if not accept:
        return decide(swap, RequestState.DECLINED, by=by, now=now)
    swap.state = RequestState.ACCEPTED
    swap.save(update_fields=["state", "answer"])
    _record(swap, by=by, now=now)
    return swap


def withdraw_swap(swap_id: UUID, *, by: Actor, now: datetime) -> ShiftSwap:
    """The asker takes it back while it is open. Raises NotSeen, DecidedAlready."""
    swap = lock_swap(swap_id, ShiftSwap.objects.filter(asker_id=_employee(by)))
    return decide(swap, RequestState.WITHDRAWN, by=by, now=now)


def decline_swap(swap_id: UUID, *, by: Actor, now: datetime, answer: str = "") -> ShiftSwap:
    """The manager says no. Raises NotSeen, Forbidden, DecidedAlready."""
    swap = lock_swap(swap_id)
    require_rota(by, swap)
    swap.answer = answer.strip()
    return decide(swap, RequestState.DECLINED, by=by, now=now)


def leave_requests_seen_by(by: Actor) -> QuerySet[LeaveRequest]:
    """One's own, and those of the people whose shifts one plans; open ones first, then the latest. Lazy."""
    rows = LeaveRequest.objects.select_related("employee", "decided_by").order_by("-state", "-asked_at")
    own = Q(employee_id=_employee(by))
    stores = stores_where(by, Action.MANAGE_SHIFTS)
    if stores is None:
        return rows
    theirs = Employee.objects.filter(grants__store_id__in=stores).values("id")
    return rows.filter(own | Q(employee_id__in=theirs))


def swaps_seen_by(by: Actor) -> QuerySet[ShiftSwap]:
    """Those one asks or is asked for, and those of the stores whose rota one plans; the latest first. Lazy."""
    rows = ShiftSwap.objects.select_related("asker", "colleague", "store", "decided_by").order_by("-asked_at")
    me = _employee(by)
    stores = stores_where(by, Action.MANAGE_SHIFTS)
    if stores is None:
        return rows
    return rows.filter(Q(asker_id=me) | Q(colleague_id=me) | Q(store_id__in=stores))


def lock_leave_request(request_id: UUID, among: QuerySet[LeaveRequest] | None = None) -> LeaveRequest:
    """The request, nobody else's to decide until our transaction ends. Raises NotSeen."""
    rows = (among if among is not None else LeaveRequest.objects.all()).select_related("employee")
    request = rows.select_for_update(of=("self",)).filter(id=request_id).first()
    if request is None:
        raise NotSeen
    return request


def lock_swap(swap_id: UUID, among: QuerySet[ShiftSwap] | None = None) -> ShiftSwap:
    """The swap, nobody else's to decide until our transaction ends. Raises NotSeen."""
    rows = among if among is not None else ShiftSwap.objects.all()
    swap = (
        rows.select_related("asker", "colleague", "store")
        .select_for_update(of=("self",))
        .filter(id=swap_id)
        .first()
    )
    if swap is None:
        raise NotSeen
    return swap


def decide(row: R, state: RequestState, *, by: Actor, now: datetime, moved: int = 0) -> R:
    """Close an open request that is locked; whom it concerns is told. Raises DecidedAlready."""
    require_state(row.state, OPEN)
    was = row.state
    row.state, row.decided_at, row.decided_by_id = state, now, by.employee_id
    row.save(update_fields=["state", "answer", "decided_at", "decided_by"])
    _record(row, by=by, now=now, was=was, moved=moved)
    return row


def _record(
    row: LeaveRequest | ShiftSwap, *, by: Actor, now: datetime, was: str = "", moved: int = 0
) -> None:
    """The event of where the request stands now: `leave.approved`, `swap.asked`; who did it, and from where."""
    swap = isinstance(row, ShiftSwap)
    record_event(
        f"{'swap' if swap else 'leave'}.{row.state}",
        subject_id=row.id,
        store_id=row.store_id if isinstance(row, ShiftSwap) else None,
        version=1,
        payload={"by": str(by.employee_id), "was": str(was), **({"moved": moved} if moved else {})},
        now=now,
    )


def require_state(state: str, wanted: Sequence[str]) -> None:
    """Raise DecidedAlready unless the request stands where it must."""
    if state not in wanted:
        raise DecidedAlready(params={"state": STATES[RequestState(state)]}, extra={"state": state})


def require_manager(by: Actor, employee: Employee) -> None:
    """Who plans the person's shifts at one of their nodes. Raises NotSeen, Forbidden for the person itself."""
    nodes = {grant.store_id for grant in grants_of(employee)}
    if any(may(by, Action.MANAGE_SHIFTS, store_id=node) for node in nodes):
        return
    if by.employee_id == employee.id or may_anywhere(by, Action.MANAGE_SHIFTS) is False:
        raise Forbidden
    raise NotSeen


def require_rota(by: Actor, swap: ShiftSwap) -> None:
    """Who plans the store's shifts and may move its bookings. Raises Forbidden for the two, NotSeen for others."""
    if plans_rota(by, swap):
        return
    if by.employee_id in (swap.asker_id, swap.colleague_id) or not may_anywhere(by, Action.MANAGE_SHIFTS):
        raise Forbidden
    raise NotSeen


def plans_rota(by: Actor, swap: ShiftSwap) -> bool:
    """Whether a swap at that store is theirs to approve: it changes shifts and moves bookings."""
    wanted = (Action.MANAGE_SHIFTS, Action.CHANGE_BOOKING)
    return all(may(by, action, store_id=swap.store_id) for action in wanted)


def works_at(employee: Employee, store_id: UUID) -> bool:
    """Whether the person has a role there or in the whole chain (grants prefetched)."""
    return any(grant.store_id in (None, store_id) for grant in employee.grants.all())


def forget_wishes(*, now: datetime) -> bool:
    """Chore: let go of what was decided longer than KEPT ago; whether there may be more."""
    leave = let_go(LeaveRequest.objects.filter(decided_at__lt=now - KEPT))
    return let_go(ShiftSwap.objects.filter(decided_at__lt=now - KEPT)) or leave


def _employee(by: Actor) -> UUID:
    if by.employee_id is None:
        raise Forbidden
    return by.employee_id
