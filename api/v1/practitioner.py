"""The practitioner's own day, running late, leave requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, DayField, ListQuery, MomentField, moment_text
from api.pagination import page_of
from api.v1.booking_documents import BookingOut, booking_document
from api.v1.swaps import Answer
from api.views import Endpoint
from tenants.booking.domain.approvals import approve_leave
from tenants.booking.domain.late import MOST, tell_running_late
from tenants.booking.domain.practitioner_day import OwnDay, OwnVisit, read_own_day
from tenants.booking.domain.spans import Span
from tenants.people.domain import wishes
from tenants.people.models import LeaveRequest, RequestState


class DayAsked(Body):
    """Which date; today without one."""

    date = DayField(required=False)


class SpanOut(serializers.Serializer[Any]):
    """Half-open."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class VisitOut(serializers.Serializer[Any]):
    """A visit with what to know of it: when preparing begins, who comes, how late it runs."""

    booking = BookingOut()
    prepare_at = serializers.DateTimeField()
    visits_before = serializers.IntegerField()
    last_visit_at = serializers.DateTimeField(allow_null=True)
    member_note = serializers.CharField()
    late_minutes = serializers.IntegerField()


class OwnDateOut(serializers.Serializer[Any]):
    """A date of the week from the day asked for."""

    date = serializers.DateField()
    visits = serializers.IntegerField()
    shifts = SpanOut(many=True)
    away = serializers.BooleanField()


class OwnDayOut(serializers.Serializer[Any]):
    """The practitioner's own day; `next` is the id of the booking under way, else of the next."""

    date = serializers.DateField()
    time_zone = serializers.CharField()
    shifts = SpanOut(many=True)
    leave = SpanOut(many=True)
    next = serializers.UUIDField(allow_null=True)
    visits = VisitOut(many=True)
    week = OwnDateOut(many=True)
    history_from = serializers.DateTimeField(
        allow_null=True, help_text="Where the history that the plan shows begins, if after the day's start."
    )


class PractitionerDay(Endpoint):
    """Today, and the week."""

    @extend_schema(operation_id="practitioner_day", parameters=[DayAsked], responses=OwnDayOut)
    def get(self, request: Request) -> Response:
        """The caller's own day; 403 for who cannot be booked."""
        found = read_own_day(by=self.actor, now=self.now, day=self.query(DayAsked).get("date"))
        return Response(day_document(found, self))


def day_document(found: OwnDay, view: Endpoint) -> dict[str, Any]:
    """The day as the API writes it."""

    def visit(one: OwnVisit) -> dict[str, Any]:
        member = one.booking.member
        return {
            "booking": booking_document(one.booking, actor=view.actor),
            "prepare_at": moment_text(one.prepare_at, found.zone),
            "visits_before": one.visits_before,
            "last_visit_at": moment_text(one.last_visit_at, found.zone) if one.last_visit_at else None,
            "member_note": member.note if member else "",
            "late_minutes": one.late,
        }

    def spans(rows: tuple[Span, ...]) -> list[dict[str, str]]:
        return [
            {"starts_at": moment_text(row.start, found.zone), "ends_at": moment_text(row.end, found.zone)}
            for row in rows
        ]

    return {
        "date": found.day.isoformat(),
        "time_zone": found.zone.key,
        "shifts": spans(found.shifts),
        "leave": spans(found.leave),
        "next": str(found.next.booking.id) if found.next else None,
        "visits": [visit(one) for one in found.visits],
        "week": [
            {"date": one.day.isoformat(), "visits": one.visits, "shifts": spans(one.shifts), "away": one.away}
            for one in found.week
        ],
        "history_from": moment_text(found.history_from, found.zone) if found.history_from else None,
    }


class LateBody(Body):
    """By how many minutes from this visit on; 0 is on time again."""

    minutes = serializers.IntegerField(min_value=0, max_value=MOST)


class DelayOut(serializers.Serializer[Any]):
    """A visit whose delay changed; 0 for one that is back on time."""

    booking = serializers.UUIDField()
    minutes = serializers.IntegerField()


class DelaysOut(serializers.Serializer[Any]):
    """Whose members are told."""

    delays = DelayOut(many=True)


