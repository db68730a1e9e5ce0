"""What goes over the wire: bodies without surplus fields, money, moments, dates, wall times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chains.refusals import FieldError, Refusal
from tenants.stores.domain.wall import DAY_MINUTES, parse_day, parse_moment

# The largest amount that is still exact in every JSON reader.
LARGEST_AMOUNT = 2**53 - 1


class Body(serializers.Serializer[Any]):
    """The fields of a request. What is not among them is refused by name, never ignored."""

    def to_internal_value(self, data: Any) -> Any:
        """As the library's; raises ValidationError with `unknown_field` for what is too much."""
        if isinstance(data, Mapping):
            surplus = [name for name in data if name not in self.fields]
            if surplus:
                raise serializers.ValidationError(
                    {
                        str(name)[:80]: [
                            serializers.ErrorDetail(str(_("There is no such field.")), "unknown_field")
                        ]
                        for name in surplus
                    }
                )
        return super().to_internal_value(data)


class ListQuery(Body):
    """What every list takes in its address."""

    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)
    cursor = serializers.CharField(required=False, help_text="From `next` of the page before.")


class Strict:
    """Mixed into a field: a Refusal of the domain's parser goes out with the field's name."""

    field_name: str

    def refuse(self, refusal: Refusal) -> Refusal:
        """The same refusal, naming this field."""
        error = FieldError(self.field_name, refusal.code, refusal.sentence())
        return type(refusal)(params=refusal.params, errors=[error])


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentField(Strict, serializers.Field[datetime, Any, str, Any]):
    """RFC 3339 with any offset, read to aware UTC. Raises 400 offset_missing, time_malformed."""

    def to_internal_value(self, data: Any) -> datetime:
        """The moment in aware UTC."""
        try:
            return parse_moment(data if isinstance(data, str) else str(data))
        except Refusal as refusal:
            raise self.refuse(refusal) from None

    def to_representation(self, value: datetime) -> str:
        """As it is; documents are written with moment_text."""
        return value.isoformat()


@extend_schema_field(OpenApiTypes.DATE)
class DayField(Strict, serializers.Field[date, Any, str, Any]):
    """`YYYY-MM-DD`, a date in the store's zone."""

    def to_internal_value(self, data: Any) -> date:
        """The date as written, in the store's zone. Raises 400 date_malformed, naming the field."""
        try:
            return parse_day(data if isinstance(data, str) else str(data))
        except Refusal as refusal:
            raise self.refuse(refusal) from None

    def to_representation(self, value: date) -> str:
        """`YYYY-MM-DD`."""
        return value.isoformat()


@extend_schema_field({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", "example": "09:00"})
class WallField(serializers.Field[int, Any, str, Any]):
    """`HH:MM` of a store's clock, to minutes after midnight; 24:00 is the end of the day."""

    default_error_messages = {"invalid": _("Write a time like 09:00; the day ends at 24:00.")}

    def to_internal_value(self, data: Any) -> int:
        """Minutes after the day's midnight, 0 to 1440; anything that is no time of the clock is `invalid`."""
        found = re.fullmatch(r"(\d\d):(\d\d)", data, re.ASCII) if isinstance(data, str) else None
        if found is None or int(found[2]) > 59:
            self.fail("invalid")
        minutes = int(found[1]) * 60 + int(found[2])
        if minutes > DAY_MINUTES:
            self.fail("invalid")
        return minutes

    def to_representation(self, value: int) -> str:
        """As wall_text writes it."""
        return wall_text(value)


class Money(Body):
    """An amount in whole minor units of a currency."""

    amount = serializers.IntegerField(min_value=0, max_value=LARGEST_AMOUNT)
    currency = serializers.RegexField(r"^[A-Z]{3}\Z")


def money_document(amount: int, currency: str) -> dict[str, Any]:
    """Minor units as the API writes them."""
    return {"amount": amount, "currency": currency}


def moment_text(moment: datetime, zone: ZoneInfo) -> str:
    """RFC 3339 with the zone's offset at that moment."""
    return moment.astimezone(zone).isoformat()


def wall_text(minutes: int) -> str:
    """Minutes after midnight as HH:MM; 1440 is 24:00."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
