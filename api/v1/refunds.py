"""`refunds`: a store's money that waits to go back, handed over at the desk or asked of the provider again."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, ListQuery, moment_text
from api.pagination import page_of
from api.v1.payments import RefundOut, refund_document
from api.views import Endpoint
from tenants.booking.domain.owed import ORDER, ask_provider_again, give_back_at_desk, list_owed, read_tries
from tenants.booking.models import Means, PaymentRefund
from tenants.events.domain.again import Waits


class TriesOut(serializers.Serializer[Any]):
    """How often the provider was asked in vain, and when it is asked next."""

    count = serializers.IntegerField()
    next_at = serializers.DateTimeField()


class OwedOut(RefundOut):
    """Money that waits, of which booking, and whose. `tries` of what goes back online."""

    booking = serializers.UUIDField()
    code = serializers.CharField()
    service_name = serializers.CharField()
    starts_at = serializers.DateTimeField()
    member = serializers.UUIDField()
    member_name = serializers.CharField()
    payer_name = serializers.CharField(allow_null=True, help_text="Who paid, where that is somebody else.")
    means = serializers.ChoiceField(choices=Means.values)
    tries = TriesOut(allow_null=True)


class OwedPage(serializers.Serializer[Any]):
    """A page of money that waits, the longest first."""

    results = OwedOut(many=True)
    next = serializers.URLField(allow_null=True)


class StoreRefunds(Endpoint):
    """What the store owes."""

    @extend_schema(operation_id="store_refunds_list", parameters=[ListQuery], responses=OwedPage)
    def get(self, request: Request, store_id: UUID) -> Response:
        """Whatever was paid at its desk and is not fetched, and what the provider has not let go of for five minutes.

        The plan's history does not cut it.
        """
        self.query(ListQuery)
        owed = list_owed(store_id, by=self.actor, now=self.now)
        return Response(page_of(owed, request, key=ORDER, document=_documents))


class RefundGivenBack(Endpoint):
    """It was handed over."""

    @extend_schema(operation_id="refunds_given_back", request=Body, responses=OwedOut)
    def post(self, request: Request, refund_id: UUID) -> Response:
        """Noted with who did; of two at once one is told 409 `given_back_already`."""
        self.body(Body)
        return Response(_documents([give_back_at_desk(refund_id, by=self.actor, now=self.now)])[0])


class RefundRetry(Endpoint):
    """The provider is asked again."""

    @extend_schema(operation_id="refunds_retry", request=Body, responses=OwedOut)
    def post(self, request: Request, refund_id: UUID) -> Response:
        """At once instead of after the pause; never a second refund."""
        self.body(Body)
        return Response(_documents([ask_provider_again(refund_id, by=self.actor, now=self.now)])[0])


def _documents(refunds: list[PaymentRefund]) -> list[dict[str, Any]]:
    tries = read_tries(refunds)
    return [_document(one, tries.get(one.id)) for one in refunds]


def _document(refund: PaymentRefund, tries: Waits | None) -> dict[str, Any]:
    payment, booking = refund.payment, refund.payment.booking
    zone = ZoneInfo(booking.store.time_zone)
    payer = booking.payer if booking.payer_id != booking.member_id else None
    return {
        **refund_document(refund, payment, zone),
        "booking": str(booking.id),
        "code": booking.code,
        "service_name": booking.service.name,
        "starts_at": moment_text(booking.starts_at, zone),
        "member": str(booking.member_id),
        "member_name": booking.member.name if booking.member else "",
        "payer_name": payer.name if payer else None,
        "means": str(payment.means),
        "tries": {"count": tries.attempts, "next_at": moment_text(tries.next_at, zone)} if tries else None,
    }


urls = [
    path("stores/<uuid:store_id>/refunds", StoreRefunds.as_view(), name="api-store-refunds"),
    path("refunds/<uuid:refund_id>/given-back", RefundGivenBack.as_view(), name="api-refund-given-back"),
    path("refunds/<uuid:refund_id>/retry", RefundRetry.as_view(), name="api-refund-retry"),
]
