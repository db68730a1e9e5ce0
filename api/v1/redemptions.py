"""`redemptions`: the shop accepts a code."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, moment_text
from api.problems import Malformed
from api.v1.booking_documents import BookingOut, booking_document
from api.views import Endpoint
from chains.refusals import FieldError
from tenants.booking.domain.redeem import (
    Redeemed,
    redeem_booking,
    redeem_code,
    redeem_phone,
    redeem_scan,
)

MEANS = ("code", "qr", "phone", "booking")


class Accepting(Body):
    """Where, and exactly one of: the code as typed, the QR as scanned, a phone, a booking."""

    store = serializers.UUIDField()
    code = serializers.CharField(required=False, max_length=64)
    qr = serializers.CharField(required=False, max_length=512)
    phone = serializers.CharField(required=False, max_length=40)
    booking = serializers.UUIDField(required=False)


class GreetingOut(serializers.Serializer[Any]):
    """What to know when greeting the member."""

    member_name = serializers.CharField()
    first_visit = serializers.BooleanField()
    visits = serializers.IntegerField()
    last_visit_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()
    member_note = serializers.CharField()


class RedeemedOut(serializers.Serializer[Any]):
    """The booking that arrived."""

    booking = BookingOut()
    greeting = GreetingOut()


class Redemptions(Endpoint):
    """Codes are accepted here."""

    who = "employee"

    @extend_schema(request=Accepting, responses={200: RedeemedOut})
    def post(self, request: Request) -> Response:
        """confirmed → arrived, once."""
        asked = self.body(Accepting)
        given = [name for name in MEANS if name in asked]
        if len(given) != 1:
            what = FieldError("code", "exactly_one", _("Send exactly one of code, qr, phone, booking."))
            raise Malformed(errors=[what])
        return Response(self._document(self._redeem(given[0], asked)))

    def _redeem(self, means: str, asked: dict[str, Any]) -> Redeemed:
        store, given = asked["store"], asked[means]
        match means:
            case "code":
                return redeem_code(store, code=given, by=self.actor, now=self.now)
            case "qr":
                return redeem_scan(store, scanned=given, by=self.actor, now=self.now)
            case "phone":
                return redeem_phone(store, phone=given, by=self.actor, now=self.now)
        return redeem_booking(store, booking_id=given, by=self.actor, now=self.now)

    def _document(self, done: Redeemed) -> dict[str, Any]:
        greeting = done.greeting
        zone = ZoneInfo(done.booking.store.time_zone)
        return {
            "booking": booking_document(done.booking, actor=self.actor),
            "greeting": {
                "member_name": greeting.member_name,
                "first_visit": greeting.first_visit,
                "visits": greeting.visits,
                "last_visit_at": moment_text(greeting.last_visit_at, zone)
                if greeting.last_visit_at
                else None,
                "note": greeting.note,
                "member_note": greeting.member_note,
            },
        }


urls = [path("redemptions", Redemptions.as_view(), name="api-redemptions")]
