"""The store a chain begins with: named after the brand, open every day, until its owner says otherwise."""

from __future__ import annotations

from chains.ports import ChainStart
from tenants.stores.models import OpeningHours, Store

OPENS = 10 * 60
CLOSES = 21 * 60


def start_with_store(start: ChainStart) -> None:
    """One store in the chain's zone and currency, open from 10 to 21 on all days. Idempotent."""
    if Store.objects.exists():
        return
    store = Store.objects.create(
        name=start.chain.name,
        verticals=list(start.chain.verticals),
        time_zone=start.chain.time_zone,
        currency=start.chain.currency,
        country=start.chain.country,
    )
    OpeningHours.objects.bulk_create(
        OpeningHours(store=store, weekday=weekday, opens=OPENS, closes=CLOSES) for weekday in range(1, 8)
    )
