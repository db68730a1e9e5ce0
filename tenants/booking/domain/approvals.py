"""Saying yes to what employees ask: leave that meets bookings, a swap that moves them. All or none."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import LIVE, Booking, Session, SessionState, Status
from tenants.people.domain.rights import Actor
from tenants.people.domain.shifts import add_leave, lock_plans
from tenants.people.domain.swapping import exchange_shifts
from tenants.people.domain.wishes import (
    decide,
    lock_leave_request,
    lock_swap,
    require_manager,
    require_rota,
    require_state,
)
from tenants.people.models import LeaveRequest, RequestState, ShiftSwap
from tenants.stores.domain.spoken import spoken
from tenants.stores.domain.wall import local_day

from .attempts import again_on_conflict
from .change import reschedule_booking


class LeaveClashes(Refusal):
    """Bookings or sessions stand in the time asked for; `bookings` and `sessions` list them."""

    code = "leave_clashes"
    status = 409
    title = _("There are bookings in that time")
    detail = _(
        "%(count)s bookings or sessions stand in that time. Approved, they stay and need somebody else."
    )
    fix = _("Move them first, or approve knowing of them.")


class SwapBlocked(Refusal):
    """One of the bookings cannot go over, so nothing does; `booking` is which, `because` the rule's code."""

    code = "swap_blocked"
    status = 409
    title = _("Not all visits can go over")
    detail = _("%(when)s, %(service)s: %(why)s Nothing was changed.")
    fix = _("Move or cancel that booking first, or ask somebody else.")


@again_on_conflict
def approve_leave(
    request_id: UUID, *, by: Actor, now: datetime, despite: Collection[UUID] = ()
) -> LeaveRequest:
    """Make the request a leave. Bookings and sessions in that time are listed first.

    `despite` are those whose list one has seen: the leave is approved only if no other stands in the way, so one
    that came in between is listed too. Nobody books the person or plans them a session while this is decided.
    Raises LeaveClashes, DecidedAlready, NotSeen, Forbidden.
    """
    request = lock_leave_request(request_id)
    require_manager(by, request.employee)
    require_state(request.state, (RequestState.ASKED,))
    lock_plans([request.employee_id])
    clashes = list(bookings_within(request, now=now))
    sessions = list(sessions_within(request, now=now))
    if any(one.id not in despite for one in (*clashes, *sessions)):
        raise LeaveClashes(
            params={"count": len(clashes) + len(sessions)},
            extra={
                "bookings": [clash_document(one) for one in clashes],
                "sessions": [session_document(one) for one in sessions],
            },
        )
    request.leave = add_leave(
        request.employee_id,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        reason=request.reason,
        by=by,
    )
    request.save(update_fields=["leave"])
    return decide(request, RequestState.APPROVED, by=by, now=now)


def bookings_within(request: LeaveRequest, *, now: datetime) -> Any:
    """The person's bookings that still stand and meet the time asked for, by start; lazy. Seats are their session's."""
    return (
        Booking.objects.select_related("service", "member", "store")
        .filter(
            practitioner_id=request.employee_id,
            session__isnull=True,
            status__in=LIVE,
            starts_at__lt=request.ends_at,
            ends_at__gt=max(request.starts_at, now),
        )
        .exclude(status=Status.HELD, expires_at__lte=now)
        .order_by("starts_at")
    )


def sessions_within(request: LeaveRequest, *, now: datetime) -> QuerySet[Session]:
    """The sessions that the person gives in the time asked for and that are not over, by start; lazy."""
    return (
        Session.objects.select_related("service", "store", "pool")
        .filter(
            practitioner_id=request.employee_id,
            state=SessionState.SCHEDULED,
            starts_at__lt=request.ends_at,
            ends_at__gt=max(request.starts_at, now),
        )
        .order_by("starts_at")
    )


def session_document(session: Session) -> dict[str, Any]:
    """A session that stands in the way, as a refusal tells it."""
    zone = ZoneInfo(session.store.time_zone)
    return {
        "id": str(session.id),
        "starts_at": session.starts_at.astimezone(zone).isoformat(),
        "service_name": session.service.name,
        "taken": session.pool.taken,
    }


def clash_document(booking: Booking) -> dict[str, Any]:
    """A booking that stands in the way, as a refusal tells it."""
    zone = ZoneInfo(booking.store.time_zone)
    return {
        "id": str(booking.id),
        "code": booking.code,
        "starts_at": booking.starts_at.astimezone(zone).isoformat(),
        "service_name": booking.service.name,
        "member_name": booking.member.name if booking.member else "",
    }


@again_on_conflict
def approve_swap(swap_id: UUID, *, by: Actor, now: datetime) -> ShiftSwap:
    """Hand over the shifts, then every booking on them by the door all bookings go through; all or none.

    Only what a colleague has accepted, by who plans the store's shifts and may move its bookings. Members
    are told of the change as of any move. Visits that have begun stay where they are.
    Raises SwapBlocked, ShiftsOverlap, DecidedAlready, NotSeen, Forbidden.
    """
    swap = lock_swap(swap_id)
    require_rota(by, swap)
    require_state(swap.state, (RequestState.ACCEPTED,))
    # before the bookings are listed: one that is being made on these shifts would stay behind
    lock_plans([swap.asker_id, swap.colleague_id])
    handed = [*_bookings_on(swap, swap.asker_id, swap.gives_on, now=now)]
    targets = dict.fromkeys((one.id for one in handed), swap.colleague_id)
    if swap.takes_on is not None:
        back = [*_bookings_on(swap, swap.colleague_id, swap.takes_on, now=now)]
        targets |= dict.fromkeys((one.id for one in back), swap.asker_id)
        handed += back
    exchange_shifts(swap)
    for booking in handed:
        try:
            reschedule_booking(
                booking.id, starts_at=booking.starts_at, practitioner_id=targets[booking.id], by=by, now=now
            )
        except Refusal as refusal:
            raise _blocked(booking, refusal, now=now) from refusal
    return decide(swap, RequestState.APPROVED, by=by, now=now, moved=len(handed))


def _bookings_on(swap: ShiftSwap, employee_id: UUID, on: date, *, now: datetime) -> Any:
    place = local_day(on, ZoneInfo(swap.store.time_zone))
    return (
        Booking.objects.select_related("service", "store")
        .filter(
            store_id=swap.store_id,
            practitioner_id=employee_id,
            status__in=[Status.CONFIRMED, Status.HELD],
            starts_at__gte=max(place.start, now),
            starts_at__lt=place.end,
        )
        .exclude(status=Status.HELD, expires_at__lte=now)
        .order_by("starts_at")
    )


def _blocked(booking: Booking, refusal: Refusal, *, now: datetime) -> SwapBlocked:
    zone = ZoneInfo(booking.store.time_zone)
    return SwapBlocked(
        params={
            "when": spoken(booking.starts_at, zone=zone, now=now),
            "service": booking.service.name,
            "why": refusal.sentence(),
        },
        extra={"booking": str(booking.id), "because": refusal.code},
    )
