"""Rows of which some columns are known: each value is its own column's, in whatever order they were read."""

from __future__ import annotations

from accounts.ids import new_id
from tenants.booking.domain.known import known
from tenants.stores.models import Store


def test_each_value_is_its_own_columns_in_whatever_order_they_come() -> None:
    key = new_id()
    store = known(
        Store, time_zone="Asia/Shanghai", translations='{"en": {"name": "North"}}', name="北", id=key
    )
    assert (store.id, store.name, store.time_zone) == (key, "北", "Asia/Shanghai")
    assert store.translations == {"en": {"name": "North"}}
    assert "country" in store.get_deferred_fields()
