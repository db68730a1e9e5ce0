"""`availability` and `availability/why`."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, DayField, moment_text
from api.v1.booking_documents import SlotOut
from api.v1.bookings import StoreMomentField
from api.views import Endpoint
from tenants.booking.domain.availability import explain, find_slots, slot_documents
from tenants.booking.domain.offering import zone_of_store
from tenants.booking.domain.open import require_open
from tenants.stores.domain.wall import days_between, parse_moment


class Asked(Body):
    """Which service, where, by whom."""

    store = serializers.UUIDField()
    service = serializers.UUIDField()
    practitioner = serializers.UUIDField(required=False)
    party_size = serializers.IntegerField(required=False, min_value=1, max_value=99)


class DaysAsked(Asked):
    """On which dates, `to` excluded; at most 62."""

    to = DayField()

    def get_fields(self) -> dict[str, Any]:
        """With `from`, which no attribute can be called."""
        return {**super().get_fields(), "from": DayField()}


class TimeAsked(Asked):
    """At which time."""

    starts_at = StoreMomentField()


class DayOut(serializers.Serializer[Any]):
    """A date and its slots; none on a closed or full day."""

    date = serializers.DateField()
    slots = SlotOut(many=True)


class AvailabilityOut(serializers.Serializer[Any]):
    """One entry a date."""

    days = DayOut(many=True)


class ReasonOut(serializers.Serializer[Any]):
    """A rule that closes the time."""

    code = serializers.CharField()
    detail = serializers.CharField()


class ChangeOut(serializers.Serializer[Any]):
    """A change that makes it bookable."""

    starts_at = serializers.DateTimeField()
    practitioner = serializers.UUIDField()
    detail = serializers.CharField()


class WhyOut(serializers.Serializer[Any]):
    """Whether, why not, and what instead."""

    bookable = serializers.BooleanField()
    reasons = ReasonOut(many=True)
    changes = ChangeOut(many=True)


class Availability(Endpoint):
    """When a service can begin."""

    who = "anyone"

    @extend_schema(parameters=[DaysAsked], responses=AvailabilityOut)
    def get(self, request: Request) -> Response:
        """Every slot of the dates. Of a chain that takes no bookings yet only its employees ask."""
        require_open(by=self.actor)
        asked = self.query(DaysAsked)
        offering, found = find_slots(
            asked["store"],
            asked["service"],
            days=days_between(asked["from"], asked["to"]),
            practitioner_id=asked.get("practitioner"),
            now=self.now,
        )
        days = [{"date": day.day.isoformat(), "slots": slot_documents(day.slots, offering)} for day in found]
        return Response({"days": days})


class Why(Endpoint):
    """Why a time cannot be booked."""

    who = "anyone"

    @extend_schema(parameters=[TimeAsked], responses=WhyOut)
    def get(self, request: Request) -> Response:
        """The rules against one time, and what would help; `not_open` as for the slots."""
        require_open(by=self.actor)
        asked = self.query(TimeAsked)
        zone = zone_of_store(asked["store"])
        answer = explain(
            asked["store"],
            asked["service"],
            starts_at=parse_moment(asked["starts_at"], zone=zone),
            practitioner_id=asked.get("practitioner"),
            now=self.now,
        )
        return Response(
            {
                "bookable": answer.bookable,
                "reasons": [{"code": one.code, "detail": str(one.detail)} for one in answer.reasons],
                "changes": [
                    {
                        "starts_at": moment_text(change.starts_at, zone),
                        "practitioner": str(change.practitioner_id),
                        "detail": str(change.detail),
                    }
                    for change in answer.changes
                ],
            }
        )


urls = [
    path("availability", Availability.as_view(), name="api-availability"),
    path("availability/why", Why.as_view(), name="api-availability-why"),
]
