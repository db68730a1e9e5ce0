"""The fake's world: its objects, its clocks, and the events of what happens in it."""

from __future__ import annotations

import random
import secrets
import string
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from billing.fake_stripe.errors import missing
from billing.fake_stripe.shapes import API_VERSION, FIELDS
from billing.fake_stripe.store import Object, Store

_LETTERS = string.ascii_letters + string.digits
PREFIXES = {
    "customer": "cus",
    "product": "prod",
    "price": "price",
    "coupon": "coupon",
    "promotion_code": "promo",
    "discount": "di",
    "subscription": "sub",
    "subscription_item": "si",
    "invoice": "in",
    "line_item": "il",
    "invoiceitem": "ii",
    "payment_method": "pm",
    "payment_intent": "pi",
    "charge": "ch",
    "refund": "re",
    "checkout.session": "cs_test",
    "billing_portal.session": "bps",
    "event": "evt",
    "test_helpers.test_clock": "clock",
    "customer_balance_transaction": "cbtxn",
    "tax_id": "txi",
    "invoice_payment": "inpay",
    "webhook_endpoint": "we",
}


class World:
    """Everything there is. Call it within `store.transaction()`."""

    def __init__(
        self,
        store: Store,
        *,
        base: str = "http://127.0.0.1:0",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.base = base
        self._clock = clock
        self._moments: dict[str | None, int] = {}
        self.request_key: str | None = None

    # Time

    def now(self, clock: str | None = None) -> int:
        """The time on a test clock, or in the world where none is named (real time, and what was skipped)."""
        if clock in self._moments:
            return self._moments[clock]
        if clock is not None:
            return int(self.need(clock, "test_helpers.test_clock", name="test clock")["frozen_time"])
        return int(self._clock()) + int(self.store.setting("skipped", 0))

    @contextmanager
    def moment(self, clock: str | None, at: int) -> Iterator[None]:
        """Within the block it is `at` on that clock."""
        self._moments[clock] = at
        try:
            yield
        finally:
            del self._moments[clock]

    def clock_of(self, customer: str) -> str | None:
        """The test clock a customer lives by; None for the world's own."""
        found = self.store.get(customer, "customer")
        clock: str | None = found.get("test_clock") if found else None
        return clock

    # Objects

    def fresh(self, kind: str, *, clock: str | None = None, **fields: Any) -> Object:
        """A new object with all of its kind's fields, null unless given."""
        item: Object = dict.fromkeys(FIELDS[kind])
        item.update(id=self.new_id(PREFIXES[kind]), object=kind)
        if "created" in item:
            item["created"] = self.now(clock)
        if "livemode" in item:
            item["livemode"] = False
        if "metadata" in item:
            item["metadata"] = {}
        item.update(fields)
        return item

    def new_id(self, prefix: str) -> str:
        """An id as Stripe makes them."""
        return f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(24))}"

    def need(self, key: str, kind: str, *, name: str | None = None, param: str = "id") -> Object:
        """An object that must be there; raises the API's resource_missing."""
        found = self.store.get(key, kind)
        if found is None or found.get("deleted"):
            raise missing(name or kind.replace("_", " "), key, param=param)
        return found

    def put(self, item: Object) -> Object:
        """Keep an object as it is now."""
        self.store.put(item)
        return item

    # Events

    def tell(self, kind: str, about: Object, *, before: Object | None = None) -> None:
        """Note that something happened and queue its webhook. `before` gives the previous attributes."""
        clock = about.get("test_clock") or (
            self.clock_of(about["customer"]) if isinstance(about.get("customer"), str) else None
        )
        data: Object = {"object": visible(about)}
        if before is not None:
            changed = {
                name: value
                for name, value in visible(before).items()
                if name in about and about[name] != value
            }
            data["previous_attributes"] = changed
        event = self.fresh(
            "event",
            clock=clock,
            api_version=API_VERSION,
            data=data,
            pending_webhooks=1,
            request={"id": None, "idempotency_key": self.request_key},
            type=kind,
        )
        self.put(event)
        self._queue(event)

    def _queue(self, event: Object) -> None:
        knobs = self.store.setting("webhooks", {})
        dropped = knobs.get("drop", 0)
        if event["type"] in knobs.get("drop_kinds", ()) or (dropped and random.random() < dropped):  # noqa: S311
            return
        for _ in range(1 + int(knobs.get("duplicate", 0))):
            wait = float(knobs.get("delay", 0))
            if knobs.get("reorder"):
                wait += random.uniform(0, float(knobs["reorder"]))  # noqa: S311
            self.store.queue(event["id"], self._clock() + wait)


def visible(item: Any) -> Any:
    """An object as the API shows it: what begins with an underscore is the fake's own."""
    if isinstance(item, dict):
        return {name: visible(value) for name, value in item.items() if not name.startswith("_")}
    if isinstance(item, list):
        return [visible(each) for each in item]
    return item


def listed(items: list[Object], url: str, *, more: bool = False) -> Object:
    """A list of the API."""
    return {"object": "list", "data": items, "has_more": more, "url": url}
