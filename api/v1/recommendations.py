"""`recommendations`: up to three times that suit the member, each with its reasons."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body
from api.v1.booking_documents import SlotOut
from api.views import Endpoint
from tenants.booking.domain.availability import slot_documents
from tenants.booking.domain.offering import read_offering
from tenants.booking.domain.open import require_open
from tenants.booking.domain.recommend_read import find_recommendations
from tenants.booking.domain.recommend_words import sentence


class Asked(Body):
    """Which service, where, by whom, for how many people."""

    store = serializers.UUIDField()
    service = serializers.UUIDField()
    practitioner = serializers.UUIDField(required=False)
    party_size = serializers.IntegerField(required=False, min_value=1, max_value=99)


class BecauseOut(serializers.Serializer[Any]):
    """Why the time is recommended."""

    code = serializers.CharField()
    detail = serializers.CharField()


class RecommendationOut(serializers.Serializer[Any]):
    """A free slot, who would serve, and why; the strongest reason first, never none."""

    slot = SlotOut()
    practitioner = serializers.UUIDField()
    practitioner_name = serializers.CharField()
    reasons = BecauseOut(many=True)


class RecommendationsOut(serializers.Serializer[Any]):
    """Up to three, the best first."""

    results = RecommendationOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="Always null: there are no more.")


class Recommendations(Endpoint):
    """Times that suit the member."""

    who = "member"

    @extend_schema(parameters=[Asked], responses=RecommendationsOut)
    def get(self, request: Request) -> Response:
        """Up to three free times, by the member's own habit and the gaps of the shop's day."""
        require_open(by=self.actor)
        asked = self.query(Asked)
        offering = read_offering(asked["store"], asked["service"])
        found = find_recommendations(
            offering,
            member_id=self.actor.member_id,
            practitioner_id=asked.get("practitioner"),
            party_size=asked.get("party_size", 1),
            now=self.now,
        )
        slots = slot_documents([one.slot for one in found.found], offering)
        return Response(
            {
                "results": [
                    {
                        "slot": slot,
                        "practitioner": str(one.practitioner),
                        "practitioner_name": (name := found.names[one.practitioner]),
                        "reasons": [
                            {"code": why.code, "detail": sentence(why, one, name=name, zone=offering.zone)}
                            for why in one.reasons
                        ],
                    }
                    for slot, one in zip(slots, found.found, strict=True)
                ],
                "next": None,
            }
        )


urls = [path("recommendations", Recommendations.as_view(), name="api-recommendations")]
