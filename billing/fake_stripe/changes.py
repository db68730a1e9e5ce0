"""What a change of a subscription's items costs: credit for the time not used, a charge for the time left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing.fake_stripe.errors import ApiError, missing
from billing.fake_stripe.invoices import make_line
from billing.fake_stripe.params import Params, flag, metadata, number
from billing.fake_stripe.periods import next_end, share
from billing.fake_stripe.store import Object
from billing.fake_stripe.world import World


@dataclass
class Change:
    """The items as they will be, the lines that settle the change, whether a new period begins with it."""

    items: list[Object]
    lines: list[Object]
    begins_anew: bool


def make_items(world: World, given: Any, subscription: str, *, clock: str | None) -> list[Object]:
    """The items of a new subscription; all of one currency and one interval."""
    if not isinstance(given, list) or not given:
        raise ApiError("Missing required param: items.", code="parameter_missing", param="items")
    items = [_make_item(world, each, subscription, clock) for each in given]
    check_items(items)
    return items


def check_items(items: list[Object]) -> None:
    """One currency and one rhythm in a subscription."""
    if not items:
        raise ApiError("A subscription must have at least one active plan.", param="items")
    rhythms = {(each["price"]["recurring"]["interval"], each["price"]["currency"]) for each in items}
    if len(rhythms) > 1:
        raise ApiError("All prices on a subscription must have the same `recurring.interval`.", param="items")


def _make_item(world: World, given: Any, subscription: str, clock: str | None) -> Object:
    price = world.need(str((given or {}).get("price")), "price", param="items[0][price]")
    if price["recurring"] is None:
        raise ApiError("The price specified is set to `type=one_time`.", param="items[0][price]")
    quantity = number(given, "quantity", 1)
    if quantity is None or quantity < 0:
        raise ApiError("Invalid non-negative integer", code="parameter_invalid_integer", param="quantity")
    return world.fresh(
        "subscription_item",
        clock=clock,
        current_period_start=0,
        current_period_end=0,
        discounts=[],
        metadata=metadata(given),
        plan=plan_of(price),
        price=price,
        quantity=quantity,
        subscription=subscription,
        tax_rates=[],
    )


def plan_of(price: Object) -> Object:
    """The price in the words of plans, which items still carry."""
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def period_of(subscription: Object) -> tuple[int, int]:
    """The current period; all items share it."""
    first = subscription["items"]["data"][0]
    return first["current_period_start"], first["current_period_end"]


def set_period(subscription: Object, start: int, end: int) -> None:
    """Have all items run from `start` to `end`."""
    for item in subscription["items"]["data"]:
        item["current_period_start"], item["current_period_end"] = start, end


def interval_of(items: list[Object]) -> str:
    """The rhythm of the items."""
    return str(items[0]["price"]["recurring"]["interval"])


def full_lines(world: World, subscription: Object, period: tuple[int, int]) -> list[Object]:
    """A line for each item over a whole period."""
    lines = []
    for item in subscription["items"]["data"]:
        price, quantity = item["price"], item["quantity"]
        text = f"{quantity} × {name_of(world, price)} (at {money(price)} / {price['recurring']['interval']})"
        lines.append(
            make_line(
                world,
                item,
                amount=price["unit_amount"] * quantity,
                quantity=quantity,
                period=period,
                text=text,
                proration=False,
                price=price,
            )
        )
    return lines


def trial_lines(world: World, subscription: Object, period: tuple[int, int]) -> list[Object]:
    """A line of nothing for each item while the trial lasts."""
    return [
        make_line(
            world,
            item,
            amount=0,
            quantity=item["quantity"],
            period=period,
            text=f"Trial period for {name_of(world, item['price'])}",
            proration=False,
            price=item["price"],
        )
        for item in subscription["items"]["data"]
    ]


def change_items(
    world: World, subscription: Object, given: Any, *, behaviour: str, at: int, now: int
) -> Change:
    """Work out what `given` (the API's `items`) makes of the subscription; nothing is kept."""
    if not isinstance(given, list):
        raise ApiError("Invalid array", param="items")
    start, end = period_of(subscription)
    if not start <= at <= end:
        raise ApiError("`proration_date` must be within the current period.", param="proration_date")
    before = {each["id"]: each for each in subscription["items"]["data"]}
    after = {key: dict(each) for key, each in before.items()}
    for each in given:
        _apply(world, subscription, after, each)
    items = list(after.values())
    check_items(items)
    if items[0]["price"]["currency"] != subscription["currency"]:
        raise ApiError(
            f"The price specified only supports `{items[0]['price']['currency']}`. This doesn't match the"
            f" expected currency: `{subscription['currency']}`.",
            param="items",
        )
    changed = interval_of(items) != interval_of(list(before.values()))
    settled = behaviour != "none" and subscription["status"] in ("active", "past_due")
    lines: list[Object] = []
    if settled:
        lines = _unused(world, before, after, (start, end), at, all_of_it=changed)
        if not changed:
            lines += _remaining(world, before, after, (start, end), at)
    return Change(items, lines, begins_anew=changed and subscription["status"] != "trialing")


def _apply(world: World, subscription: Object, after: dict[str, Object], given: Any) -> None:
    key = given.get("id")
    if key is None:
        item = _make_item(world, given, subscription["id"], subscription["test_clock"])
        item["current_period_start"], item["current_period_end"] = period_of(subscription)
        after[item["id"]] = item
        return
    if key not in after:
        raise missing("subscription_item", str(key), param="items[0][id]")
    if flag(given, "deleted"):
        del after[key]
        return
    if given.get("price"):
        price = world.need(str(given["price"]), "price", param="items[0][price]")
        after[key].update(price=price, plan=plan_of(price))
    quantity = number(given, "quantity")
    if quantity is not None:
        after[key]["quantity"] = quantity


def _differs(before: Object | None, after: Object | None) -> bool:
    if before is None or after is None:
        return True
    return (before["price"]["id"], before["quantity"]) != (after["price"]["id"], after["quantity"])


def _unused(
    world: World,
    before: dict[str, Object],
    after: dict[str, Object],
    period: tuple[int, int],
    at: int,
    *,
    all_of_it: bool,
) -> list[Object]:
    lines = []
    for key, item in before.items():
        if not all_of_it and not _differs(item, after.get(key)):
            continue
        price, quantity = item["price"], item["quantity"]
        amount = -share(price["unit_amount"] * quantity, of=period, left_at=at)
        text = f"Unused time on {_times(quantity)}{name_of(world, price)} after {day(at)}"
        lines.append(
            make_line(
                world,
                item,
                amount=amount,
                quantity=quantity,
                period=(at, period[1]),
                text=text,
                proration=True,
                price=price,
            )
        )
    return lines


def _remaining(
    world: World, before: dict[str, Object], after: dict[str, Object], period: tuple[int, int], at: int
) -> list[Object]:
    lines = []
    for key, item in after.items():
        if not _differs(before.get(key), item):
            continue
        price, quantity = item["price"], item["quantity"]
        amount = share(price["unit_amount"] * quantity, of=period, left_at=at)
        text = f"Remaining time on {_times(quantity)}{name_of(world, price)} after {day(at)}"
        lines.append(
            make_line(
                world,
                item,
                amount=amount,
                quantity=quantity,
                period=(at, period[1]),
                text=text,
                proration=True,
                price=price,
            )
        )
    return lines


def begin_anew(world: World, subscription: Object, now: int) -> list[Object]:
    """Start a new period with the (new) items; the lines it is charged with."""
    subscription["billing_cycle_anchor"] = now
    end = next_end(now, interval_of(subscription["items"]["data"]), now)
    set_period(subscription, now, end)
    return full_lines(world, subscription, (now, end))


def name_of(world: World, price: Object) -> str:
    """The name of what a price is for."""
    product = world.store.get(price["product"], "product")
    return str(product["name"]) if product else str(price["product"])


def money(price: Object) -> str:
    """An amount for a person to read, such as 89.00 USD."""
    return amount_text(price["unit_amount"], price["currency"])


def amount_text(amount: int, currency: str) -> str:
    """Minor units for a person to read."""
    if currency.lower() in ("jpy", "krw"):
        return f"{amount:,} {currency.upper()}"
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100:,}.{abs(amount) % 100:02d} {currency.upper()}"


def day(at: int) -> str:
    """A date for a person to read."""
    return datetime.fromtimestamp(at, UTC).strftime("%d %b %Y")


def _times(quantity: int) -> str:
    return "" if quantity == 1 else f"{quantity} × "


def prorated_at(params: Params, now: int) -> int:
    """The moment that a change is prorated at."""
    return number(params, "proration_date", now) or now
