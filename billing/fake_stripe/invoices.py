"""Invoices: their lines, what is due of them, and how they are paid."""

from __future__ import annotations

from typing import Any

from billing.fake_stripe.blanks import blank_invoice
from billing.fake_stripe.customers import move_balance
from billing.fake_stripe.errors import ApiError, declined, wants_holder
from billing.fake_stripe.params import Params, known
from billing.fake_stripe.payments import CODES, Outcome, attempt, outcome_of
from billing.fake_stripe.periods import DAY, round_share
from billing.fake_stripe.store import Object
from billing.fake_stripe.world import World

FINALIZED_AFTER = 3_600
"""A renewal's invoice stays a draft for an hour."""
RETRIES = [3, 5, 7]
"""Days between attempts at a renewal that failed; after the last, what the account's settings say."""


def make_line(
    world: World,
    item: Object,
    *,
    amount: int,
    quantity: int,
    period: tuple[int, int],
    text: str,
    proration: bool,
    price: Object,
) -> Object:
    """A line for a subscription's item."""
    return world.fresh(
        "line_item",
        amount=amount,
        currency=price["currency"],
        description=text,
        discount_amounts=[],
        discountable=True,
        discounts=[],
        parent={
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": proration,
                "proration_details": {"credited_items": None},
                "subscription": item["subscription"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        period={"start": period[0], "end": period[1]},
        pretax_credit_amounts=[],
        pricing={
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": str(price["unit_amount"]),
        },
        quantity=quantity,
        quantity_decimal=str(quantity),
        subscription=item["subscription"],
        subtotal=amount,
        taxes=[],
    )


def make_invoice(
    world: World,
    subscription: Object,
    lines: list[Object],
    *,
    reason: str,
    period: tuple[int, int],
    draft_for: int = 0,
) -> Object:
    """A draft of an invoice with these lines, discounts worked out; not kept yet."""
    customer = world.need(subscription["customer"], "customer")
    clock = customer["test_clock"]
    invoice = world.fresh(
        "invoice",
        clock=clock,
        **blank_invoice(),
        automatically_finalizes_at=world.now(clock) + draft_for,
        billing_reason=reason,
        currency=subscription["currency"],
        customer=customer["id"],
        customer_address=customer["address"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_tax_ids=[
            {"type": each["type"], "value": each["value"]}
            for each in world.store.all("tax_id", customer=customer["id"])
        ],
        parent={
            "quote_details": None,
            "subscription_details": {
                "metadata": dict(subscription["metadata"]),
                "subscription": subscription["id"],
                "subscription_proration_date": None,
            },
            "type": "subscription_details",
        },
        period_end=period[1],
        period_start=period[0],
        test_clock=clock,
    )
    for line in lines:
        line["invoice"] = invoice["id"]
    invoice["lines"] = {
        "object": "list",
        "data": lines,
        "has_more": False,
        "url": f"/v1/invoices/{invoice['id']}/lines",
    }
    _total(world, invoice, subscription)
    return invoice


def _total(world: World, invoice: Object, subscription: Object) -> None:
    """Subtotal, discounts and total. A percentage is taken off each line, an amount off the whole once."""
    lines = invoice["lines"]["data"]
    now = world.now(invoice["test_clock"])
    left = {line["id"]: line["amount"] for line in lines}
    taken: list[Object] = []
    for key in subscription["discounts"]:
        discount = world.need(key, "discount")
        if discount["end"] is not None and discount["end"] <= now:
            continue
        coupon = world.need(discount["source"]["coupon"], "coupon")
        amounts = _discounts_of(coupon, lines, left, currency=invoice["currency"])
        for line in lines:
            amount = amounts.get(line["id"], 0)
            if amount:
                line["discount_amounts"].append({"amount": amount, "discount": key})
                left[line["id"]] -= amount
        if any(amounts.values()):
            taken.append({"amount": sum(amounts.values()), "discount": key})
    subtotal = sum(line["amount"] for line in lines)
    total = sum(left.values())
    invoice.update(
        discounts=[each["discount"] for each in taken],
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal,
        total=total,
        total_discount_amounts=taken,
        total_excluding_tax=total,
    )
    _due(world, invoice)


def _discounts_of(
    coupon: Object, lines: list[Object], left: dict[str, int], *, currency: str
) -> dict[str, int]:
    if coupon["percent_off"] is not None:
        hundredths = round(coupon["percent_off"] * 100)
        return {line["id"]: round_share(left[line["id"]] * hundredths, 10_000) for line in lines}
    if coupon["currency"] != currency:
        return {}
    rest, amounts = coupon["amount_off"], {}
    for line in lines:
        if not line["parent"]["subscription_item_details"]["proration"]:
            amounts[line["id"]] = min(rest, max(0, left[line["id"]]))
            rest -= amounts[line["id"]]
    return amounts


def _due(world: World, invoice: Object) -> int:
    """What is left to pay after the customer's credit; the balance there is afterwards."""
    balance: int = world.need(invoice["customer"], "customer")["balance"]
    total = invoice["total"]
    if total < 0:
        due = 0
        after: int = balance + total
    elif balance < 0:
        used = min(total, -balance)
        due, after = total - used, balance + used
    else:
        due, after = total + balance, 0
    invoice.update(starting_balance=balance, amount_due=due, amount_remaining=due)
    return after


def issue(world: World, invoice: Object, subscription: Object) -> Object:
    """Keep a draft and tell of it; discounts that were for once, or are over, are gone from then on."""
    world.put(invoice)
    now = world.now(invoice["test_clock"])
    subscription["latest_invoice"] = invoice["id"]
    kept = []
    for key in subscription["discounts"]:
        discount = world.need(key, "discount")
        coupon = world.need(discount["source"]["coupon"], "coupon")
        used_up = coupon["duration"] == "once" and key in invoice["discounts"]
        if not used_up and (discount["end"] is None or discount["end"] > now):
            kept.append(key)
    subscription["discounts"] = kept
    world.put(subscription)
    world.tell("invoice.created", invoice)
    return invoice


def finalize(world: World, invoice: Object) -> Object:
    """Number it and settle it with the customer's balance; what is due then has to be paid."""
    customer = world.need(invoice["customer"], "customer")
    now = world.now(customer["test_clock"])
    after = _due(world, invoice)
    invoice["ending_balance"] = after
    change = after - customer["balance"]
    sequence = customer["next_invoice_sequence"]
    invoice.update(
        status="open",
        number=f"{customer['invoice_prefix']}-{sequence:04d}",
        effective_at=now,
        automatically_finalizes_at=None,
        hosted_invoice_url=f"{world.base}/i/{invoice['id']}",
        invoice_pdf=f"{world.base}/i/{invoice['id']}.pdf",
    )
    invoice["status_transitions"]["finalized_at"] = now
    customer["next_invoice_sequence"] = sequence + 1
    customer["currency"] = customer["currency"] or invoice["currency"]
    world.put(customer)
    if change:
        move_balance(
            world,
            customer["id"],
            change,
            kind="applied_to_invoice",
            currency=invoice["currency"],
            invoice=invoice["id"],
        )
    world.put(invoice)
    world.tell("invoice.finalized", invoice)
    if invoice["amount_due"] == 0:
        _paid(world, invoice)
    return invoice


def _paid(world: World, invoice: Object) -> None:
    before = dict(invoice)
    now = world.now(invoice["test_clock"])
    invoice.update(
        status="paid",
        attempted=True,
        amount_paid=invoice["amount_due"],
        amount_remaining=0,
        next_payment_attempt=None,
        auto_advance=False,
    )
    invoice["status_transitions"]["paid_at"] = now
    for payment in invoice["payments"]["data"]:
        payment.update(status="paid", amount_paid=invoice["amount_due"])
        payment["status_transitions"]["paid_at"] = now
        world.put(payment)
    world.put(invoice)
    world.tell("invoice.updated", invoice, before=before)
    world.tell("invoice.paid", invoice)
    world.tell("invoice.payment_succeeded", invoice)


def method_of(world: World, invoice: Object) -> Object | None:
    """What the invoice is charged to: the subscription's method, else the customer's."""
    subscription = subscription_of(world, invoice)
    customer = world.need(invoice["customer"], "customer")
    for key in (
        subscription["default_payment_method"] if subscription else None,
        customer["invoice_settings"]["default_payment_method"],
    ):
        method = world.store.get(key, "payment_method") if key else None
        if method is not None and method["customer"] == customer["id"]:
            return method
    return None


def subscription_of(world: World, invoice: Object) -> Object | None:
    """The subscription an invoice is for."""
    key = invoice["parent"]["subscription_details"]["subscription"]
    return world.store.get(key, "subscription")


def collect(
    world: World,
    invoice: Object,
    *,
    method: Object | None = None,
    present: bool = False,
    confirmed: bool = False,
) -> Outcome:
    """Try to have an open invoice paid; how it ended. Nothing is planned for afterwards here."""
    if invoice["status"] != "open":
        return "ok" if invoice["status"] == "paid" else "none"
    method = method or method_of(world, invoice)
    outcome = outcome_of(method, present=present, confirmed=confirmed)
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    attempt(world, invoice, method, outcome)
    if outcome == "ok":
        _paid(world, invoice)
        return outcome
    world.put(invoice)
    if outcome == "holder":
        world.tell("invoice.payment_action_required", invoice)
    world.tell("invoice.payment_failed", invoice)
    return outcome


def plan_retry(world: World, invoice: Object) -> bool:
    """When a renewal is tried again; False when that was the last attempt."""
    retries = world.store.setting("retries", RETRIES)
    made = invoice["attempt_count"]
    if made > len(retries):
        invoice["next_payment_attempt"] = None
        world.put(invoice)
        return False
    now = world.now(invoice["test_clock"])
    invoice["next_payment_attempt"] = now + int(retries[made - 1] * DAY)
    world.put(invoice)
    return True


def void(world: World, invoice: Object) -> Object:
    """Make an invoice that nobody will pay void."""
    invoice.update(status="void", next_payment_attempt=None, auto_advance=False, amount_remaining=0)
    invoice["status_transitions"]["voided_at"] = world.now(invoice["test_clock"])
    world.put(invoice)
    world.tell("invoice.voided", invoice)
    return invoice


def void_invoice(world: World, params: Params, key: str) -> Object:
    """POST /v1/invoices/{id}/void."""
    invoice = world.need(key, "invoice")
    if invoice["status"] not in ("open", "uncollectible"):
        raise ApiError(
            f"You can only void invoices that are open; this one is {invoice['status']}.",
            code="invoice_not_editable",
        )
    return void(world, invoice)


def finalize_invoice(world: World, params: Params, key: str) -> Object:
    """POST /v1/invoices/{id}/finalize."""
    invoice = world.need(key, "invoice")
    if invoice["status"] != "draft":
        raise ApiError("This invoice is already finalized.", code="invoice_not_editable")
    return finalize(world, invoice)


def refuse_unpaid(outcome: Outcome, *, keep: bool) -> None:
    """Raise the API's error for a payment that did not go through."""
    if outcome == "holder":
        raise wants_holder(keep=keep)
    if outcome == "none":
        raise ApiError(
            "This customer has no attached payment source or default payment method.",
            code="resource_missing",
            status=400,
            keep=keep,
        )
    if outcome != "ok":
        raise declined(CODES[outcome], keep=keep)


def pay_invoice(world: World, params: Params, key: str) -> Object:
    """POST /v1/invoices/{id}/pay."""
    from billing.fake_stripe.subscriptions import follow_payment  # which knows invoices

    known(params, {"payment_method", "off_session"})
    invoice = world.need(key, "invoice")
    if invoice["status"] == "paid":
        raise ApiError("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "draft":
        finalize(world, invoice)
    wanted: Any = params.get("payment_method")
    method = world.need(str(wanted), "payment_method", param="payment_method") if wanted else None
    outcome = collect(world, invoice, method=method)
    follow_payment(world, invoice, outcome)
    refuse_unpaid(outcome, keep=True)
    return invoice
