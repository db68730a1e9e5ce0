"""Subscriptions: begun, changed, ended, and following how their invoices fare."""

from __future__ import annotations

import copy
from typing import Any

from billing.fake_stripe.blanks import blank_subscription
from billing.fake_stripe.catalogue import make_discount
from billing.fake_stripe.changes import (
    begin_anew,
    change_items,
    full_lines,
    interval_of,
    make_items,
    period_of,
    prorated_at,
    set_period,
    trial_lines,
)
from billing.fake_stripe.errors import ApiError
from billing.fake_stripe.invoices import (
    collect,
    finalize,
    issue,
    make_invoice,
    refuse_unpaid,
    subscription_of,
    void,
)
from billing.fake_stripe.params import Params, flag, known, metadata, number, required
from billing.fake_stripe.payments import Outcome
from billing.fake_stripe.periods import next_end
from billing.fake_stripe.store import Object
from billing.fake_stripe.world import World

OVER = ("canceled", "incomplete_expired")
_BEHAVIOURS = ("create_prorations", "always_invoice", "none")
_SHARED = {
    *("metadata", "default_payment_method", "payment_behavior", "proration_behavior", "trial_end", "items"),
    *("cancel_at_period_end", "description", "off_session", "discounts"),
}


def new_subscription(world: World, customer: Object, items: Any, **fields: Any) -> Object:
    """A subscription that has not begun; nothing kept yet."""
    clock = customer["test_clock"]
    now = world.now(clock)
    subscription = world.fresh(
        "subscription",
        clock=clock,
        **blank_subscription(),
        billing_cycle_anchor=now,
        customer=customer["id"],
        start_date=now,
        test_clock=clock,
    )
    subscription.update(fields)
    data = make_items(world, items, subscription["id"], clock=clock)
    subscription["items"] = {
        "object": "list",
        "data": data,
        "has_more": False,
        "url": f"/v1/subscription_items?subscription={subscription['id']}",
    }
    currency = data[0]["price"]["currency"]
    subscription["currency"] = currency
    running = [each for each in world.store.all("subscription", customer=customer["id"]) if is_live(each)]
    if customer["currency"] not in (None, currency) and (running or customer["balance"]):
        raise ApiError(
            "You cannot combine currencies on a single customer. This customer has had a subscription,"
            f" coupon, or invoice item with currency {customer['currency']}",
            param="items",
        )
    return subscription


def is_live(subscription: Object) -> bool:
    """Whether it is not over."""
    return subscription["status"] not in OVER


def create_subscription(world: World, params: Params) -> Object:
    """POST /v1/subscriptions."""
    known(params, {*_SHARED, "customer", "currency", "trial_period_days"})
    customer = world.need(required(params, "customer"), "customer", param="customer")
    subscription = new_subscription(
        world,
        customer,
        params.get("items"),
        metadata=metadata(params),
        default_payment_method=params.get("default_payment_method") or None,
        cancel_at_period_end=False,
    )
    trial_end = number(params, "trial_end")
    days = number(params, "trial_period_days")
    if days:
        trial_end = world.now(customer["test_clock"]) + days * 86_400
    world.put(subscription)
    for each in params.get("discounts") or ():
        code = each.get("promotion_code")
        coupon = each.get("coupon") or _coupon_of(world, code)
        discount = make_discount(
            world, coupon=coupon, customer=customer["id"], subscription=subscription["id"], code=code
        )
        subscription["discounts"].append(discount["id"])
    behaviour = params.get("payment_behavior", "allow_incomplete")
    outcome = begin(world, subscription, trial_end=trial_end, pay=behaviour != "default_incomplete")
    if behaviour == "error_if_incomplete":
        refuse_unpaid(outcome, keep=False)
    return world.need(subscription["id"], "subscription")


def _coupon_of(world: World, code: Any) -> str:
    promotion = world.need(str(code), "promotion_code", param="discounts")["promotion"]
    return str(promotion["coupon"])


