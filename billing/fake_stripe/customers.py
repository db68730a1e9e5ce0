"""Customers, their payment methods, credit and tax ids."""

from __future__ import annotations

from typing import Any

from billing.fake_stripe.errors import ApiError, declined
from billing.fake_stripe.params import Params, known, metadata, number, required
from billing.fake_stripe.store import Object
from billing.fake_stripe.world import World, listed

_FIELDS = frozenset(
    {
        *("name", "email", "description", "phone", "metadata", "address", "preferred_locales", "balance"),
        *("payment_method", "invoice_settings", "test_clock", "tax_id_data", "tax_exempt"),
    }
)
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")

# How a card behaves: when it is attached, when a person pays with it, when we charge it alone later.
CARDS: dict[str, dict[str, str]] = {
    "4242424242424242": {"attach": "ok", "present": "ok", "later": "ok"},
    "4000000000000002": {"attach": "decline", "present": "decline", "later": "decline"},
    "4000000000009995": {"attach": "ok", "present": "funds", "later": "funds"},
    "4000000000000341": {"attach": "ok", "present": "decline", "later": "decline"},
    # wants its holder once, then not again
    "4000002500003155": {"attach": "ok", "present": "holder", "later": "ok"},
    # wants its holder every time
    "4000002760003184": {"attach": "ok", "present": "holder", "later": "holder"},
}
TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequired": "4000002760003184",
}


