"""What calls about bookings are asked with: times by the store's clock, guests, wishes, versions, filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.fields import Body, DayField, ListQuery
from tenants.booking.domain.book import Guest
from tenants.booking.models import Status
from tenants.stores.domain.wall import parse_moment


@extend_schema_field(OpenApiTypes.DATETIME)
class StoreMomentField(serializers.CharField):
    """RFC 3339 with any offset; read once the store, and so its clock, is known."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=64, **options)

    def to_internal_value(self, data: Any) -> str:
        """The text, checked for its form."""
        text = super().to_internal_value(data)
        parse_moment(text)
        return text


class GuestIn(Body):
    """A guest at the desk."""

    name = serializers.CharField(max_length=120, allow_blank=True, default="")
    phone = serializers.CharField(max_length=40, allow_null=True, allow_blank=True, default=None)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "format": "uuid"},
            {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": 120},
                    "phone": {"type": "string", "nullable": True, "maxLength": 40},
                },
                "additionalProperties": False,
            },
        ]
    }
)
class MemberField(serializers.Field[Any, Any, Any, Any]):
    """A member's id, or a guest's name and phone."""

    def to_internal_value(self, data: Any) -> UUID | Guest:
        """Which of both it is."""
        if isinstance(data, Mapping):
            guest = GuestIn(data=data)
            guest.is_valid(raise_exception=True)
            return Guest(**guest.validated_data)
        return cast(UUID, serializers.UUIDField().run_validation(data))

    def to_representation(self, value: Any) -> Any:
        """The field is only read; the schema's generator asks for this all the same."""
        return str(value)


class DetailsField(serializers.DictField):
    """Answers to what the store's verticals ask."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            child=serializers.DictField(),
            default=dict,
            help_text="Answers to what the store's verticals ask, by their codes (see `steps`).",
            **options,
        )


class ItemIn(Body):
    """Something sold by the piece."""

    product = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=999)


class NewBooking(Body):
    """What is booked, where, when, for whom: a service at a time, a `session`, or `items` in a `pickup_window`.

    With a session or pickup window there is no `starts_at`, and the service may be left out.
    """

    store = serializers.UUIDField()
    service = serializers.UUIDField(required=False, help_text="Required without session and pickup window.")
    starts_at = StoreMomentField(required=False, help_text="Required without session and pickup window.")
    session = serializers.UUIDField(required=False, allow_null=True)
    pickup_window = serializers.UUIDField(required=False, allow_null=True)
    items = serializers.ListField(child=ItemIn(), required=False, allow_null=True, max_length=50)
    member = MemberField(required=False, help_text="For employees: an id, or a guest's name and phone.")
    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)
    resource = serializers.UUIDField(required=False, allow_null=True, default=None)
    party_size = serializers.IntegerField(min_value=1, max_value=99, default=1)
    note = serializers.CharField(max_length=500, allow_blank=True, default="")
    details = DetailsField()
    hold = serializers.BooleanField(default=False)
    overbook = serializers.CharField(
        max_length=200,
        required=False,
        allow_null=True,
        default=None,
        help_text="Why this is booked over another booking; for whoever may.",
    )

    def get_fields(self) -> dict[str, Any]:
        """With `pass`, which no attribute can be called."""
        return {**super().get_fields(), "pass": serializers.UUIDField(required=False, allow_null=True)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of session, pickup window and time. Raises `required` and `not_both`, by field."""
        scheduled = [name for name in ("session", "pickup_window") if attrs.get(name) is not None]
        required = serializers.Field().error_messages["required"]
        missing = [] if scheduled else [name for name in ("service", "starts_at") if name not in attrs]
        if missing:
            raise serializers.ValidationError({name: [required] for name in missing}, "required")
        others = [*scheduled[1:], *(["starts_at"] if scheduled and "starts_at" in attrs else [])]
        if others:
            said = str(_("Name a session, a pickup window or a time: one of them."))
            raise serializers.ValidationError(
                {name: [serializers.ErrorDetail(said, "not_both")] for name in others}
            )
        return attrs


class Versioned(Body):
    """An action, on the version that was read where it matters."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class Confirming(Versioned):
    """A hold is taken. `details` answer what the store's verticals ask, where the hold of an offer was asked nothing."""

    details = DetailsField()


class Cancelling(Versioned):
    """A cancellation: the reason is kept with the booking, and its member can read it."""

    reason = serializers.CharField(max_length=200, allow_blank=True, default="")
    penalise_late = serializers.BooleanField(
        default=False, help_text="For employees: the member asked, so what was promised for that comes about."
    )


class Moving(Versioned):
    """When to; by whom, where that changes: null leaves the choice to the shop."""

    starts_at = StoreMomentField()
    practitioner = serializers.UUIDField(required=False, allow_null=True)
    overbook = serializers.CharField(
        max_length=200, required=False, allow_null=True, help_text="As for a new booking."
    )


class BookingQuery(ListQuery):
    """Which bookings."""

    store = serializers.UUIDField(required=False)
    to = DayField(required=False)
    status = serializers.CharField(required=False, max_length=100, help_text="One or several, by comma.")
    practitioner = serializers.UUIDField(required=False)
    service = serializers.UUIDField(required=False)
    q = serializers.CharField(
        required=False,
        max_length=80,
        allow_blank=True,
        help_text="Code or its beginning, end of a phone, name in characters or pinyin, staff, service, status.",
    )

    def get_fields(self) -> dict[str, Any]:
        """With `from`, which no attribute can be called."""
        return {**super().get_fields(), "from": DayField(required=False)}

    def validate_status(self, value: str) -> tuple[str, ...]:
        """The statuses named, by comma; one that does not exist is `invalid`."""
        wanted = tuple(part for part in value.split(",") if part)
        if not set(wanted) <= set(Status.values):
            raise serializers.ValidationError(_("There is no such status."), "invalid_choice")
        return wanted
