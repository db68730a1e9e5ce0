"""Stores: what there is for anyone; for who manages one, its hours, closures and resources."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, ListQuery, wall_text
from api.pagination import page_of
from api.v1.forms import Days, FromTo, Version, words_of
from api.views import Endpoint
from tenants.people.domain import places
from tenants.people.domain.rights import Action, NotSeen, stores_where
from tenants.stores.domain.stores import DayHours, StoreFields
from tenants.stores.models import Closure as ClosureRow
from tenants.stores.models import OpeningHours, Ownership
from tenants.stores.models import Store as StoreRow


class Hours(FromTo):
    """A span of a weekday (1 is Monday) in local wall time; a day ends at 24:00."""

    weekday = serializers.IntegerField(min_value=1, max_value=7)


class Closure(Days):
    """Days on which the store is closed, half-open."""

    id = serializers.UUIDField(read_only=True)
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class StoreBody(Body):
    """A new store. Zone, currency and country are the chain's unless told."""

    name = serializers.CharField(max_length=120)
    time_zone = serializers.CharField(max_length=64, required=False)
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", required=False)
    country = serializers.RegexField(r"^[A-Z]{2}\Z", required=False)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    address = serializers.CharField(max_length=300, required=False, allow_blank=True)
    directions = serializers.CharField(max_length=300, required=False, allow_blank=True)
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False, allow_null=True)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False, allow_null=True)
    position = serializers.IntegerField(min_value=0, max_value=32767, required=False)
    ownership = serializers.ChoiceField(choices=Ownership.choices, required=False)
    active = serializers.BooleanField(required=False)


class StoreChange(StoreBody, Version):
    """What is to change; the rest stays."""

    name = serializers.CharField(max_length=120, required=False)


class Store(serializers.Serializer[Any]):
    """A store with its hours and the closures that are not over."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    time_zone = serializers.CharField()
    currency = serializers.CharField()
    country = serializers.CharField()
    phone = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    directions = serializers.CharField(allow_blank=True)
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    ownership = serializers.CharField()
    verticals = serializers.ListField(child=serializers.CharField())
    position = serializers.IntegerField()
    active = serializers.BooleanField()
    version = serializers.IntegerField()
    hours = Hours(many=True)
    closures = Closure(many=True)


class StoreList(serializers.Serializer[Any]):
    """A page of stores."""

    results = Store(many=True)
    next = serializers.URLField(allow_null=True)


class StoreEndpoint(Endpoint):
    """What the calls about stores share."""

    who_reads = "anyone"

    def seen(self) -> QuerySet[StoreRow]:
        """The open stores, and the closed ones that the caller manages."""
        managed = stores_where(self.actor, Action.MANAGE_STORE)
        if managed is None:
            return StoreRow.objects.all()
        return StoreRow.objects.filter(Q(active=True) | Q(id__in=managed))

    def documents(self, rows: list[StoreRow]) -> list[dict[str, Any]]:
        """The stores as the API writes them."""
        return store_documents(rows, today=self.now.date())

    def document(self, store_id: UUID) -> dict[str, Any]:
        """One of those seen. Raises NotSeen."""
        found = self.documents(list(self.seen().filter(id=store_id)))
        if not found:
            raise NotSeen
        return found[0]


class Stores(StoreEndpoint):
    """The chain's stores."""

    @extend_schema(operation_id="stores_list", parameters=[ListQuery], responses=StoreList)
    def get(self, request: Request) -> Response:
        """The open ones; an employee also sees the closed ones they manage."""
        self.query(ListQuery)
        return Response(
            page_of(self.seen(), request, key=["position", "name", "id"], document=self.documents)
        )

    @extend_schema(operation_id="stores_create", request=StoreBody, responses={201: Store})
    def post(self, request: Request) -> Response:
        """A new store; it opens when it has hours."""
        chain = self.chain
        defaults = {"time_zone": chain.time_zone, "currency": chain.currency, "country": chain.country}
        fields = cast(StoreFields, {**defaults, **self.body(StoreBody)})
        store = places.open_store(fields, by=self.actor)
        return Response(self.documents([store])[0], status=201)


