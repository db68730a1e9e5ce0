"""`live`: the way into a store's stream."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, moment_text
from api.views import Endpoint
from tenants.booking.domain.live import issue_ticket, stream_url


class Watching(Body):
    """The store whose day is watched."""

    store = serializers.UUIDField()


class StreamOut(serializers.Serializer[Any]):
    """Where to listen, once, until when the ticket is taken."""

    stream_url = serializers.URLField()
    expires_at = serializers.DateTimeField()


class Live(Endpoint):
    """Opens a store's stream."""

    who = "employee"
    # the answer is a secret that works once: it is never kept
    keeps_answers = False

    @extend_schema(request=Watching, responses=StreamOut)
    def post(self, request: Request) -> Response:
        """A ticket for one stream: server-sent events, `changed` with kind, id and version."""
        asked = self.body(Watching)
        ticket, ends_at = issue_ticket(asked["store"], by=self.actor, now=self.now)
        return Response(
            {
                "stream_url": stream_url(ticket, host=request.get_host()),
                "expires_at": moment_text(ends_at, ZoneInfo(self.chain.time_zone)),
            }
        )


urls = [path("live", Live.as_view(), name="api-live")]
