"""Rows of which some columns are known: each value is its own column's, in whatever order they were read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accounts.ids import new_id
from tenants.booking.domain.known import known, unwritten
from tenants.booking.models import Booking
from tenants.stores.models import Store


def test_each_value_is_its_own_columns_in_whatever_order_they_come() -> None:
    key = new_id()
    store = known(
        Store, time_zone="Asia/Shanghai", translations='{"en": {"name": "North"}}', name="北", id=key
    )
    assert (store.id, store.name, store.time_zone) == (key, "北", "Asia/Shanghai")
    assert store.translations == {"en": {"name": "North"}}
    assert "country" in store.get_deferred_fields()


def test_a_new_row_is_what_the_models_own_constructor_makes() -> None:
    north, now = Store(name="北"), datetime(2026, 11, 23, tzinfo=UTC)
    told = {"id": new_id(), "starts_at": now, "currency": "CNY", "details": {"a": 1}}
    made, plain = unwritten(Booking, {"store": north, "member": None}, **told), Booking(store=north, **told)
    names = [field.attname for field in Booking._meta.concrete_fields]
    assert [getattr(made, name) for name in names] == [getattr(plain, name) for name in names]
    assert (made.store, made.member, made._state.adding, made.get_deferred_fields()) == (
        north,
        None,
        True,
        set(),
    )


def test_what_the_model_has_no_column_for_is_an_error() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        unwritten(Booking, {}, nonsense=1)