def create_customer(world: World, params: Params) -> Object:
    """POST /v1/customers."""
    known(params, _FIELDS)
    clock = params.get("test_clock")
    if clock:
        world.need(str(clock), "test_helpers.test_clock", name="test clock", param="test_clock")
    customer = world.fresh(
        "customer",
        clock=clock,
        address=_address(params.get("address")),
        balance=number(params, "balance", 0),
        delinquent=False,
        description=params.get("description"),
        email=params.get("email"),
        invoice_prefix=world.new_id("x")[2:10].upper(),
        invoice_settings={
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        metadata=metadata(params),
        name=params.get("name"),
        next_invoice_sequence=1,
        phone=params.get("phone"),
        preferred_locales=params.get("preferred_locales") or [],
        tax_exempt="none",
        test_clock=clock,
    )
    world.put(customer)
    world.tell("customer.created", customer)
    if params.get("payment_method"):
        attach(world, str(params["payment_method"]), customer["id"])
    if (params.get("invoice_settings") or {}).get("default_payment_method"):
        return update_customer(world, {"invoice_settings": params["invoice_settings"]}, customer["id"])
    return customer


def update_customer(world: World, params: Params, key: str) -> Object:
    """POST /v1/customers/{id}."""
    known(params, _FIELDS - {"test_clock", "payment_method"})
    customer = world.need(key, "customer")
    before = {**customer, "invoice_settings": dict(customer["invoice_settings"])}
    for name in ("name", "email", "description", "phone", "preferred_locales"):
        if name in params:
            customer[name] = params[name] or None
    if "address" in params:
        customer["address"] = _address(params["address"])
    if "balance" in params:
        customer["balance"] = number(params, "balance", 0)
    customer["metadata"] = metadata(params, customer["metadata"])
    settings = params.get("invoice_settings") or {}
    if "default_payment_method" in settings:
        wanted = settings["default_payment_method"] or None
        if wanted is not None:
            method = world.need(str(wanted), "payment_method", param="default_payment_method")
            if method["customer"] != key:
                raise ApiError(
                    "The customer does not have a payment method with this ID.",
                    code="resource_missing",
                    param="invoice_settings[default_payment_method]",
                )
        customer["invoice_settings"]["default_payment_method"] = wanted
    world.put(customer)
    world.tell("customer.updated", customer, before=before)
    return customer


def retrieve_customer(world: World, params: Params, key: str) -> Object:
    """GET /v1/customers/{id}: also what is left of a deleted one."""
    found = world.store.get(key, "customer")
    if found is not None and found.get("deleted"):
        return {"id": key, "object": "customer", "deleted": True}
    customer = world.need(key, "customer")
    if "tax_ids" in params.get("expand", ()):
        customer["tax_ids"] = listed(world.store.all("tax_id", customer=key), f"/v1/customers/{key}/tax_ids")
    if "subscriptions" in params.get("expand", ()):
        live = [
            each
            for each in world.store.all("subscription", customer=key)
            if each["status"] not in ("canceled", "incomplete_expired")
        ]
        customer["subscriptions"] = listed(live, f"/v1/customers/{key}/subscriptions")
    return customer


def delete_customer(world: World, params: Params, key: str) -> Object:
    """DELETE /v1/customers/{id}: its subscriptions end at once."""
    from billing.fake_stripe.subscriptions import end_subscription  # they know customers too

    customer = world.need(key, "customer")
    for subscription in world.store.all("subscription", customer=key):
        if subscription["status"] not in ("canceled", "incomplete_expired"):
            end_subscription(world, subscription, reason="cancellation_requested")
    customer["deleted"] = True
    world.put(customer)
    world.tell("customer.deleted", customer)
    return {"id": key, "object": "customer", "deleted": True}


def create_card(world: World, number_: str, *, holder: str | None = None) -> Object:
    """A card as a payment method; only test cards are known, and of those only the last four digits are kept."""
    digits = "".join(each for each in number_ if each.isdigit())
    behaviour = CARDS.get(digits)
    if behaviour is None:
        raise ApiError(
            "Your card number is incorrect.", status=402, kind="card_error", code="incorrect_number"
        )
    method = world.fresh(
        "payment_method",
        allow_redisplay="always",
        billing_details={"address": None, "email": None, "name": holder, "phone": None, "tax_id": None},
        card={
            "brand": "visa",
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass",
            },
            "country": "US",
            "description": None,
            "display_brand": "visa",
            "exp_month": 12,
            "exp_year": 2099,
            "fingerprint": f"fake{digits[-4:]}",
            "funding": "credit",
            "generated_from": None,
            "iin": None,
            "issuer": None,
            "last4": digits[-4:],
            "networks": {"available": ["visa"], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        type="card",
        _behaviour=dict(behaviour),
    )
    return world.put(method)


def attach_method(world: World, params: Params, key: str) -> Object:
    """POST /v1/payment_methods/{id}/attach; a test token such as pm_card_visa makes a card of its own."""
    known(params, {"customer"})
    return attach(world, key, required(params, "customer"))


def attach(world: World, key: str, customer: str) -> Object:
    """Make a payment method the customer's."""
    world.need(customer, "customer", param="customer")
    method = (
        create_card(world, TOKENS[key]) if key in TOKENS else world.need(key, "payment_method", param="id")
    )
    if method["_behaviour"]["attach"] == "decline":
        raise declined()
    method["customer"] = customer
    world.put(method)
    world.tell("payment_method.attached", method)
    return method


def detach_method(world: World, params: Params, key: str) -> Object:
    """POST /v1/payment_methods/{id}/detach."""
    method = world.need(key, "payment_method")
    owner = world.store.get(method["customer"] or "", "customer")
    if owner is not None and owner["invoice_settings"]["default_payment_method"] == key:
        owner["invoice_settings"]["default_payment_method"] = None
        world.put(owner)
    method["customer"] = None
    world.put(method)
    world.tell("payment_method.detached", method)
    return method


def create_balance_transaction(world: World, params: Params, customer: str) -> Object:
    """POST /v1/customers/{id}/balance_transactions: a negative amount is credit."""
    known(params, {"amount", "currency", "description", "metadata"})
    amount = number(params, "amount")
    if not amount:
        raise ApiError("Invalid integer", code="parameter_invalid_integer", param="amount")
    return move_balance(
        world,
        customer,
        amount,
        kind="adjustment",
        currency=required(params, "currency").lower(),
        description=params.get("description"),
        notes=metadata(params),
    )


def move_balance(
    world: World,
    customer: str,
    amount: int,
    *,
    kind: str,
    currency: str,
    invoice: str | None = None,
    description: Any = None,
    notes: dict[str, str] | None = None,
) -> Object:
    """Change what a customer is owed (negative) or owes, with a line that says why."""
    owner = world.need(customer, "customer")
    if owner["currency"] not in (None, currency) and owner["balance"]:
        raise ApiError(
            f"The customer's balance is in {owner['currency']}, so {currency} cannot be added to it.",
            param="currency",
        )
    owner["balance"] += amount
    owner["currency"] = owner["currency"] or currency
    world.put(owner)
    line = world.fresh(
        "customer_balance_transaction",
        clock=owner["test_clock"],
        amount=amount,
        currency=currency,
        customer=customer,
        description=description,
        ending_balance=owner["balance"],
        invoice=invoice,
        metadata=notes or {},
        type=kind,
    )
    world.put(line)
    world.tell("customer.updated", owner)
    return line


def create_tax_id(world: World, params: Params, customer: str) -> Object:
    """POST /v1/customers/{id}/tax_ids."""
    known(params, {"type", "value"})
    owner = world.need(customer, "customer")
    made = world.fresh(
        "tax_id",
        clock=owner["test_clock"],
        country=(owner["address"] or {}).get("country"),
        customer=customer,
        owner={"account": None, "application": None, "customer": customer, "type": "customer"},
        type=required(params, "type"),
        value=required(params, "value"),
        verification={"status": "pending", "verified_address": None, "verified_name": None},
    )
    world.put(made)
    world.tell("customer.tax_id.created", made)
    return made


def _address(given: Any) -> Object | None:
    return {name: given.get(name) for name in _ADDRESS} if isinstance(given, dict) else None
