"""Products, prices, coupons, promotion codes and the discounts made of them."""

from __future__ import annotations

from billing.fake_stripe.errors import ApiError
from billing.fake_stripe.params import Params, flag, known, metadata, number, required
from billing.fake_stripe.periods import add_interval
from billing.fake_stripe.store import Object
from billing.fake_stripe.world import World


def create_product(world: World, params: Params) -> Object:
    """POST /v1/products."""
    known(params, {"id", "name", "active", "description", "metadata", "unit_label", "tax_code", "url"})
    name = required(params, "name")
    key = params.get("id")
    if key and world.store.get(str(key)) is not None:
        raise ApiError("Product already exists.", code="resource_already_exists", param="id")
    product = world.fresh(
        "product",
        active=flag(params, "active", True),
        description=params.get("description"),
        images=[],
        marketing_features=[],
        metadata=metadata(params),
        name=name,
        type="service",
        updated=world.now(),
    )
    if key:
        product["id"] = str(key)
    world.put(product)
    world.tell("product.created", product)
    return product


def create_price(world: World, params: Params) -> Object:
    """POST /v1/prices."""
    known(
        params,
        {
            *(
                "product",
                "currency",
                "unit_amount",
                "recurring",
                "lookup_key",
                "metadata",
                "nickname",
                "active",
            ),
            "transfer_lookup_key",
        },
    )
    product = world.need(required(params, "product"), "product", param="product")
    amount = number(params, "unit_amount")
    if amount is None or amount < 0:
        raise ApiError("Invalid non-negative integer", code="parameter_invalid_integer", param="unit_amount")
    lookup_key = params.get("lookup_key")
    if lookup_key:
        taken = [each for each in world.store.all("price") if each["lookup_key"] == lookup_key]
        for other in taken:
            if not flag(params, "transfer_lookup_key"):
                raise ApiError(f"A price (`{other['id']}`) already uses that lookup key.", param="lookup_key")
            other["lookup_key"] = None
            world.put(other)
    recurring = params.get("recurring")
    price = world.fresh(
        "price",
        active=flag(params, "active", True),
        billing_scheme="per_unit",
        currency=required(params, "currency").lower(),
        lookup_key=lookup_key,
        metadata=metadata(params),
        nickname=params.get("nickname"),
        product=product["id"],
        recurring={
            "interval": required(recurring, "interval"),
            "interval_count": number(recurring, "interval_count", 1),
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        }
        if recurring
        else None,
        tax_behavior="unspecified",
        type="recurring" if recurring else "one_time",
        unit_amount=amount,
        unit_amount_decimal=str(amount),
    )
    world.put(price)
    world.tell("price.created", price)
    return price


def create_coupon(world: World, params: Params) -> Object:
    """POST /v1/coupons."""
    known(
        params,
        {
            *("id", "percent_off", "amount_off", "currency", "duration", "duration_in_months", "name"),
            *("max_redemptions", "redeem_by", "metadata"),
        },
    )
    percent = params.get("percent_off")
    amount = number(params, "amount_off")
    if (percent in (None, "")) == (amount is None):
        raise ApiError("You must pass one of percent_off or amount_off.", param="percent_off")
    duration = str(params.get("duration", "once"))
    coupon = world.fresh(
        "coupon",
        amount_off=amount,
        currency=required(params, "currency").lower() if amount is not None else None,
        duration=duration,
        duration_in_months=number(params, "duration_in_months") if duration == "repeating" else None,
        max_redemptions=number(params, "max_redemptions"),
        metadata=metadata(params),
        name=params.get("name"),
        percent_off=float(percent) if percent not in (None, "") else None,
        redeem_by=number(params, "redeem_by"),
        times_redeemed=0,
        valid=True,
    )
    if params.get("id"):
        coupon["id"] = str(params["id"])
    world.put(coupon)
    world.tell("coupon.created", coupon)
    return coupon


def create_promotion_code(world: World, params: Params) -> Object:
    """POST /v1/promotion_codes."""
    known(
        params,
        {
            *("promotion", "code", "active", "customer", "expires_at", "max_redemptions", "metadata"),
            "restrictions",
        },
    )
    promotion = params.get("promotion") or {}
    coupon = world.need(required(promotion, "coupon"), "coupon", param="promotion[coupon]")
    code = str(params.get("code") or world.new_id("x")[2:10].upper())
    if any(
        each["active"] and each["code"].lower() == code.lower() for each in world.store.all("promotion_code")
    ):
        raise ApiError("An active promotion code with this code already exists.", param="code")
    made = world.fresh(
        "promotion_code",
        active=flag(params, "active", True),
        code=code,
        customer=params.get("customer"),
        expires_at=number(params, "expires_at"),
        max_redemptions=number(params, "max_redemptions"),
        metadata=metadata(params),
        promotion={"type": "coupon", "coupon": coupon["id"]},
        restrictions={
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        times_redeemed=0,
    )
    world.put(made)
    world.tell("promotion_code.created", made)
    return made


def find_code(world: World, code: str, *, customer: str) -> Object | None:
    """The promotion code a person typed, if it can be used by this customer now."""
    for each in world.store.all("promotion_code"):
        if each["code"].lower() != code.strip().lower() or not each["active"]:
            continue
        used_up = each["max_redemptions"] is not None and each["times_redeemed"] >= each["max_redemptions"]
        over = each["expires_at"] is not None and each["expires_at"] <= world.now(world.clock_of(customer))
        if not used_up and not over and each["customer"] in (None, customer):
            return each
    return None


def make_discount(
    world: World, *, coupon: str, customer: str, subscription: str | None, code: str | None = None
) -> Object:
    """A coupon's use by a customer, from now on; counted."""
    found = world.need(coupon, "coupon", param="discounts[0][coupon]")
    if found["max_redemptions"] is not None and found["times_redeemed"] >= found["max_redemptions"]:
        raise ApiError(f"Coupon {coupon} is used up.", code="coupon_expired", param="discounts")
    now = world.now(world.clock_of(customer))
    discount = world.fresh(
        "discount",
        customer=customer,
        end=add_interval(now, "month", found["duration_in_months"])
        if found["duration"] == "repeating"
        else None,
        promotion_code=code,
        source={"type": "coupon", "coupon": coupon},
        start=now,
        subscription=subscription,
    )
    found["times_redeemed"] += 1
    world.put(found)
    if code is not None:
        used = world.need(code, "promotion_code")
        used["times_redeemed"] += 1
        world.put(used)
    return world.put(discount)
