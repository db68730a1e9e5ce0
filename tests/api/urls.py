"""Calls that exist for tests of the framework alone."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response

from api.fields import Body, MomentField, Money
from api.pagination import page_of
from api.views import Endpoint
from chains.refusals import Refusal
from tenants.stores.models import Region

handler404 = "web.errors.not_found"
handler500 = "web.errors.broken"


class TooFull(Refusal):
    code = "too_full"
    status = 409
    detail = "Full."
    fix = "Take another."


class Wish(Body):
    name = serializers.CharField(max_length=20)
    price = Money(required=False)
    at = MomentField(required=False)
    then = serializers.ChoiceField(["refuse", "break", "forbid"], required=False)


class Regions(Endpoint):
    """Makes a region, then does as told."""

    who = "anyone"

    def get(self, request):
        rows = Region.objects.all()
        page = page_of(
            rows, request, key=["name", "id"], document=lambda found: [{"name": row.name} for row in found]
        )
        return Response(page)

    def post(self, request):
        wish = self.body(Wish)
        region = Region.objects.create(name=wish["name"])
        match wish.get("then"):
            case "refuse":
                raise TooFull(extra={"alternatives": [1, 2]})
            case "break":
                raise RuntimeError("our fault")
            case "forbid":
                from tenants.people.domain.rights import Forbidden

                raise Forbidden
        return Response({"id": str(region.id), "name": region.name}, status=201)


class Own(Endpoint):
    """Says who calls."""

    who = "employee"

    def get(self, request):
        return Response({"name": self.actor.name, "grants": len(self.actor.grants)})

    def post(self, request):
        Region.objects.create(name="own")
        return Response({"id": str(Region.objects.latest("id").id)}, status=201)


urlpatterns = [path("api/v1/regions", Regions.as_view()), path("api/v1/own", Own.as_view())]
