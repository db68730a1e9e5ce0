"""Payment intents, charges and refunds."""

from __future__ import annotations

from typing import Literal

from billing.fake_stripe.errors import ApiError
from billing.fake_stripe.params import Params, known, metadata, number, required
from billing.fake_stripe.store import Object
from billing.fake_stripe.world import World

Outcome = Literal["ok", "decline", "funds", "holder", "none"]

CODES = {"decline": "generic_decline", "funds": "insufficient_funds"}


def outcome_of(method: Object | None, *, present: bool, confirmed: bool = False) -> Outcome:
    """How paying with a method ends: with its holder present or without, who confirmed at the bank or did not."""
    if method is None:
        return "none"
    found = method["_behaviour"]["present" if present else "later"]
    return "ok" if found == "holder" and confirmed else found


def intent_for(world: World, invoice: Object) -> Object:
    """The payment intent of an invoice, one for all attempts."""
    for payment in (invoice["payments"] or {"data": []})["data"]:
        found = world.store.get(payment["payment"]["payment_intent"], "payment_intent")
        if found is not None and found["status"] != "canceled":
            return found
    clock = world.clock_of(invoice["customer"])
    intent = world.fresh(
        "payment_intent",
        clock=clock,
        amount=invoice["amount_due"],
        amount_capturable=0,
        amount_received=0,
        amount_details={},
        capture_method="automatic",
        confirmation_method="automatic",
        currency=invoice["currency"],
        customer=invoice["customer"],
        payment_method_types=["card"],
        setup_future_usage="off_session",
        status="requires_payment_method",
        _invoice=invoice["id"],
    )
    intent["client_secret"] = f"{intent['id']}_secret_{world.new_id('x')[2:]}"
    world.put(intent)
    payment = world.fresh(
        "invoice_payment",
        clock=clock,
        amount_requested=invoice["amount_due"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={
            "type": "payment_intent",
            "payment_intent": intent["id"],
            "charge": None,
            "payment_record": None,
        },
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    )
    world.put(payment)
    invoice["payments"] = {
        "object": "list",
        "data": [payment],
        "has_more": False,
        "url": f"/v1/invoice_payments?invoice={invoice['id']}",
    }
    return intent


def attempt(world: World, invoice: Object, method: Object | None, outcome: Outcome) -> Object:
    """One attempt at an invoice's payment intent; what became of it, events included."""
    intent = intent_for(world, invoice)
    clock = world.clock_of(invoice["customer"])
    intent["payment_method"] = method["id"] if method else None
    if outcome == "ok":
        charge = _charge(world, intent, clock)
        intent.update(
            status="succeeded",
            amount_received=intent["amount"],
            latest_charge=charge["id"],
            last_payment_error=None,
            next_action=None,
        )
        world.put(intent)
        world.tell("payment_intent.succeeded", intent)
        return intent
    if outcome == "holder":
        intent.update(
            status="requires_action",
            next_action={"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}},
        )
        world.put(intent)
        world.tell("payment_intent.requires_action", intent)
        return intent
    intent.update(
        status="requires_payment_method",
        last_payment_error={
            "code": "card_declined" if outcome != "none" else "payment_intent_payment_attempt_failed",
            "decline_code": CODES.get(outcome),
            "message": "Your card was declined.",
            "type": "card_error",
        },
    )
    world.put(intent)
    world.tell("payment_intent.payment_failed", intent)
    return intent


def _charge(world: World, intent: Object, clock: str | None) -> Object:
    charge = world.fresh(
        "charge",
        clock=clock,
        amount=intent["amount"],
        amount_captured=intent["amount"],
        amount_refunded=0,
        billing_details={"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        captured=True,
        currency=intent["currency"],
        customer=intent["customer"],
        disputed=False,
        paid=True,
        payment_intent=intent["id"],
        payment_method=intent["payment_method"],
        refunded=False,
        status="succeeded",
    )
    world.put(charge)
    world.tell("charge.succeeded", charge)
    return charge


def create_refund(world: World, params: Params) -> Object:
    """POST /v1/refunds: never more than was received."""
    known(params, {"payment_intent", "charge", "amount", "reason", "metadata"})
    intent = world.need(required(params, "payment_intent"), "payment_intent", param="payment_intent")
    if intent["status"] != "succeeded":
        raise ApiError("This PaymentIntent does not have a successful charge to refund.")
    charge = world.need(intent["latest_charge"], "charge")
    left = charge["amount"] - charge["amount_refunded"]
    amount = number(params, "amount", left) or 0
    if left == 0:
        raise ApiError("Charge has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise ApiError(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount"
        )
    clock = world.clock_of(intent["customer"])
    refund = world.fresh(
        "refund",
        clock=clock,
        amount=amount,
        charge=charge["id"],
        currency=intent["currency"],
        customer=intent["customer"],
        metadata=metadata(params),
        payment_intent=intent["id"],
        payment_method=intent["payment_method"],
        reason=params.get("reason"),
        status="succeeded",
    )
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    world.put(charge)
    world.put(refund)
    world.tell("refund.created", refund)
    world.tell("charge.refunded", charge)
    return refund