def begin(
    world: World,
    subscription: Object,
    *,
    trial_end: int | None,
    pay: bool = True,
    method: Object | None = None,
    present: bool = False,
    confirmed: bool = False,
) -> Outcome:
    """Start a subscription with its trial or its first invoice; how the payment ended."""
    now = world.now(subscription["test_clock"])
    if trial_end is not None and trial_end <= now:
        raise ApiError(
            "Invalid timestamp: must be an integer Unix timestamp in the future", param="trial_end"
        )
    if trial_end is not None:
        subscription.update(
            status="trialing", trial_start=now, trial_end=trial_end, billing_cycle_anchor=trial_end
        )
        set_period(subscription, now, trial_end)
        lines = trial_lines(world, subscription, (now, trial_end))
    else:
        end = next_end(now, interval_of(subscription["items"]["data"]), now)
        set_period(subscription, now, end)
        lines = full_lines(world, subscription, (now, end))
    world.put(subscription)
    world.tell("customer.subscription.created", subscription)
    invoice = issue(
        world,
        make_invoice(world, subscription, lines, reason="subscription_create", period=(now, now)),
        subscription,
    )
    finalize(world, invoice)
    outcome: Outcome = "ok"
    if invoice["status"] == "open":
        outcome = "none"
        if pay:
            outcome = collect(world, invoice, method=method, present=present, confirmed=confirmed)
    follow_payment(world, invoice, outcome)
    return outcome


def follow_payment(world: World, invoice: Object, outcome: Outcome) -> None:
    """Bring a subscription to where its newest invoice has brought it."""
    subscription = subscription_of(world, invoice)
    if subscription is None or not is_live(subscription):
        return
    before = copy.deepcopy(subscription)
    latest = subscription["latest_invoice"] == invoice["id"]
    if outcome == "ok":
        if subscription["status"] in ("incomplete", "past_due") and latest:
            subscription["status"] = "active"
        elif subscription["status"] == "unpaid" and not _rest_of(world, invoice, "open"):
            subscription["status"] = "active"
            for draft in _rest_of(world, invoice, "draft"):  # of the time while nothing was tried
                draft.update(
                    auto_advance=True, automatically_finalizes_at=world.now(subscription["test_clock"])
                )
                world.put(draft)
    elif subscription["status"] in ("active", "trialing") and invoice["billing_reason"] != (
        "subscription_create"
    ):
        subscription["status"] = "past_due"
    _keep(world, subscription, before)


def _rest_of(world: World, invoice: Object, status: str) -> list[Object]:
    """The other invoices of the same subscription that have a status."""
    wanted = subscription_of_id(invoice)
    return [
        each
        for each in world.store.all("invoice", customer=invoice["customer"])
        if each["status"] == status and each["id"] != invoice["id"] and subscription_of_id(each) == wanted
    ]


def _keep(world: World, subscription: Object, before: Object) -> Object:
    world.put(subscription)
    if subscription != before:
        world.tell("customer.subscription.updated", subscription, before=before)
    return subscription


def update_subscription(world: World, params: Params, key: str) -> Object:
    """POST /v1/subscriptions/{id}."""
    known(params, {*_SHARED, "proration_date", "cancel_at"})
    subscription = world.need(key, "subscription")
    if not is_live(subscription):
        raise ApiError(
            "A canceled subscription can only update its cancellation_details and metadata.", param="id"
        )
    before = copy.deepcopy(subscription)
    clock = subscription["test_clock"]
    now = world.now(clock)
    subscription["metadata"] = metadata(params, subscription["metadata"])
    if "default_payment_method" in params:
        subscription["default_payment_method"] = params["default_payment_method"] or None
    if "description" in params:
        subscription["description"] = params["description"] or None
    if "cancel_at_period_end" in params:
        _cancel_at_end(subscription, flag(params, "cancel_at_period_end"), now)
    if "trial_end" in params:
        _move_trial(subscription, params["trial_end"], now)
    if "items" not in params:
        return _keep(world, subscription, before)
    behaviour = str(params.get("proration_behavior", "create_prorations"))
    if behaviour not in _BEHAVIOURS:
        raise ApiError("Invalid proration_behavior", param="proration_behavior")
    lines = take_change(world, subscription, params, behaviour=behaviour, now=now)
    invoiced = (behaviour == "always_invoice" and bool(lines)) or _begun_now(subscription, now, before)
    if invoiced:
        period = period_of(subscription)
        invoice = make_invoice(world, subscription, lines, reason="subscription_update", period=period)
        issue(world, invoice, subscription)
        finalize(world, invoice)
        _keep(world, subscription, before)
        outcome = collect(world, invoice) if invoice["status"] == "open" else "ok"
        follow_payment(world, invoice, outcome)
        if params.get("payment_behavior") == "error_if_incomplete":
            refuse_unpaid(outcome, keep=False)
        return world.need(key, "subscription")
    for line in lines:
        subscription.setdefault("_pending", []).append(line)
    return _keep(world, subscription, before)


