"""Rooms, tables, stations and equipment of a store, what is combined, and the way between stores."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import Q
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, ListQuery
from api.pagination import page_of
from api.v1.forms import id_text, words_of
from api.views import Endpoint
from tenants.people.domain import places
from tenants.stores.domain.resources import ResourceFields
from tenants.stores.models import Resource as ResourceRow
from tenants.stores.models import ResourceCombination as CombinationRow
from tenants.stores.models import ResourceKind

_KINDS = [choice for choice in ResourceKind.choices if choice[0] != ResourceKind.PRACTITIONER]
_SMALL = 32767
_TAGS = "Words that a service's need may ask for, such as “double room”."


class ResourceBody(Body):
    """A room, table, station or piece of equipment, for `min_party` to `capacity` people."""

    store = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=_KINDS)
    name = serializers.CharField(max_length=120)
    capacity = serializers.IntegerField(min_value=1, max_value=_SMALL, default=1)
    min_party = serializers.IntegerField(min_value=1, max_value=_SMALL, default=1)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=40), default=list, max_length=20, help_text=_TAGS
    )


class ResourceChange(Body):
    """What is to change; the rest stays. `active` false retires it."""

    name = serializers.CharField(max_length=120, required=False)
    capacity = serializers.IntegerField(min_value=1, max_value=_SMALL, required=False)
    min_party = serializers.IntegerField(min_value=1, max_value=_SMALL, required=False)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=20, help_text=_TAGS
    )
    active = serializers.BooleanField(required=False)


class ResourceQuery(ListQuery):
    """Of one store, of one kind."""

    store = serializers.UUIDField(required=False)
    kind = serializers.ChoiceField(choices=ResourceKind.choices, required=False)


class Resource(serializers.Serializer[Any]):
    """What only one booking can hold at a time."""

    id = serializers.UUIDField()
    store = serializers.UUIDField(allow_null=True)
    store_name = serializers.CharField(allow_null=True)
    kind = serializers.CharField()
    name = serializers.CharField()
    capacity = serializers.IntegerField()
    min_party = serializers.IntegerField()
    tags = serializers.ListField(child=serializers.CharField())
    active = serializers.BooleanField()


class ResourceList(serializers.Serializer[Any]):
    """A page of resources."""

    results = Resource(many=True)
    next = serializers.URLField(allow_null=True)


class CombinationBody(Body):
    """Things of one store and kind that serve one larger party together."""

    store = serializers.UUIDField()
    members = serializers.ListField(child=serializers.UUIDField(), min_length=2, max_length=20)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    min_party = serializers.IntegerField(min_value=1, max_value=_SMALL, default=1)
    max_party = serializers.IntegerField(min_value=1, max_value=_SMALL)


class Combination(CombinationBody):
    """As it is kept."""

    id = serializers.UUIDField(read_only=True)


class CombinationList(serializers.Serializer[Any]):
    """A page of combinations."""

    results = Combination(many=True)
    next = serializers.URLField(allow_null=True)


class CombinationQuery(ListQuery):
    """Of one store."""

    store = serializers.UUIDField(required=False)


class TravelBody(Body):
    """Minutes on the way to another store; 0 is none."""

    store = serializers.UUIDField()
    minutes = serializers.IntegerField(min_value=0, max_value=720)


class Resources(Endpoint):
    """Rooms, tables, stations, equipment, and the practitioners' own."""

    who_reads = "anyone"

    @extend_schema(operation_id="resources_list", parameters=[ResourceQuery], responses=ResourceList)
    def get(self, request: Request) -> Response:
        """Of one store, of one kind; what is retired is left out."""
        query = self.query(ResourceQuery)
        rows = ResourceRow.objects.filter(active=True).select_related("store")
        if "store" in query:
            at_store = Q(store=query["store"]) | Q(employee__grants__store=query["store"])
            rows = rows.filter(at_store).distinct()
        if "kind" in query:
            rows = rows.filter(kind=query["kind"])
        return Response(
            page_of(
                rows,
                request,
                key=["name", "id"],
                document=lambda found: [resource_document(row) for row in found],
            )
        )

    @extend_schema(operation_id="resources_create", request=ResourceBody, responses={201: Resource})
    def post(self, request: Request) -> Response:
        """A new room, table, station or piece of equipment."""
        body = self.body(ResourceBody)
        resource = places.add_resource(body.pop("store"), by=self.actor, **body)
        return Response(resource_document(resource), status=201)


class OneResource(Endpoint):
    """A room, table, station or piece of equipment."""

    @extend_schema(operation_id="resources_change", request=ResourceChange, responses=Resource)
    def patch(self, request: Request, resource_id: UUID) -> Response:
        """Change what is named."""
        fields = cast(ResourceFields, self.body(ResourceChange))
        return Response(resource_document(places.change_resource(resource_id, fields, by=self.actor)))


class Combinations(Endpoint):
    """What can be put together for a larger party."""

    who_reads = "anyone"

    @extend_schema(operation_id="combinations_list", parameters=[CombinationQuery], responses=CombinationList)
    def get(self, request: Request) -> Response:
        """Of one store, or of all."""
        query = self.query(CombinationQuery)
        rows = CombinationRow.objects.filter(active=True).prefetch_related("members")
        if "store" in query:
            rows = rows.filter(store=query["store"])
        return Response(
            page_of(
                rows,
                request,
                key=["max_party", "id"],
                document=lambda found: [combination_document(row) for row in found],
            )
        )

    @extend_schema(operation_id="combinations_create", request=CombinationBody, responses={201: Combination})
    def post(self, request: Request) -> Response:
        """Combine from now on."""
        body = self.body(CombinationBody)
        made = places.combine_resources(body.pop("store"), body.pop("members"), by=self.actor, **body)
        return Response(combination_document(made), status=201)


class OneCombination(Endpoint):
    """A combination, which can be taken apart."""

    @extend_schema(operation_id="combinations_drop", request=None, responses={204: None})
    def delete(self, request: Request, combination_id: UUID) -> Response:
        """Combine no more; bookings made stay."""
        places.drop_combination(combination_id, by=self.actor)
        return Response(status=204)


class StoreTravel(Endpoint):
    """The way between two stores."""

    @extend_schema(operation_id="stores_travel", request=TravelBody, responses={204: None})
    def put(self, request: Request, store_id: UUID) -> Response:
        """How long a practitioner is on the way to another store, and back."""
        body = self.body(TravelBody)
        places.set_travel(store_id, body["store"], minutes=body["minutes"], by=self.actor)
        return Response(status=204)


def resource_document(resource: ResourceRow) -> dict[str, Any]:
    """A resource as the API writes it."""
    return {
        "id": str(resource.id),
        "store": id_text(resource.store_id),
        "store_name": words_of(resource.store, "name") if resource.store else None,
        "kind": resource.kind,
        "name": resource.name,
        "capacity": resource.capacity,
        "min_party": resource.min_party,
        "tags": resource.tags,
        "active": resource.active,
    }


def combination_document(combination: CombinationRow) -> dict[str, Any]:
    """A combination as the API writes it; its members are prefetched."""
    return {
        "id": str(combination.id),
        "store": str(combination.store_id),
        "members": [str(one.id) for one in combination.members.all()],
        "name": combination.name,
        "min_party": combination.min_party,
        "max_party": combination.max_party,
    }


urls = [
    path("resources", Resources.as_view()),
    path("resources/<uuid:resource_id>", OneResource.as_view()),
    path("combinations", Combinations.as_view()),
    path("combinations/<uuid:combination_id>", OneCombination.as_view()),
    path("stores/<uuid:store_id>/travel", StoreTravel.as_view()),
]
