"""`steps`: what whoever books a service at a store is asked, by the core and by the store's verticals."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body
from api.views import Endpoint
from tenants.booking.domain.offering import read_offering
from tenants.booking.domain.plugged import steps_of


class StepQuery(Body):
    """Which service, where."""

    store = serializers.UUIDField()
    service = serializers.UUIDField()


class StepOut(serializers.Serializer[Any]):
    """One question. Its answer goes into `details[vertical][name]`, or into the field that it `fills`."""

    vertical = serializers.CharField()
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField(help_text="text, number, choice or check")
    required = serializers.BooleanField()  # type: ignore[assignment]
    fills = serializers.CharField(help_text="A field of the booking itself, else empty.")
    least = serializers.IntegerField(allow_null=True)
    most = serializers.IntegerField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())


class Steps(serializers.Serializer[Any]):
    """All of them, in the order they are asked."""

    results = StepOut(many=True)


class StepList(Endpoint):
    """What is asked before a booking."""

    who = "anyone"

    @extend_schema(operation_id="steps_list", parameters=[StepQuery], responses=Steps)
    def get(self, request: Request) -> Response:
        """The questions of a service at a store."""
        asked = self.query(StepQuery)
        offering = read_offering(asked["store"], asked["service"], by_staff=self.actor.is_employee)
        rows = [
            {
                "vertical": step.plugin.code,
                "name": field.name,
                "label": str(field.label),
                "kind": field.kind,
                "required": field.required,
                "fills": field.fills,
                "least": field.least,
                "most": field.most,
                "choices": [value for value, _words in field.choices],
            }
            for step in steps_of(offering, by_staff=self.actor.is_employee)
            for field in step.fields
        ]
        return Response({"results": rows})


urls = [path("steps", StepList.as_view(), name="api-steps")]
