"""`payments` of a booking: its deposit paid through the provider or at the desk, let off, and given back."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import LARGEST_AMOUNT, Body, moment_text, money_document
from api.v1.booking_documents import BookingOut, MoneyOut, booking_document
from api.v1.booking_requests import DetailsField
from api.v1.policies import Waiving
from api.views import Endpoint
from tenants.booking.domain.day import read_seen_booking
from tenants.booking.domain.deposits import deposit_of
from tenants.booking.domain.desk_payments import note_given_back, take_deposit, waive_deposit
from tenants.booking.domain.payments import open_payment, payment_page
from tenants.booking.domain.transitions import read_booking
from tenants.booking.models import Booking, HoldPayment, Means, PaymentRefund, PaymentState, RefundCause
from tenants.people.domain.rights import Action, Forbidden, NotSeen, require

STATES = ("none", "due", "asked", "declined", "paid", "partly_returned", "returned", "waived")


class RefundOut(serializers.Serializer[Any]):
    """Money that goes back, and when it was back."""

    id = serializers.UUIDField()
    amount = MoneyOut()
    cause = serializers.ChoiceField(choices=RefundCause.values)
    asked_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)


class PaymentOut(serializers.Serializer[Any]):
    """A payment. `pay_url` is where its member pays it, while it is `asked`."""

    id = serializers.UUIDField()
    booking = serializers.UUIDField()
    state = serializers.ChoiceField(choices=PaymentState.values)
    means = serializers.ChoiceField(choices=Means.values)
    amount = MoneyOut()
    pay_url = serializers.URLField(allow_null=True)
    asked_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
    refunds = RefundOut(many=True)


class DepositOut(serializers.Serializer[Any]):
    """Where the deposit stands: what was promised, paid, of that returned, and still waiting at the shop's desk."""

    state = serializers.ChoiceField(choices=STATES)
    amount = MoneyOut()
    paid = MoneyOut()
    returned = MoneyOut()
    waiting = MoneyOut()


class PaymentList(serializers.Serializer[Any]):
    """All payments of a booking, oldest first, and its deposit."""

    deposit = DepositOut()
    results = PaymentOut(many=True)
    next = serializers.URLField(allow_null=True)


class Paying(Body):
    """How: `online` by the member, `desk` by the employee who took it. `details` for an offer that is not answered."""

    means = serializers.ChoiceField(choices=Means.values, default=Means.ONLINE)
    details = DetailsField()


class WaivingDeposit(Waiving):
    """Why. `details` for an offer that is not answered."""

    details = DetailsField()


class GivingBack(Body):
    """What was counted out, in minor units: where another sum waits, nothing is noted (409 `sum_changed`)."""

    amount = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_AMOUNT)


class BookingPayments(Endpoint):
    """What was paid for the booking."""

    who = "person"

    @extend_schema(operation_id="bookings_payments", responses=PaymentList)
    def get(self, request: Request, booking_id: UUID) -> Response:
        """Its payments with their refunds."""
        booking = read_seen_booking(booking_id, by=self.actor, now=self.now)
        return Response(_payments(booking, request))

    @extend_schema(operation_id="bookings_pay", request=Paying, responses={201: PaymentOut})
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Pay the deposit of a hold, or its price; asked again while it is under way it is the same payment."""
        booking = read_seen_booking(booking_id, by=self.actor, now=self.now)
        asked = self.body(Paying)
        if asked["means"] == Means.DESK:
            payment = take_deposit(booking.id, details=asked["details"], by=self.actor, now=self.now)
        else:
            if not self.actor.is_member:
                require(self.actor, Action.CHANGE_BOOKING, store_id=booking.store_id)
                raise Forbidden
            payment = open_payment(booking.id, details=asked["details"], by=self.actor, now=self.now)
        return Response(_payment(payment, booking, request), status=201)


class WaiveDeposit(Endpoint):
    """The booking stands without its deposit."""

    @extend_schema(request=WaivingDeposit, responses=BookingOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """With a reason that is kept and noted; a hold is confirmed."""
        asked = self.body(WaivingDeposit)
        waive_deposit(booking_id, **asked, by=self.actor, now=self.now)
        return Response(
            booking_document(read_seen_booking(booking_id, by=self.actor, now=self.now), actor=self.actor)
        )


class GivenBack(Endpoint):
    """Money that was taken at the desk was given back there."""

    @extend_schema(operation_id="bookings_given_back", request=GivingBack, responses=PaymentList)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """All that is waiting there, before the plan's history too."""
        note_given_back(booking_id, **self.body(GivingBack), by=self.actor, now=self.now)
        booking = read_booking(booking_id)
        if booking is None:
            raise NotSeen
        return Response(_payments(booking, request))


def _payments(booking: Booking, request: Request) -> dict[str, Any]:
    payments = booking.payments.prefetch_related("refunds").order_by("asked_at", "id")
    found = [_payment(one, booking, request) for one in payments]
    return {"deposit": _deposit(booking), "results": found, "next": None}


def _deposit(booking: Booking) -> dict[str, Any]:
    deposit = deposit_of(booking)
    sums = {
        "amount": deposit.amount,
        "paid": deposit.paid,
        "returned": deposit.returned,
        "waiting": deposit.waiting,
    }
    return {
        "state": deposit.state,
        **{name: money_document(minor, deposit.currency) for name, minor in sums.items()},
    }


def _payment(payment: HoldPayment, booking: Booking, request: Request) -> dict[str, Any]:
    zone = ZoneInfo(booking.store.time_zone)
    page = payment_page(payment)
    return {
        "id": str(payment.id),
        "booking": str(booking.id),
        "state": str(payment.state),
        "means": str(payment.means),
        "amount": money_document(payment.amount, payment.currency),
        "pay_url": request.build_absolute_uri(page) if page else None,
        "asked_at": moment_text(payment.asked_at, zone),
        "settled_at": moment_text(payment.settled_at, zone) if payment.settled_at else None,
        "refunds": [refund_document(one, payment, zone) for one in payment.refunds.all()],
    }


def refund_document(refund: PaymentRefund, payment: HoldPayment, zone: ZoneInfo) -> dict[str, Any]:
    """A RefundOut."""
    return {
        "id": str(refund.id),
        "amount": money_document(refund.amount, payment.currency),
        "cause": str(refund.cause),
        "asked_at": moment_text(refund.asked_at, zone),
        "done_at": moment_text(refund.done_at, zone) if refund.done_at else None,
    }


urls = [
    path("bookings/<uuid:booking_id>/payments", BookingPayments.as_view(), name="api-booking-payments"),
    path(
        "bookings/<uuid:booking_id>/payments/given-back",
        GivenBack.as_view(),
        name="api-booking-payments-given-back",
    ),
    path(
        "bookings/<uuid:booking_id>/deposit/waive", WaiveDeposit.as_view(), name="api-booking-deposit-waive"
    ),
]
