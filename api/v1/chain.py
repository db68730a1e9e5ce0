"""The chain itself: what it is, and opening it for bookings."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import moment_text
from api.views import Endpoint
from tenants.catalogue.domain.opening import open_chain


class Opened(serializers.Serializer[Any]):
    """Since when the chain takes bookings."""

    opened_at = serializers.DateTimeField()


class Chain(serializers.Serializer[Any]):
    """What anyone may know of the chain."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    tagline = serializers.CharField(allow_blank=True)
    locale = serializers.CharField()
    time_zone = serializers.CharField()
    currency = serializers.CharField()
    country = serializers.CharField()
    verticals = serializers.ListField(child=serializers.CharField())
    opened_at = serializers.DateTimeField(allow_null=True)


class OwnChain(Endpoint):
    """The chain of this host."""

    who = "anyone"

    @extend_schema(operation_id="chain_read", responses=Chain)
    def get(self, request: Request) -> Response:
        """Name, language, zone, currency."""
        chain = self.chain
        opened = moment_text(chain.opened_at, ZoneInfo(chain.time_zone)) if chain.opened_at else None
        return Response(
            {
                "id": str(chain.id),
                "slug": chain.slug,
                "name": chain.name,
                "tagline": chain.tagline,
                "locale": chain.locale,
                "time_zone": chain.time_zone,
                "currency": chain.currency,
                "country": chain.country,
                "verticals": list(chain.verticals),
                "opened_at": opened,
            }
        )


class OpenChain(Endpoint):
    """Open for bookings."""

    @extend_schema(operation_id="chain_open", request=None, responses={200: Opened})
    def post(self, request: Request) -> Response:
        """Open, once store, hours, service, staff and shifts are there; 422 not_ready says what is missing."""
        opened = open_chain(by=self.actor, now=self.now)
        return Response({"opened_at": moment_text(opened, ZoneInfo(self.chain.time_zone))})


urls = [path("chain", OwnChain.as_view()), path("chain/open", OpenChain.as_view())]
