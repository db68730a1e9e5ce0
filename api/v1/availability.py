"""`availability`, `availability/why` and `availability/nearby`."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, DayField, moment_text
from api.v1.booking_documents import SlotOut
from api.v1.booking_requests import StoreMomentField
from api.v1.forms import id_text, words_of
from api.v1.slot_text import days_text
from api.views import Endpoint, json_text, written
from tenants.booking.domain.availability import explain, find_slots
from tenants.booking.domain.nearby import MOST_STORES, find_slots_nearby
from tenants.booking.domain.offering import known_store, zone_of_store
from tenants.booking.domain.open import require_open
from tenants.stores.domain.wall import days_between, parse_moment


class Asked(Body):
    """Which service, where, by whom."""

    store = serializers.UUIDField()
    service = serializers.UUIDField()
    practitioner = serializers.UUIDField(required=False)
    resource = serializers.UUIDField(required=False, help_text="A room, table or station.")
    party_size = serializers.IntegerField(required=False, min_value=1, max_value=99)


class DaysAsked(Asked):
    """On which dates, `to` excluded; at most 62."""

    to = DayField()

    def get_fields(self) -> dict[str, Any]:
        """With `from`, which no attribute can be called."""
        return {**super().get_fields(), "from": DayField()}


class TimeAsked(Asked):
    """At which time; `elsewhere` also looks for times at the chain's other stores."""

    starts_at = StoreMomentField()
    elsewhere = serializers.BooleanField(required=False, default=False)


class DayOut(serializers.Serializer[Any]):
    """A date and its slots; none on a closed or full day."""

    date = serializers.DateField()
    slots = SlotOut(many=True)


class AvailabilityOut(serializers.Serializer[Any]):
    """One entry a date."""

    days = DayOut(many=True)


class OwnBookingOut(serializers.Serializer[Any]):
    """A booking of the member who asks."""

    id = serializers.UUIDField()
    code = serializers.CharField()


class ReasonOut(serializers.Serializer[Any]):
    """A rule that closes the time; `booking` is the member's own one, of `member_overlap` alone."""

    code = serializers.CharField()
    detail = serializers.CharField()
    booking = OwnBookingOut(required=False)


class ChangeOut(serializers.Serializer[Any]):
    """A change that makes it bookable: book with exactly these fields. Null leaves the choice to the shop."""

    kind = serializers.ChoiceField(choices=["person", "resource", "time", "store"])
    starts_at = serializers.DateTimeField()
    store = serializers.UUIDField()
    practitioner = serializers.UUIDField(allow_null=True)
    resource = serializers.UUIDField(allow_null=True)
    party_size = serializers.IntegerField()
    detail = serializers.CharField()


class WhyOut(serializers.Serializer[Any]):
    """Whether, why not, and what instead."""

    bookable = serializers.BooleanField()
    reasons = ReasonOut(many=True)
    changes = ChangeOut(many=True)


class NearbyAsked(Body):
    """Which service, on which dates (`to` excluded, at most 7), near which place."""

    service = serializers.UUIDField()
    to = DayField()
    latitude = serializers.FloatField(required=False, min_value=-90, max_value=90)
    longitude = serializers.FloatField(required=False, min_value=-180, max_value=180)
    party_size = serializers.IntegerField(required=False, min_value=1, max_value=99)
    limit = serializers.IntegerField(default=10, min_value=1, max_value=MOST_STORES)

    def get_fields(self) -> dict[str, Any]:
        """With `from`, which no attribute can be called."""
        return {**super().get_fields(), "from": DayField()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Latitude and longitude come together."""
        if ("latitude" in attrs) != ("longitude" in attrs):
            missing = "longitude" if "latitude" in attrs else "latitude"
            message = serializers.Field().error_messages["required"]
            raise serializers.ValidationError({missing: [message]}, "required")
        return attrs


class StoreSlotsOut(serializers.Serializer[Any]):
    """A store, how far it is in metres (null where unknown), and its slots."""

    store = serializers.UUIDField()
    store_name = serializers.CharField()
    metres = serializers.IntegerField(allow_null=True)
    days = DayOut(many=True)


class NearbyOut(serializers.Serializer[Any]):
    """The stores that offer it, the nearest first."""

    stores = StoreSlotsOut(many=True)


class Nearby(Endpoint):
    """Any store nearby: when a service can begin at each."""

    who = "anyone"

    @extend_schema(parameters=[NearbyAsked], responses=NearbyOut)
    def get(self, request: Request) -> HttpResponse:
        """Every slot of the dates at the stores that offer the service; `not_open` as for one store."""
        require_open(by=self.actor)
        asked = self.query(NearbyAsked)
        near = (asked["latitude"], asked["longitude"]) if "latitude" in asked else None
        found = find_slots_nearby(
            asked["service"],
            days=days_between(asked["from"], asked["to"], most=7),
            near=near,
            party_size=asked.get("party_size", 1),
            most=asked["limit"],
            now=self.now,
        )
        stores = ",".join(
            json_text(
                {
                    "store": str(one.offering.store_id),
                    "store_name": words_of(known_store(one.offering), "name"),
                    "metres": one.metres,
                }
            )[:-1]
            + f',"days":{days_text(one.days, one.offering.zone)}}}'
            for one in found
        )
        return written(f'{{"stores":[{stores}]}}')


class Availability(Endpoint):
    """When a service can begin."""

    who = "anyone"

    @extend_schema(parameters=[DaysAsked], responses=AvailabilityOut)
    def get(self, request: Request) -> HttpResponse:
        """Every slot of the dates. Of a chain that takes no bookings yet only its employees ask."""
        require_open(by=self.actor)
        asked = self.query(DaysAsked)
        offering, found = find_slots(
            asked["store"],
            asked["service"],
            days=days_between(asked["from"], asked["to"]),
            practitioner_id=asked.get("practitioner"),
            resource_id=asked.get("resource"),
            party_size=asked.get("party_size", 1),
            now=self.now,
        )
        return written(f'{{"days":{days_text(found, offering.zone)}}}')


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
            resource_id=asked.get("resource"),
            party_size=asked.get("party_size", 1),
            elsewhere=asked["elsewhere"],
            member_id=self.actor.member_id,
            now=self.now,
        )
        return Response(
            {
                "bookable": answer.bookable,
                "reasons": [
                    *({"code": one.code, "detail": str(one.detail)} for one in answer.reasons),
                    *(
                        {
                            "code": "member_overlap",
                            "detail": str(one.detail),
                            "booking": {"id": str(one.id), "code": one.code},
                        }
                        for one in answer.own
                    ),
                ],
                "changes": [
                    {
                        "kind": change.kind,
                        "starts_at": moment_text(change.starts_at, change.zone),
                        "store": str(change.store_id),
                        "practitioner": id_text(change.practitioner_id),
                        "resource": id_text(change.resource_id),
                        "party_size": asked.get("party_size", 1),
                        "detail": str(change.detail),
                    }
                    for change in answer.changes
                ],
            }
        )


urls = [
    path("availability", Availability.as_view(), name="api-availability"),
    path("availability/nearby", Nearby.as_view(), name="api-availability-nearby"),
    path("availability/why", Why.as_view(), name="api-availability-why"),
]
