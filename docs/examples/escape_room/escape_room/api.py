"""`/api/v1/escape_room/…`: the size of a game, and how a team did."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body
from api.views import Endpoint
from escape_room.games import record_result, set_game


class GameBody(Body):
    """A game's bounds."""

    least = serializers.IntegerField(min_value=1, max_value=99)
    most = serializers.IntegerField(min_value=1, max_value=99)
    reset_minutes = serializers.IntegerField(min_value=0, max_value=180)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """At least as many at most as at least."""
        if attrs["least"] > attrs["most"]:
            raise serializers.ValidationError({"most": ["most is less than least"]}, "out_of_order")
        return attrs


class ResultBody(Body):
    """How a team did."""

    booking = serializers.UUIDField()
    minutes = serializers.IntegerField(min_value=0, max_value=600)
    escaped = serializers.BooleanField()


class OneGame(Endpoint):
    """A service as a game."""

    @extend_schema(request=GameBody, responses=GameBody)
    def put(self, request: Request, service_id: UUID) -> Response:
        """Say for how many it is made, and how long its puzzles take to stand again."""
        asked = self.body(GameBody)
        set_game(service_id, by=self.actor, **asked)
        return Response(asked)


class Results(Endpoint):
    """How teams did."""

    @extend_schema(request=ResultBody, responses={201: ResultBody})
    def post(self, request: Request) -> Response:
        """Note a team's result."""
        asked = self.body(ResultBody)
        record_result(
            asked["booking"], minutes=asked["minutes"], escaped=asked["escaped"], by=self.actor, now=self.now
        )
        return Response({**asked, "booking": str(asked["booking"])}, status=201)


urlpatterns = [
    path("games/<uuid:service_id>", OneGame.as_view(), name="api-escape-room-game"),
    path("results", Results.as_view(), name="api-escape-room-results"),
]