class RunningLate(Endpoint):
    """Say that one is late."""

    @extend_schema(operation_id="bookings_running_late", request=LateBody, responses=DelaysOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """The members of this and the next visits that it reaches are told, with the minutes."""
        minutes = self.body(LateBody)["minutes"]
        changed = tell_running_late(booking_id, minutes=minutes, by=self.actor, now=self.now)
        delays = [{"booking": str(one.booking.id), "minutes": one.minutes} for one in changed]
        return Response({"delays": delays})


class LeaveAsked(Body):
    """Away over `[starts_at, ends_at)`."""

    starts_at = MomentField()
    ends_at = MomentField()
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class Despite(Body):
    """The bookings that the caller has seen stand in the way."""

    despite = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=500
    )


class LeaveRequestOut(serializers.Serializer[Any]):
    """A request for leave and where it stands."""

    id = serializers.UUIDField()
    employee = serializers.UUIDField()
    employee_name = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = serializers.CharField()
    state = serializers.ChoiceField(choices=RequestState.choices)
    answer = serializers.CharField()
    decided_by_name = serializers.CharField(allow_null=True)


class LeaveRequestList(serializers.Serializer[Any]):
    """A page of them, the latest first."""

    results = LeaveRequestOut(many=True)
    next = serializers.CharField(allow_null=True)


class LeaveRequests(Endpoint):
    """Leave that is asked for."""

    @extend_schema(operation_id="leave_requests_list", parameters=[ListQuery], responses=LeaveRequestList)
    def get(self, request: Request) -> Response:
        """One's own, and those of the people whose shifts one plans."""
        self.query(ListQuery)
        rows = wishes.leave_requests_seen_by(self.actor)
        return Response(
            page_of(
                rows,
                request,
                key=["-asked_at", "id"],
                document=lambda found: [leave_document(row, self) for row in found],
            )
        )

    @extend_schema(operation_id="leave_requests_ask", request=LeaveAsked, responses={201: LeaveRequestOut})
    def post(self, request: Request) -> Response:
        """Ask for leave of one's own."""
        asked = wishes.ask_leave(**self.body(LeaveAsked), by=self.actor, now=self.now)
        asked.employee.refresh_from_db()
        return Response(leave_document(asked, self), status=201)


def leave_document(row: LeaveRequest, view: Endpoint) -> dict[str, Any]:
    """A request as the API writes it, in the chain's zone: leave holds at every store."""
    zone = ZoneInfo(view.chain.time_zone)
    return {
        "id": str(row.id),
        "employee": str(row.employee_id),
        "employee_name": row.employee.name,
        "starts_at": moment_text(row.starts_at, zone),
        "ends_at": moment_text(row.ends_at, zone),
        "reason": row.reason,
        "state": row.state,
        "answer": row.answer,
        "decided_by_name": row.decided_by.name if row.decided_by else None,
    }


class ApproveLeave(Endpoint):
    """A manager says yes."""

    @extend_schema(operation_id="leave_requests_approve", request=Despite, responses=LeaveRequestOut)
    def post(self, request: Request, request_id: UUID) -> Response:
        """409 `leave_clashes` lists the bookings in that time; name them in `despite` to approve all the same."""
        despite = self.body(Despite)["despite"]
        row = approve_leave(request_id, by=self.actor, now=self.now, despite=despite)
        return Response(leave_document(row, self))


class DeclineLeave(Endpoint):
    """A manager says no."""

    @extend_schema(operation_id="leave_requests_decline", request=Answer, responses=LeaveRequestOut)
    def post(self, request: Request, request_id: UUID) -> Response:
        """With a word why."""
        row = wishes.decline_leave(request_id, by=self.actor, now=self.now, **self.body(Answer))
        return Response(leave_document(row, self))


class WithdrawLeave(Endpoint):
    """The asker takes it back."""

    @extend_schema(operation_id="leave_requests_withdraw", request=Body, responses=LeaveRequestOut)
    def post(self, request: Request, request_id: UUID) -> Response:
        """While it is open."""
        self.body(Body)
        return Response(leave_document(wishes.withdraw_leave(request_id, by=self.actor, now=self.now), self))


def _leave(name: str, view: Callable[..., Any]) -> Any:
    return path(f"leave-requests/<uuid:request_id>/{name}", view)


urls = [
    path("practitioner/day", PractitionerDay.as_view()),
    path("bookings/<uuid:booking_id>/running-late", RunningLate.as_view()),
    path("leave-requests", LeaveRequests.as_view()),
    _leave("approve", ApproveLeave.as_view()),
    _leave("decline", DeclineLeave.as_view()),
    _leave("withdraw", WithdrawLeave.as_view()),
]
