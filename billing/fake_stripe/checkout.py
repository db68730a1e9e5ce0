"""Checkout and portal sessions: pages that a person is sent to."""

from __future__ import annotations

from typing import Any

from billing.fake_stripe.catalogue import find_code, make_discount
from billing.fake_stripe.customers import attach, create_card
from billing.fake_stripe.errors import ApiError
from billing.fake_stripe.invoices import refuse_unpaid
from billing.fake_stripe.params import Params, flag, known, metadata, number, required
from billing.fake_stripe.payments import Outcome, outcome_of
from billing.fake_stripe.periods import DAY, round_share
from billing.fake_stripe.store import Object
from billing.fake_stripe.subscriptions import begin, new_subscription
from billing.fake_stripe.world import World, listed

_PARAMS = frozenset(
    {
        *("mode", "customer", "line_items", "success_url", "cancel_url", "locale", "allow_promotion_codes"),
        *("billing_address_collection", "tax_id_collection", "customer_update", "client_reference_id"),
        *("metadata", "subscription_data", "expires_at", "payment_method_collection"),
    }
)
LEAST_TRIAL = 2 * DAY


def create_session(world: World, params: Params) -> Object:
    """POST /v1/checkout/sessions, for subscriptions."""
    known(params, _PARAMS)
    if params.get("mode") != "subscription":
        raise ApiError("The fake knows only `mode=subscription`.", param="mode")
    customer = world.need(required(params, "customer"), "customer", param="customer")
    clock = customer["test_clock"]
    now = world.now(clock)
    given = params.get("line_items")
    if not isinstance(given, list) or not given:
        raise ApiError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    data = params.get("subscription_data") or {}
    known(data, {"metadata", "trial_end", "trial_period_days", "description"})
    trial_end = number(data, "trial_end")
    if trial_end is not None and trial_end < now + LEAST_TRIAL:
        raise ApiError(
            "The `trial_end` date has to be at least 2 days in the future.", param="subscription_data"
        )
    draft = new_subscription(world, customer, given)  # checks prices, currency and rhythm
    subtotal = sum(each["price"]["unit_amount"] * each["quantity"] for each in draft["items"]["data"])
    session = world.fresh(
        "checkout.session",
        clock=clock,
        allow_promotion_codes=flag(params, "allow_promotion_codes") or None,
        amount_subtotal=0 if trial_end else subtotal,
        amount_total=0 if trial_end else subtotal,
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        currency=draft["currency"],
        custom_fields=[],
        custom_text=dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        ),
        customer=customer["id"],
        expires_at=number(params, "expires_at", now + DAY),
        locale=params.get("locale"),
        metadata=metadata(params),
        mode="subscription",
        payment_method_collection="always",
        payment_method_types=["card"],
        payment_status="no_payment_required" if trial_end else "unpaid",
        shipping_options=[],
        status="open",
        success_url=required(params, "success_url"),
        tax_id_collection={
            "enabled": flag(params.get("tax_id_collection") or {}, "enabled"),
            "required": "never",
        },
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0, "breakdown": None},
        ui_mode="hosted_page",
        _items=[
            {"price": each["price"]["id"], "quantity": each["quantity"]} for each in draft["items"]["data"]
        ],
        _metadata=metadata(data),
        _trial_end=trial_end,
        _code=None,
    )
    session["url"] = f"{world.base}/c/pay/{session['id']}"
    return world.put(session)


def expire_session(world: World, params: Params, key: str) -> Object:
    """POST /v1/checkout/sessions/{id}/expire."""
    session = world.need(key, "checkout.session", name="checkout session")
    if session["status"] != "open":
        raise ApiError(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.'
        )
    return expire(world, session)


def expire(world: World, session: Object) -> Object:
    """Nobody can pay on it any more."""
    session.update(status="expired", url=None)
    world.put(session)
    world.tell("checkout.session.expired", session)
    return session


def line_items(world: World, key: str) -> Object:
    """GET /v1/checkout/sessions/{id}/line_items."""
    session = world.need(key, "checkout.session", name="checkout session")
    items = []
    for each in session["_items"]:
        price = world.need(each["price"], "price")
        total = price["unit_amount"] * each["quantity"]
        items.append(
            {
                "id": world.new_id("li"),
                "object": "item",
                "amount_discount": 0,
                "amount_subtotal": total,
                "amount_tax": 0,
                "amount_total": total,
                "currency": price["currency"],
                "description": world.need(price["product"], "product")["name"],
                "price": price,
                "quantity": each["quantity"],
            }
        )
    return listed(items, f"/v1/checkout/sessions/{key}/line_items")


