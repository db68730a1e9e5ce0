"""A booking and a slot as the API writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from api.fields import moment_text, money_document
from api.v1.forms import words_of
from api.v1.terms_documents import PromisedOut, promised_document
from tenants.booking.domain.change import changeable_until
from tenants.booking.domain.keys import qr_of
from tenants.booking.models import Booking, Channel, Status
from tenants.people.domain.rights import Actor
from tenants.stores.domain.phones import mask_phone


class MoneyOut(serializers.Serializer[Any]):
    """An amount in minor units."""

    amount = serializers.IntegerField()
    currency = serializers.CharField()


class ItemOut(serializers.Serializer[Any]):
    """So many units of a product, at the price of one."""

    product = serializers.UUIDField()
    product_name = serializers.CharField()
    quantity = serializers.IntegerField()
    price = MoneyOut()


class BookingOut(serializers.Serializer[Any]):
    """A booking. `qr` is there for its member and their party's payer, while it can be redeemed."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.values)
    store = serializers.UUIDField()
    store_name = serializers.CharField()
    service = serializers.UUIDField()
    service_name = serializers.CharField()
    member = serializers.UUIDField(allow_null=True, help_text="Null while a visitor holds a time.")
    member_name = serializers.CharField(help_text="Empty for none.")
    member_phone = serializers.CharField(help_text="Masked; empty for none.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    practitioner = serializers.UUIDField(allow_null=True)
    practitioner_name = serializers.CharField(allow_null=True)
    resource = serializers.UUIDField(allow_null=True)
    resource_name = serializers.CharField(allow_null=True)
    party_size = serializers.IntegerField()
    session = serializers.UUIDField(allow_null=True)
    pickup_window = serializers.UUIDField(allow_null=True)
    items = ItemOut(many=True)
    note = serializers.CharField()
    details = serializers.DictField(
        child=serializers.DictField(), help_text="Answers to what verticals asked, by their codes."
    )
    group = serializers.UUIDField(allow_null=True, help_text="The party it was booked with.")
    series = serializers.UUIDField(allow_null=True, help_text="The recurring bookings it is one of.")
    price = MoneyOut()
    channel = serializers.ChoiceField(choices=Channel.values)
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Of a hold.")
    changeable_until = serializers.DateTimeField(help_text="Until when its member may cancel it for nothing.")
    terms = PromisedOut(
        help_text="What was promised at booking; `bookings/{id}/terms` says what it means now."
    )
    version = serializers.IntegerField()
    qr = serializers.CharField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """With `pass`, which no attribute can be called."""
        return {**super().get_fields(), "pass": serializers.UUIDField(allow_null=True)}


class SlotOut(serializers.Serializer[Any]):
    """A time at which a service can begin, and who is free for it. `left` is null unless counted."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    practitioners = serializers.ListField(child=serializers.UUIDField())
    left = serializers.IntegerField(allow_null=True)


def booking_document(booking: Booking, *, actor: Actor) -> dict[str, Any]:
    """One booking (loaded with day.WITH) for whoever asks."""
    zone = ZoneInfo(booking.store.time_zone)
    document: dict[str, Any] = {
        "id": str(booking.id),
        "code": booking.code,
        "status": str(booking.status),
        "store": str(booking.store_id),
        "store_name": words_of(booking.store, "name"),
        "service": str(booking.service_id),
        "service_name": words_of(booking.service, "name"),
        "member": str(booking.member_id) if booking.member_id else None,
        "member_name": booking.member.name if booking.member else "",
        "member_phone": mask_phone(booking.member.phone) if booking.member else "",
        "starts_at": moment_text(booking.starts_at, zone),
        "ends_at": moment_text(booking.ends_at, zone),
        "practitioner": str(booking.practitioner_id) if booking.practitioner_id else None,
        "practitioner_name": booking.practitioner.name if booking.practitioner else None,
        "resource": str(booking.resource_id) if booking.resource_id else None,
        "resource_name": booking.resource.name if booking.resource else None,
        "party_size": booking.party_size,
        "session": str(booking.session_id) if booking.session_id else None,
        "pickup_window": str(booking.pickup_window_id) if booking.pickup_window_id else None,
        "pass": str(booking.pass_id) if booking.pass_id else None,
        "items": [
            {
                "product": str(item.product_id),
                "product_name": item.product.name,
                "quantity": item.quantity,
                "price": money_document(item.price_amount, booking.currency),
            }
            for item in booking.items.all()
        ],
        "note": booking.note,
        "details": booking.details,
        "group": str(booking.group_id) if booking.group_id else None,
        "series": str(booking.series_id) if booking.series_id else None,
        "price": money_document(booking.price_amount, booking.currency),
        "channel": str(booking.channel),
        "reason": booking.reason,
        "created_at": moment_text(booking.created_at, zone),
        "expires_at": moment_text(booking.expires_at, zone) if booking.expires_at else None,
        "changeable_until": moment_text(changeable_until(booking), zone),
        "terms": promised_document(booking),
        "version": booking.version,
    }
    if (
        actor.is_member
        and actor.member_id in (booking.member_id, booking.payer_id)
        and (qr := qr_of(booking)) is not None
    ):
        document["qr"] = qr
    return document


def booking_documents(bookings: Iterable[Booking], *, actor: Actor) -> list[dict[str, Any]]:
    """The documents of a page of a list, in its order; as many queries for one row as for all."""
    return [booking_document(booking, actor=actor) for booking in bookings]
