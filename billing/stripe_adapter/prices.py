"""Our plans' prices at Stripe: made when first needed, found again by a lookup key that names all of it.

A price at Stripe never changes; a new amount is a new lookup key, and who subscribed before keeps the old one.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import Literal

import stripe

from billing.port import Basket, IntervalName
from billing.stripe_adapter.reading import PART, PLAN

# The id of a product of ours.
PRODUCT_ID = re.compile(r"tessera_(?P<plan>.+)_(?P<part>plan|store)")


@dataclass(frozen=True, slots=True)
class PriceTag:
    """One price: of a plan, or of one store beyond those it includes; `amount` in minor units an interval."""

    plan: str
    part: Literal["plan", "store"]
    interval: IntervalName
    currency: str
    amount: int

    @property
    def lookup_key(self) -> str:
        """Names the price in full."""
        return f"tessera.{self.plan}.{self.part}.{self.interval}.{self.currency}.{self.amount}".lower()

    @property
    def product(self) -> str:
        """The id of the product it prices."""
        return f"tessera_{self.plan}_{self.part}".lower()


def tags_of(basket: Basket) -> list[tuple[PriceTag, int]]:
    """The prices a basket consists of, each with its quantity; extra stores only where there are any."""
    plan = PriceTag(basket.plan, "plan", basket.interval, basket.currency, basket.plan_amount)
    tags = [(plan, 1)]
    if basket.extra_stores:
        store = PriceTag(basket.plan, "store", basket.interval, basket.currency, basket.store_amount)
        tags.append((store, basket.extra_stores))
    return tags


class Prices:
    """The ids of prices, asked for once a process."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client
        self._known: dict[str, str] = {}

    def id_of(self, tag: PriceTag) -> str:
        """The price's id, made where there is none yet. Two that make it at once make one: the key names it."""
        known = self._known.get(tag.lookup_key)
        if known is None:
            known = self._known[tag.lookup_key] = self._find(tag) or self._make(tag)
        return known

    def _find(self, tag: PriceTag) -> str | None:
        found = self._client.v1.prices.list({"lookup_keys": [tag.lookup_key], "active": True, "limit": 1})
        return found.data[0].id if found.data else None

    def _make(self, tag: PriceTag) -> str:
        what = "extra store" if tag.part == "store" else "plan"
        with contextlib.suppress(stripe.InvalidRequestError):  # there already
            self._client.v1.products.create(
                {
                    "id": tag.product,
                    "name": f"Tessera {tag.plan.capitalize()} ({what})",
                    "metadata": {PLAN: tag.plan, PART: tag.part},
                },
                {"idempotency_key": f"product.{tag.product}"},
            )
        made = self._client.v1.prices.create(
            {
                "product": tag.product,
                "currency": tag.currency.lower(),
                "unit_amount": tag.amount,
                "recurring": {"interval": tag.interval},
                "lookup_key": tag.lookup_key,
                "metadata": {PLAN: tag.plan, PART: tag.part},
            },
            {"idempotency_key": f"price.{tag.lookup_key}"},
        )
        return made.id