def enter_code(world: World, session: Object, code: str) -> bool:
    """Try a promotion code on the page; whether it holds."""
    found = find_code(world, code, customer=session["customer"]) if code.strip() else None
    session["_code"] = found["id"] if found else None
    taken = discount_on(world, session, session["amount_subtotal"])
    session["total_details"]["amount_discount"] = taken
    session["amount_total"] = session["amount_subtotal"] - taken
    world.put(session)
    return found is not None


def discount_on(world: World, session: Object, amount: int) -> int:
    """What the entered code takes off an amount."""
    if session["_code"] is None:
        return 0
    coupon = world.need(world.need(session["_code"], "promotion_code")["promotion"]["coupon"], "coupon")
    if coupon["percent_off"] is not None:
        return round_share(amount * round(coupon["percent_off"] * 100), 10_000)
    return min(amount, coupon["amount_off"]) if coupon["currency"] == session["currency"] else 0


def bank_asks(world: World, number_: str) -> bool:
    """Whether a card wants its holder to confirm at the bank first."""
    return outcome_of(create_card(world, number_), present=True) == "holder"


def complete(world: World, session: Object, *, card: str, holder: str, confirmed: bool = False) -> Object:
    """Pay on the page: the subscription begins. Raises the API's errors for a card that does not go through."""
    if session["status"] != "open":
        raise ApiError("This page is no longer open.", code="session_closed")
    customer = world.need(session["customer"], "customer")
    method = create_card(world, card, holder=holder)
    attach(world, method["id"], customer["id"])
    subscription = new_subscription(
        world,
        customer,
        session["_items"],
        metadata=dict(session["_metadata"]),
        default_payment_method=method["id"],
    )
    world.put(subscription)
    if session["_code"] is not None:
        code = world.need(session["_code"], "promotion_code")
        discount = make_discount(
            world,
            coupon=code["promotion"]["coupon"],
            customer=customer["id"],
            subscription=subscription["id"],
            code=code["id"],
        )
        subscription["discounts"] = [discount["id"]]
    trial_end = session["_trial_end"]
    if trial_end is not None and trial_end <= world.now(customer["test_clock"]):
        trial_end = None
    outcome: Outcome = begin(
        world, subscription, trial_end=trial_end, method=method, present=True, confirmed=confirmed
    )
    # a card that is turned down leaves nothing behind: the person tries another on the same page
    refuse_unpaid(outcome, keep=False)
    subscription = world.need(subscription["id"], "subscription")
    session.update(
        status="complete",
        payment_status="no_payment_required" if trial_end else "paid",
        subscription=subscription["id"],
        invoice=subscription["latest_invoice"],
        url=None,
    )
    world.put(session)
    world.tell("checkout.session.completed", session)
    return session


def create_portal(world: World, params: Params) -> Object:
    """POST /v1/billing_portal/sessions."""
    known(params, {"customer", "return_url", "locale", "configuration"})
    customer = world.need(required(params, "customer"), "customer", param="customer")
    session = world.fresh(
        "billing_portal.session",
        clock=customer["test_clock"],
        configuration="bpc_fake",
        customer=customer["id"],
        locale=params.get("locale"),
        return_url=params.get("return_url"),
    )
    session["url"] = f"{world.base}/p/session/{session['id']}"
    return world.put(session)


def new_card(world: World, customer: str, *, card: str, holder: str, confirmed: bool = False) -> Any:
    """A card added in the portal: the customer's and all its subscriptions' from now on; "holder" where the bank
    asks first."""
    if not confirmed and bank_asks(world, card):
        return "holder"
    method = create_card(world, card, holder=holder)
    attach(world, method["id"], customer)
    owner = world.need(customer, "customer")
    owner["invoice_settings"]["default_payment_method"] = method["id"]
    world.put(owner)
    world.tell("customer.updated", owner)
    for subscription in world.store.all("subscription", customer=customer):
        if subscription["default_payment_method"] is not None:
            subscription["default_payment_method"] = method["id"]
            world.put(subscription)
            world.tell("customer.subscription.updated", subscription)
    return "ok"
