"""When employees work."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, DayField, WallField, wall_text
from api.v1.forms import FromTo
from api.views import Endpoint
from tenants.booking.domain.offering import zone_of_store
from tenants.people.domain.shifts import DatedShift, WeekShift, set_days, set_week
from tenants.people.models import DayShift, WeeklyShift
from tenants.stores.domain.wall import local_date


class Week(FromTo):
    """Works every such weekday (1 is Monday)."""

    weekday = serializers.IntegerField(min_value=1, max_value=7)


class Day(Body):
    """Works on one date; `from` and `to` null is a day off."""

    date = DayField()

    def get_fields(self) -> dict[str, Any]:
        """With `from` and `to`, which may be null; `from` is a word of the language, hence here."""
        hours = {name: WallField(allow_null=True, default=None) for name in ("from", "to")}
        return {**super().get_fields(), **hours}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse one time without the other: a date is a span, or a day off."""
        if (attrs["from"] is None) != (attrs["to"] is None):
            raise serializers.ValidationError(_("Give both times, or neither for a day off."))
        return attrs


class ShiftBody(Body):
    """Either `weeks`, in place of all weekly shifts at the store, or `days`, in place of those dates'."""

    store = serializers.UUIDField()
    weeks = Week(many=True, required=False)
    days = Day(many=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a body with both or neither of `weeks` and `days`: what it replaces must be plain."""
        if ("weeks" in attrs) == ("days" in attrs):
            raise serializers.ValidationError(_("Send either weeks or days."))
        return attrs


class Shifts(serializers.Serializer[Any]):
    """An employee's shifts at one store: the weekly ones, and the dates that differ."""

    employee = serializers.UUIDField()
    store = serializers.UUIDField()
    weeks = Week(many=True)
    days = Day(many=True)


class EmployeeShifts(Endpoint):
    """An employee's shifts at one store."""

    @extend_schema(operation_id="employees_shifts", request=ShiftBody, responses={200: Shifts})
    def put(self, request: Request, employee_id: UUID) -> Response:
        """Replace the weekly shifts, or those of the dates named."""
        body = self.body(ShiftBody)
        if "weeks" in body:
            weeks = [WeekShift(row["weekday"], row["from"], row["to"]) for row in body["weeks"]]
            set_week(employee_id, body["store"], weeks, by=self.actor)
        else:
            days = [DatedShift(row["date"], row["from"], row["to"]) for row in body["days"]]
            set_days(employee_id, body["store"], days, by=self.actor)
        today = local_date(self.now, zone_of_store(body["store"]))
        return Response(shifts_document(employee_id, body["store"], today=today))


def shifts_document(employee_id: UUID, store_id: UUID, *, today: Any) -> dict[str, Any]:
    """The weekly shifts and the dates from `today` on that differ."""
    weeks = WeeklyShift.objects.filter(employee_id=employee_id, store_id=store_id)
    days = DayShift.objects.filter(employee_id=employee_id, store_id=store_id, on__gte=today)
    return {
        "employee": str(employee_id),
        "store": str(store_id),
        "weeks": [
            {"weekday": row.weekday, "from": wall_text(row.starts), "to": wall_text(row.ends)}
            for row in weeks
        ],
        "days": [
            {"date": row.on.isoformat(), "from": _text(row.starts), "to": _text(row.ends)} for row in days
        ],
    }


def _text(minutes: int | None) -> str | None:
    return None if minutes is None else wall_text(minutes)


urls = [path("employees/<uuid:employee_id>/shifts", EmployeeShifts.as_view())]
