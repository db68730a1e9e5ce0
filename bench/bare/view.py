"""A booking and its claim, and nothing else: nobody is asked who they are, whether it fits or what it costs."""

import json
import secrets
from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone

from tenants.booking.domain.codes import draw_code
from tenants.booking.models import Booking, Channel, Claim, Status


def book(request: HttpRequest) -> JsonResponse:
    """Two INSERTs in the request's transaction."""
    asked = json.loads(request.body)
    starts_at = datetime.fromisoformat(asked["starts_at"])
    ends_at = starts_at + timedelta(minutes=30)
    booking = Booking.objects.create(
        code=draw_code(randbelow=secrets.randbelow),
        status=Status.CONFIRMED,
        store_id=asked["store"],
        service_id=asked["service"],
        member_id=asked["member"],
        practitioner_id=asked["practitioner"],
        starts_at=starts_at,
        ends_at=ends_at,
        price_amount=100,
        currency="CNY",
        channel=Channel.API,
        notice=0,
        created_at=timezone.now(),
    )
    Claim.objects.create(
        booking=booking,
        resource_id=asked["resource"],
        during=DateTimeTZRange(starts_at, ends_at),
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return JsonResponse({"id": booking.id, "code": booking.code}, status=201)


urlpatterns = [path("bookings", book)]
