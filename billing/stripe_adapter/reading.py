"""Stripe's objects as values of the port."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, cast, get_args
from uuid import UUID

import stripe

from billing.port import (
    Basket,
    EventNote,
    IntervalName,
    InvoiceLine,
    InvoiceSnapshot,
    InvoiceStateName,
    StatusName,
    SubscriptionSnapshot,
)

CHAIN = "chain"
PLAN, PART = "plan", "part"

# What an operator may read of an event's object: no name, no address, nothing of a card.
_TOLD = (
    *("id", "object", "status", "currency", "total", "amount_due", "amount_paid", "amount", "number"),
    *("billing_reason", "attempt_count", "next_payment_attempt", "cancel_at_period_end", "trial_end"),
    *("mode", "payment_status", "quantity"),
)


def moment(seconds: int | None) -> datetime | None:
    """A time of Stripe's, in aware UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def at(seconds: int) -> datetime:
    """A time of Stripe's that is never missing."""
    return datetime.fromtimestamp(seconds, UTC)


def id_of(reference: Any) -> str:
    """The id of what is referred to, expanded or not; empty where nothing is."""
    if reference is None:
        return ""
    return reference if isinstance(reference, str) else str(reference["id"])


def noted(metadata: Any, name: str) -> str:
    """What an object's metadata say under a name; empty where nothing. (The SDK's objects have no `get`.)"""
    return str(metadata[name]) if metadata is not None and name in metadata else ""


def chain_of(metadata: Any) -> UUID | None:
    """The chain named in an object's metadata; None where none is, or what is there is no id."""
    named = noted(metadata, CHAIN)
    try:
        return UUID(named) if named else None
    except ValueError:
        return None


def read_subscription(given: stripe.Subscription) -> SubscriptionSnapshot:
    """A subscription, with the parts that are ours told apart by their prices' metadata."""
    items = list(given["items"]["data"])
    basket = read_basket(items, currency=given.currency.upper())
    first = items[0]
    return SubscriptionSnapshot(
        stripe_id=given.id,
        customer=id_of(given.customer),
        chain_id=chain_of(given.metadata),
        status=_status(given.status),
        basket=basket,
        recurring_amount=after_discounts(basket.amount, given.discounts),
        current_period_start=at(first.current_period_start),
        current_period_end=at(first.current_period_end),
        started_at=at(given.start_date),
        trial_end=moment(given.trial_end),
        cancel_at_period_end=given.cancel_at_period_end,
        cancel_at=moment(given.cancel_at),
        canceled_at=moment(given.canceled_at),
        ended_at=moment(given.ended_at),
    )


def read_basket(items: Iterable[Any], *, currency: str) -> Basket:
    """What the items of a subscription amount to. A price that is none of ours counts as the plan's."""
    plan, interval, plan_amount, store_amount, stores = "", "month", 0, 0, 0
    for item in items:
        price = item.price
        amount = price.unit_amount or 0
        if price.recurring is not None:
            interval = price.recurring.interval
        if noted(price.metadata, PART) == "store":
            store_amount, stores = amount, item.quantity or 0
        else:
            plan_amount += amount * (item.quantity or 1)
            plan = noted(price.metadata, PLAN) or plan
    return Basket(plan, cast(IntervalName, interval), currency, plan_amount, store_amount, stores)


def _status(status: str) -> StatusName:
    """Ours for theirs: a first payment that never came leaves nothing behind, whether it may still come or not."""
    ours = "incomplete" if status == "incomplete_expired" else status
    if ours not in get_args(StatusName):
        raise ValueError(f"Stripe knows a subscription status that we do not: {status}")
    return cast(StatusName, ours)


def after_discounts(amount: int, discounts: Iterable[Any]) -> int:
    """An interval's amount less the discounts that outlast it, each on what the ones before have left."""
    for discount in discounts or ():
        coupon = getattr(getattr(discount, "source", None), "coupon", None)
        if coupon is None or isinstance(coupon, str) or coupon.duration == "once":
            continue
        if coupon.percent_off is not None:
            # half a unit up, as the provider rounds
            amount -= math.floor(amount * Fraction(str(coupon.percent_off)) / 100 + Fraction(1, 2))
        elif coupon.amount_off is not None:
            amount -= min(amount, coupon.amount_off)
    return amount


def read_invoice(given: stripe.Invoice) -> InvoiceSnapshot:
    """An invoice with its lines; the chain comes from the subscription's metadata it was made with."""
    details = given.parent.subscription_details if given.parent is not None else None
    paid = given.status_transitions.paid_at
    period = _service_period(given)
    return InvoiceSnapshot(
        stripe_id=given.id,
        customer=id_of(given.customer),
        chain_id=chain_of(given.metadata) or (chain_of(details.metadata) if details is not None else None),
        subscription=id_of(details.subscription) if details is not None else "",
        number=given.number or "",
        state=cast(InvoiceStateName, given.status),
        reason=given.billing_reason or "",
        currency=given.currency.upper(),
        subtotal=given.subtotal,
        discount=sum(each.amount for each in given.total_discount_amounts or ()),
        tax=sum(each.amount for each in given.total_taxes or ()),
        total=given.total,
        amount_due=given.amount_due,
        amount_paid=given.amount_paid,
        amount_refunded=given.post_payment_credit_notes_amount,
        lines=tuple(_line(line) for line in given.lines.data),
        attempts=given.attempt_count,
        next_attempt_at=moment(given.next_payment_attempt),
        hosted_url=given.hosted_invoice_url or "",
        pdf_url=given.invoice_pdf or "",
        period_start=period[0],
        period_end=period[1],
        due_at=moment(given.due_date),
        paid_at=moment(paid),
        issued_at=moment(given.status_transitions.finalized_at) or at(given.created),
    )


def _service_period(given: stripe.Invoice) -> tuple[datetime, datetime]:
    """What the invoice is for: the span of its lines (the invoice's own period is the one before)."""
    starts = [line.period.start for line in given.lines.data]
    ends = [line.period.end for line in given.lines.data]
    if not starts:
        return at(given.period_start), at(given.period_end)
    return at(min(starts)), at(max(ends))


def _line(line: Any) -> InvoiceLine:
    return InvoiceLine(
        text=line.description or "",
        amount=line.amount,
        quantity=line.quantity or 1,
        is_proration=is_proration(line),
        period_start=at(line.period.start),
        period_end=at(line.period.end),
    )


def is_proration(line: Any) -> bool:
    """Whether a line settles a change in the middle of a period."""
    parent = line.parent
    details = None
    if parent is not None:
        details = parent.subscription_item_details or parent.invoice_item_details
    return bool(details is not None and details.proration)


def read_event(document: dict[str, Any]) -> EventNote:
    """A webhook's or listed event, reduced to what it is about and what an operator may read."""
    about = document["data"]["object"]
    customer = about["id"] if about["object"] == "customer" else id_of(about.get("customer"))
    told = {name: about[name] for name in _TOLD if isinstance(about.get(name), (str, int, bool))}
    changed = sorted(document["data"].get("previous_attributes") or {})
    return EventNote(
        id=str(document["id"]),
        kind=str(document["type"]),
        created_at=at(int(document["created"])),
        live=bool(document["livemode"]),
        customer=str(customer),
        subject=str(about["id"]) if about.get("id") else "",
        payload={"object": told, "changed": changed} if changed else {"object": told},
    )
