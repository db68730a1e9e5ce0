"""Fields that several calls share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from rest_framework import serializers

from api.fields import Body, DayField, Money, WallField
from tenants.catalogue.domain.services import Price
from tenants.people.domain.rights import Grant
from tenants.people.models import Role
from tenants.stores.domain import words


class FromTo(Body):
    """`from` and `to` in local wall time of one day."""

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of the language, so the fields are named here."""
        return {**super().get_fields(), "from": WallField(), "to": WallField()}


class Days(Body):
    """`from` and `to` as dates in the store's zone, half-open."""

    def get_fields(self) -> dict[str, Any]:
        """With `from` and `to`; `from` is a word of the language, hence here."""
        return {**super().get_fields(), "from": DayField(), "to": DayField()}


class RoleAt(Body):
    """A role at a store, or (null) in the whole chain."""

    role = serializers.ChoiceField(choices=Role.choices)
    store = serializers.UUIDField(allow_null=True, default=None)


class Version(Body):
    """A change may name the version it was made from."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class Warned(serializers.Serializer[Any]):
    """What contradicts the configuration."""

    code = serializers.CharField()
    detail = serializers.CharField()


class MoneyOut(Money):
    """An amount in whole minor units of a currency."""


def read_grants(rows: list[dict[str, Any]]) -> list[Grant]:
    """The roles of a body."""
    return [Grant(Role(row["role"]), row["store"]) for row in rows]


def read_price(row: dict[str, Any] | None) -> Price | None:
    """The price of a body."""
    return None if row is None else Price(row["amount"], row["currency"])


def words_of(thing: Any, field: str) -> str:
    """A field in the request's language, as it was typed where there is no translation."""
    return words.words_of(thing, field, language=get_language() or "")


def id_text(value: UUID | None) -> str | None:
    """An id as the API writes it."""
    return None if value is None else str(value)