class OneStore(StoreEndpoint):
    """A store with its hours and closures."""

    @extend_schema(operation_id="stores_read", responses=Store)
    def get(self, request: Request, store_id: UUID) -> Response:
        """The store with hours and closures."""
        return Response(self.document(store_id))

    @extend_schema(operation_id="stores_change", request=StoreChange, responses=Store)
    def patch(self, request: Request, store_id: UUID) -> Response:
        """Change what is named."""
        body = self.body(StoreChange)
        version = body.pop("version", None)
        places.change_store(store_id, cast(StoreFields, body), by=self.actor, version=version)
        return Response(self.document(store_id))


class StoreHours(StoreEndpoint):
    """The weekly timetable."""

    @extend_schema(operation_id="stores_hours", request=Hours(many=True), responses={200: Store})
    def put(self, request: Request, store_id: UUID) -> Response:
        """Replace it. A day that runs past midnight is written on both days."""
        rows = self.rows(Hours)
        hours = [DayHours(row["weekday"], row["from"], row["to"]) for row in rows]
        places.set_hours(store_id, hours, by=self.actor)
        return Response(self.document(store_id))


class StoreClosures(Endpoint):
    """Days on which the store is closed."""

    @extend_schema(operation_id="stores_close", request=Closure, responses={201: Closure})
    def post(self, request: Request, store_id: UUID) -> Response:
        """Close on `[from, to)`."""
        body = self.body(Closure)
        closure = places.close_days(
            store_id, first=body["from"], end=body["to"], reason=body["reason"], by=self.actor
        )
        return Response(closure_document(closure), status=201)


class OneClosure(Endpoint):
    """A range of closed days, which can be taken back."""

    @extend_schema(operation_id="stores_reopen", request=None, responses={204: None})
    def delete(self, request: Request, store_id: UUID, closure_id: UUID) -> Response:
        """Open on these days after all."""
        places.reopen_days(store_id, closure_id, by=self.actor)
        return Response(status=204)


def store_documents(rows: list[StoreRow], *, today: Any) -> list[dict[str, Any]]:
    """Stores with hours and the closures that end after `today`; two queries for all of them."""
    ids = [row.id for row in rows]
    hours: dict[UUID, list[dict[str, Any]]] = {store_id: [] for store_id in ids}
    closures: dict[UUID, list[dict[str, Any]]] = {store_id: [] for store_id in ids}
    for row in OpeningHours.objects.filter(store_id__in=ids).order_by("weekday", "opens"):
        hours[row.store_id].append(
            {"weekday": row.weekday, "from": wall_text(row.opens), "to": wall_text(row.closes)}
        )
    for closure in ClosureRow.objects.filter(store_id__in=ids, ends_on__gte=today).order_by("starts_on"):
        closures[closure.store_id].append(closure_document(closure))
    return [
        {
            "id": str(row.id),
            "name": words_of(row, "name"),
            "time_zone": row.time_zone,
            "currency": row.currency,
            "country": row.country,
            "phone": row.phone,
            "address": words_of(row, "address"),
            "directions": words_of(row, "directions"),
            "latitude": row.latitude,
            "longitude": row.longitude,
            "ownership": row.ownership,
            "verticals": row.verticals,
            "position": row.position,
            "active": row.active,
            "version": row.version,
            "hours": hours[row.id],
            "closures": closures[row.id],
        }
        for row in rows
    ]


def closure_document(closure: ClosureRow) -> dict[str, Any]:
    """A closure as the API writes it."""
    return {
        "id": str(closure.id),
        "from": closure.starts_on.isoformat(),
        "to": closure.ends_on.isoformat(),
        "reason": closure.reason,
    }


urls = [
    path("stores", Stores.as_view()),
    path("stores/<uuid:store_id>", OneStore.as_view()),
    path("stores/<uuid:store_id>/hours", StoreHours.as_view()),
    path("stores/<uuid:store_id>/closures", StoreClosures.as_view()),
    path("stores/<uuid:store_id>/closures/<uuid:closure_id>", OneClosure.as_view()),
]
