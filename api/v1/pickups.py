"""`pickup-windows` and the weekly plan they are laid from."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, DayField, ListQuery, moment_text
from api.pagination import page_of
from api.v1.forms import FromTo, words_of
from api.views import Endpoint
from tenants.booking.domain import pickups
from tenants.booking.domain.offering import zone_of_store
from tenants.booking.domain.open import require_open
from tenants.booking.domain.pickups import PlanRow
from tenants.booking.domain.sessions import left_of
from tenants.booking.models import PickupWindow
from tenants.stores.domain.wall import days_between


class WindowOut(serializers.Serializer[Any]):
    """A pickup window: how many orders it takes, has, and still takes. `state`: scheduled, closed, over."""

    id = serializers.UUIDField()
    store = serializers.UUIDField()
    store_name = serializers.CharField()
    service = serializers.UUIDField()
    service_name = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    capacity = serializers.IntegerField()
    taken = serializers.IntegerField()
    left = serializers.IntegerField()
    state = serializers.CharField()


class WindowPage(serializers.Serializer[Any]):
    """A page of pickup windows."""

    results = WindowOut(many=True)
    next = serializers.URLField(allow_null=True)


class WindowQuery(ListQuery):
    """Which windows: of one store, on dates of its zone (`to` excluded, at most 62 days)."""

    store = serializers.UUIDField()
    to = DayField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """With `from`, which no attribute can be called."""
        return {**super().get_fields(), "from": DayField(required=False)}


class SpanBody(FromTo):
    """A span of a weekday (1 is Monday), cut into windows of `minutes` with `cap` orders each."""

    weekday = serializers.IntegerField(min_value=1, max_value=7)
    minutes = serializers.IntegerField(min_value=5, max_value=1440)
    cap = serializers.IntegerField(min_value=1, max_value=9999)


class PlanBody(Body):
    """The whole weekly plan of the store: what is left out takes no more orders."""

    service = serializers.UUIDField()
    rows = serializers.ListField(child=SpanBody(), max_length=pickups.MOST_ROWS)


class PlanOut(serializers.Serializer[Any]):
    """How many windows stand open now."""

    windows = serializers.IntegerField()


def window_documents(rows: list[PickupWindow], *, view: Endpoint) -> list[dict[str, Any]]:
    """Windows as the API writes them."""
    return [
        {
            "id": str(row.id),
            "store": str(row.store_id),
            "store_name": words_of(row.store, "name"),
            "service": str(row.service_id),
            "service_name": words_of(row.service, "name"),
            "starts_at": moment_text(row.starts_at, ZoneInfo(row.store.time_zone)),
            "ends_at": moment_text(row.ends_at, ZoneInfo(row.store.time_zone)),
            "capacity": row.pool.capacity,
            "taken": row.pool.taken,
            "left": left_of(row.pool) if row.open else 0,
            "state": pickups.window_state(row, now=view.now),
        }
        for row in rows
    ]


class PickupWindows(Endpoint):
    """The pickup windows of a store."""

    who = "anyone"

    @extend_schema(operation_id="pickup_windows_list", parameters=[WindowQuery], responses=WindowPage)
    def get(self, request: Request) -> Response:
        """Windows by start. Of a chain that takes no bookings yet only its employees ask."""
        require_open(by=self.actor)
        asked = self.query(WindowQuery)
        first, end = asked.get("from"), asked.get("to")
        if first is not None and end is not None:
            days_between(first, end)
        found = pickups.find_windows(asked["store"], first=first, end=end, zone=zone_of_store(asked["store"]))
        if not self.actor.is_employee:
            found = found.filter(service__active=True, service__online=True, store__active=True)
        return Response(
            page_of(
                found,
                request,
                key=["starts_at", "id"],
                document=lambda rows: window_documents(rows, view=self),
            )
        )


class PickupPlan(Endpoint):
    """The weekly plan of a store's pickups."""

    @extend_schema(operation_id="pickup_plan_replace", request=PlanBody, responses=PlanOut)
    def put(self, request: Request, store_id: UUID) -> Response:
        """Replace the plan and lay the windows of the next two weeks."""
        asked = self.body(PlanBody)
        rows = [
            PlanRow(row["weekday"], row["from"], row["to"], row["minutes"], row["cap"])
            for row in asked["rows"]
        ]
        count = pickups.plan_pickups(store_id, asked["service"], rows, by=self.actor, now=self.now)
        return Response({"windows": count})


urls = [
    path("pickup-windows", PickupWindows.as_view()),
    path("stores/<uuid:store_id>/pickup-plan", PickupPlan.as_view()),
]