def take_change(
    world: World, subscription: Object, params: Params, *, behaviour: str, now: int
) -> list[Object]:
    """Put the changed items into the subscription; the lines that settle it."""
    change = change_items(
        world,
        subscription,
        params["items"],
        behaviour=behaviour,
        at=prorated_at(params, now),
        now=now,
    )
    subscription["items"]["data"] = change.items
    lines = change.lines
    if change.begins_anew:
        lines = [*lines, *begin_anew(world, subscription, now)]
    return lines


def _begun_now(subscription: Object, now: int, before: Object) -> bool:
    return bool(period_of(subscription)[0] == now and period_of(before)[0] != now)


def _cancel_at_end(subscription: Object, wanted: bool, now: int) -> None:
    if wanted == subscription["cancel_at_period_end"]:
        return
    subscription["cancel_at_period_end"] = wanted
    subscription["cancel_at"] = period_of(subscription)[1] if wanted else None
    subscription["canceled_at"] = now if wanted else None
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if wanted else None


def _move_trial(subscription: Object, wanted: Any, now: int) -> None:
    end = now if wanted == "now" else int(str(wanted))
    if wanted != "now" and end <= now:
        raise ApiError("Invalid timestamp: must be in the future", param="trial_end")
    subscription.update(
        status="trialing",
        trial_start=subscription["trial_start"] or now,
        trial_end=end,
        billing_cycle_anchor=end,
    )
    start = period_of(subscription)[0]
    set_period(subscription, min(start, now), end)
    if subscription["cancel_at_period_end"]:
        subscription["cancel_at"] = end


def preview_invoice(world: World, params: Params) -> Object:
    """POST /v1/invoices/create_preview: what a change would be charged with, of which nothing is kept."""
    known(params, {"customer", "subscription", "subscription_details"})
    key = required(params, "subscription")
    details = params.get("subscription_details") or {}
    known(details, {"items", "proration_behavior", "proration_date"})
    subscription = world.need(key, "subscription", param="subscription")
    now = world.now(subscription["test_clock"])
    if "items" not in details:
        start, end = period_of(subscription)
        period = (end, next_end(subscription["billing_cycle_anchor"], _rhythm(subscription), end))
        lines = [*subscription.get("_pending", []), *full_lines(world, subscription, period)]
        return make_invoice(world, subscription, lines, reason="upcoming", period=(start, end))
    behaviour = str(details.get("proration_behavior", "create_prorations"))
    lines = take_change(world, subscription, details, behaviour=behaviour, now=now)
    invoice = make_invoice(world, subscription, lines, reason="upcoming", period=period_of(subscription))
    parent = invoice["parent"]["subscription_details"]
    parent["subscription_proration_date"] = prorated_at(details, now)
    return invoice


def _rhythm(subscription: Object) -> str:
    return interval_of(subscription["items"]["data"])


def cancel_subscription(world: World, params: Params, key: str) -> Object:
    """DELETE /v1/subscriptions/{id}: over at once."""
    known(params, {"invoice_now", "prorate"})
    subscription = world.need(key, "subscription")
    if not is_live(subscription):
        raise ApiError("No such subscription: it is canceled already.", code="resource_missing", status=404)
    return end_subscription(world, subscription, reason="cancellation_requested")


def end_subscription(world: World, subscription: Object, *, reason: str) -> Object:
    """It is over now; what is still open of it is no longer tried."""
    now = world.now(subscription["test_clock"])
    if subscription["canceled_at"] is None:
        subscription["canceled_at"] = now
    subscription.update(status="canceled", ended_at=now, _pending=[])
    subscription["cancellation_details"]["reason"] = reason
    world.put(subscription)
    for invoice in world.store.all("invoice", customer=subscription["customer"]):
        if subscription_of_id(invoice) != subscription["id"]:
            continue
        if invoice["status"] == "draft":
            void(world, invoice)
        elif invoice["status"] == "open":
            invoice.update(next_payment_attempt=None, auto_advance=False)
            world.put(invoice)
    world.tell("customer.subscription.deleted", subscription)
    return subscription


def subscription_of_id(invoice: Object) -> str:
    """The id of the subscription an invoice is for."""
    return str(invoice["parent"]["subscription_details"]["subscription"])
