"""`calendar-feed`: the secret address of one's own bookings as a calendar."""

from __future__ import annotations

from typing import Any

from django.urls import path, reverse
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body
from api.views import Endpoint
from tenants.booking.domain.feeds import feed_of, make_feed, revoke_feed


class FeedOut(serializers.Serializer[Any]):
    """Whether there is a feed; its address is told once, by the call that makes it."""

    active = serializers.BooleanField()
    made_at = serializers.DateTimeField(allow_null=True)


class FeedMade(serializers.Serializer[Any]):
    """The secret address."""

    url = serializers.CharField()


class CalendarFeed(Endpoint):
    """One's own calendar feed."""

    who = "person"
    # the answer is a secret: it is never kept
    keeps_answers = False

    @extend_schema(responses=FeedOut)
    def get(self, request: Request) -> Response:
        """Whether there is one."""
        feed = feed_of(self.actor)
        return Response({"active": feed is not None, "made_at": feed.made_at.isoformat() if feed else None})

    @extend_schema(request=Body, responses={201: FeedMade})
    def post(self, request: Request) -> Response:
        """Make one; the one before ends."""
        self.body(Body)
        token = make_feed(by=self.actor, language=get_language() or "en", now=self.now)
        return Response(
            {"url": request.build_absolute_uri(reverse("calendar_feed", args=[token]))}, status=201
        )

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """End it at once."""
        revoke_feed(by=self.actor)
        return Response(status=204)


urls = [path("calendar-feed", CalendarFeed.as_view())]
