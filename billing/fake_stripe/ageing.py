"""Time for one customer alone: what the coming days bring happens now, and all that it has grows older by them.

The world's clock stays, so what talks to the fake may go on by its own; a test clock, as Stripe has them, would
leave it behind. What Stripe has nothing of: a knob.
"""

from __future__ import annotations

from typing import Any

from billing.fake_stripe.errors import ApiError
from billing.fake_stripe.happenings import happen
from billing.fake_stripe.world import World

# Seconds since 1970 from 2001 on; no amount in a demo is as large.
_FIRST_MOMENT = 1_000_000_000
# A page that is open stays open: nobody would see why it is not.
_STAYS = frozenset({"checkout.session"})


def age_customer(world: World, key: str, seconds: int) -> int:
    """Let `seconds` go by for one customer; how much happened. Raises ApiError."""
    customer = world.need(key, "customer")
    if customer["test_clock"] is not None:
        raise ApiError("This customer lives by a test clock: advance that.", param="customer")
    if not 0 < seconds <= 10**8:
        raise ApiError("Time goes forwards, and not by years at once.", param="seconds")
    now = world.now()
    count = happen(world, None, until=now + seconds, customer=key)
    for each in world.store.all_of(key):
        if each["object"] not in _STAYS:
            world.put(_older(each, seconds))
    for event in world.store.all("event"):
        if event["created"] > now:
            world.put({**event, "created": now})
    return count


def _older(item: Any, seconds: int, name: str = "") -> Any:
    if isinstance(item, dict):
        return {key: _older(value, seconds, key) for key, value in item.items()}
    if isinstance(item, list):
        return [_older(each, seconds, name) for each in item]
    if (
        isinstance(item, int)
        and not isinstance(item, bool)
        and item >= _FIRST_MOMENT
        and "amount" not in name
    ):
        return item - seconds
    return item
