"""Which path does what."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from billing.fake_stripe import catalogue, checkout, customers, happenings, invoices, payments, subscriptions
from billing.fake_stripe.errors import ApiError, missing
from billing.fake_stripe.params import Params, known, metadata, number, required
from billing.fake_stripe.store import Object
from billing.fake_stripe.world import World, listed, visible

Handler = Callable[..., Object]


@dataclass(frozen=True)
class Route:
    """A method and a path (its groups are the handler's further arguments)."""

    method: str
    path: re.Pattern[str]
    run: Handler


def _route(method: str, path: str, run: Handler) -> Route:
    pattern = re.sub(r"\{\w+\}", r"([^/]+)", path)
    return Route(method, re.compile(f"^/v1/{pattern}$"), run)


def _retrieve(kind: str, name: str | None = None) -> Handler:
    def run(world: World, params: Params, key: str) -> Object:
        return world.need(key, kind, name=name)

    return run


def _list(kind: str, path: str, *filters: str) -> Handler:
    def run(world: World, params: Params, *within: str) -> Object:
        paging = {"limit", "starting_after", "ending_before", "created"}
        known(params, {*filters, *paging})
        customer = within[0] if within else params.get("customer")
        if within:
            world.need(within[0], "customer")
        found = world.store.all(kind, customer=str(customer) if customer else None)
        kept = [each for each in reversed(found) if _wanted(each, params, filters)]
        return page(kept, params, f"/v1/{path}")

    return run


def _wanted(each: Object, params: Params, filters: tuple[str, ...]) -> bool:
    if each.get("deleted"):
        return False
    created = params.get("created")
    if isinstance(created, dict):
        limits = {"gte": 0, "gt": 1, "lte": 0, "lt": -1}
        for name, shift in limits.items():
            bound = number(created, name)
            if bound is None:
                continue
            if name.startswith("g") and each["created"] < bound + shift:
                return False
            if name.startswith("l") and each["created"] > bound + shift:
                return False
    return all(
        _matches(each, name, params[name]) for name in filters if name in params and name != "customer"
    )


def _matches(each: Object, name: str, wanted: Any) -> bool:
    if name == "lookup_keys":
        return bool(each["lookup_key"] in wanted)
    if name == "subscription":
        return bool(subscriptions.subscription_of_id(each) == wanted)
    if name == "status" and each["object"] == "subscription":
        if wanted == "all":
            return True
        return bool(each["status"] in subscriptions.OVER if wanted == "ended" else each["status"] == wanted)
    if name == "active":
        return bool(each["active"] == (str(wanted).lower() == "true"))
    if name == "types":
        return bool(each["type"] in wanted)
    return bool(each.get(name) == wanted)


def page(found: list[Object], params: Params, url: str) -> Object:
    """One page of a list, newest first: `limit` after `starting_after`, or before `ending_before`."""
    limit = number(params, "limit", 10) or 10
    if not 1 <= limit <= 100:
        raise ApiError("This value must be between 1 and 100.", param="limit")
    keys = [each["id"] for each in found]
    after, before = params.get("starting_after"), params.get("ending_before")
    for name, key in (("starting_after", after), ("ending_before", before)):
        if key and key not in keys:
            raise missing("object", str(key), param=name)
    if before:
        until = keys.index(before)
        begin = max(0, until - limit)
        return listed(found[begin:until], url, more=begin > 0)
    begin = keys.index(after) + 1 if after else 0
    return listed(found[begin : begin + limit], url, more=begin + limit < len(found))


def _subscription_list(world: World, params: Params) -> Object:
    """GET /v1/subscriptions: those that are over only where asked for."""
    wanted = _list("subscription", "subscriptions", "status", "customer")
    if "status" in params:
        return wanted(world, params)
    known(params, {"customer", "limit", "starting_after", "ending_before", "created"})
    customer = params.get("customer")
    found = world.store.all("subscription", customer=str(customer) if customer else None)
    live = [each for each in reversed(found) if subscriptions.is_live(each)]
    return page(live, params, "/v1/subscriptions")


def _session(world: World, params: Params, key: str) -> Object:
    session = world.need(key, "checkout.session", name="checkout session")
    if "line_items" in params.get("expand", ()):
        session["line_items"] = checkout.line_items(world, key)
    return session


def _endpoint(world: World, params: Params) -> Object:
    """POST /v1/webhook_endpoints."""
    known(params, {"url", "enabled_events", "metadata", "description", "api_version"})
    made = world.fresh(
        "webhook_endpoint",
        enabled_events=params.get("enabled_events") or ["*"],
        metadata=metadata(params),
        secret=f"whsec_{world.new_id('x')[2:]}",
        status="enabled",
        url=required(params, "url"),
    )
    return world.put(made)


ROUTES: tuple[Route, ...] = (
    _route("POST", "products", catalogue.create_product),
    _route("GET", "products", _list("product", "products", "active")),
    _route("GET", "products/{id}", _retrieve("product")),
    _route("POST", "prices", catalogue.create_price),
    _route("GET", "prices", _list("price", "prices", "lookup_keys", "active", "product", "currency")),
    _route("GET", "prices/{id}", _retrieve("price")),
    _route("POST", "coupons", catalogue.create_coupon),
    _route("GET", "coupons", _list("coupon", "coupons")),
    _route("GET", "coupons/{id}", _retrieve("coupon")),
    _route("POST", "promotion_codes", catalogue.create_promotion_code),
    _route("GET", "promotion_codes", _list("promotion_code", "promotion_codes", "code", "active")),
    _route("GET", "promotion_codes/{id}", _retrieve("promotion_code")),
    _route("POST", "customers", customers.create_customer),
    _route("GET", "customers", _list("customer", "customers", "email", "test_clock")),
    _route("GET", "customers/{id}", customers.retrieve_customer),
    _route("POST", "customers/{id}", customers.update_customer),
    _route("DELETE", "customers/{id}", customers.delete_customer),
    _route("POST", "customers/{id}/balance_transactions", customers.create_balance_transaction),
    _route(
        "GET",
        "customers/{id}/balance_transactions",
        _list("customer_balance_transaction", "customers/balance_transactions"),
    ),
    _route("POST", "customers/{id}/tax_ids", customers.create_tax_id),
    _route("GET", "customers/{id}/tax_ids", _list("tax_id", "customers/tax_ids")),
    _route(
        "GET", "customers/{id}/payment_methods", _list("payment_method", "customers/payment_methods", "type")
    ),
    _route("GET", "payment_methods", _list("payment_method", "payment_methods", "customer", "type")),
    _route("GET", "payment_methods/{id}", _retrieve("payment_method")),
    _route("POST", "payment_methods/{id}/attach", customers.attach_method),
    _route("POST", "payment_methods/{id}/detach", customers.detach_method),
    _route("POST", "subscriptions", subscriptions.create_subscription),
    _route("GET", "subscriptions", _subscription_list),
    _route("GET", "subscriptions/{id}", _retrieve("subscription")),
    _route("POST", "subscriptions/{id}", subscriptions.update_subscription),
    _route("DELETE", "subscriptions/{id}", subscriptions.cancel_subscription),
    _route("POST", "invoices/create_preview", subscriptions.preview_invoice),
    _route("GET", "invoices", _list("invoice", "invoices", "customer", "status", "subscription")),
    _route("GET", "invoices/{id}", _retrieve("invoice")),
    _route("POST", "invoices/{id}/pay", invoices.pay_invoice),
    _route("POST", "invoices/{id}/finalize", invoices.finalize_invoice),
    _route("POST", "invoices/{id}/void", invoices.void_invoice),
    _route("GET", "payment_intents", _list("payment_intent", "payment_intents", "customer")),
    _route("GET", "payment_intents/{id}", _retrieve("payment_intent")),
    _route("GET", "charges/{id}", _retrieve("charge")),
    _route("POST", "refunds", payments.create_refund),
    _route("GET", "refunds", _list("refund", "refunds", "payment_intent", "charge")),
    _route("GET", "refunds/{id}", _retrieve("refund")),
    _route("POST", "checkout/sessions", checkout.create_session),
    _route("GET", "checkout/sessions", _list("checkout.session", "checkout/sessions", "customer", "status")),
    _route("GET", "checkout/sessions/{id}", _session),
    _route(
        "GET", "checkout/sessions/{id}/line_items", lambda world, params, key: checkout.line_items(world, key)
    ),
    _route("POST", "checkout/sessions/{id}/expire", checkout.expire_session),
    _route("POST", "billing_portal/sessions", checkout.create_portal),
    _route("GET", "events", _list("event", "events", "type", "types")),
    _route("GET", "events/{id}", _retrieve("event")),
    _route("POST", "webhook_endpoints", _endpoint),
    _route("GET", "webhook_endpoints", _list("webhook_endpoint", "webhook_endpoints")),
    _route("POST", "test_helpers/test_clocks", happenings.create_clock),
    _route("GET", "test_helpers/test_clocks/{id}", _retrieve("test_helpers.test_clock", "test clock")),
    _route("POST", "test_helpers/test_clocks/{id}/advance", happenings.advance_clock),
)


def answer(world: World, method: str, path: str, params: Params) -> Object:
    """What the API answers; raises ApiError."""
    for route in ROUTES:
        found = route.path.match(path)
        if found is not None and route.method == method:
            answered = route.run(world, params, *found.groups())
            for wanted in params.get("expand") or ():
                expand(world, answered, str(wanted).split("."))
            shown = visible(answered)
            assert isinstance(shown, dict)
            return shown
    raise ApiError(
        f"Unrecognized request URL ({method}: {path}). The fake does not know it.",
        status=404,
        code="url_invalid",
    )


def expand(world: World, item: Any, path: list[str]) -> None:
    """Put objects in place of the ids that a path leads to."""
    if isinstance(item, list):
        for each in item:
            expand(world, each, path)
        return
    if not isinstance(item, dict) or not path or path[0] not in item:
        return
    name, rest = path[0], path[1:]
    value = item[name]
    if isinstance(value, str):
        item[name] = world.store.get(value) or value
    elif isinstance(value, list):
        item[name] = [(world.store.get(each) or each) if isinstance(each, str) else each for each in value]
    expand(world, item[name], rest)
