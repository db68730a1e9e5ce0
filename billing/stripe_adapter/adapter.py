"""The port on Stripe's official SDK."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from billing.port import (
    Basket,
    ChangePreview,
    CheckoutWish,
    CustomerSnapshot,
    CustomerWish,
    EventNote,
    HostedPage,
    InvoiceSnapshot,
    PreviewLine,
    SubscriptionSnapshot,
)
from billing.stripe_adapter.errors import told_as_refusals
from billing.stripe_adapter.prices import PRODUCT_ID, Prices, tags_of
from billing.stripe_adapter.reading import (
    CHAIN,
    PART,
    after_discounts,
    at,
    chain_of,
    id_of,
    is_proration,
    moment,
    noted,
    read_event,
    read_invoice,
    read_subscription,
)

# A person waits for most calls: given up early, they are asked again with the same key.
TIMEOUT = (3.0, 15.0)
SIGNATURE_LASTS = timedelta(minutes=5)
_INTENT = "intent"
_DISCOUNTS = ["discounts.source.coupon"]


class StripeProvider:
    """SubscriptionProvider on Stripe. `base` names a fake Stripe instead of Stripe's own API."""

    def __init__(
        self, *, secret_key: str, webhook_secret: str, base: str | None = None, retries: int = 1
    ) -> None:
        self._webhook_secret = webhook_secret
        self.client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": base} if base else None,
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
        )
        self._prices = Prices(self.client)

    def make_customer(self, wish: CustomerWish, *, key: str) -> str:
        """Make the chain a customer; its id."""
        with told_as_refusals():
            params: Any = {
                "name": wish.name,
                "email": wish.email,
                "preferred_locales": ["zh" if wish.locale.lower().startswith("zh") else "en"],
                "metadata": {CHAIN: str(wish.chain_id)},
            }
            if wish.country:
                params["address"] = {"country": wish.country}
            return self.client.v1.customers.create(params, _keyed(key)).id

    def open_checkout(self, wish: CheckoutWish, *, key: str) -> HostedPage:
        """A page on which the chain subscribes; pages opened for it before lead nowhere any more."""
        named = {CHAIN: str(wish.chain_id), _INTENT: key}
        subscription: dict[str, Any] = {"metadata": {CHAIN: str(wish.chain_id)}}
        if wish.trial_end is not None:
            subscription["trial_end"] = int(wish.trial_end.timestamp())
        with told_as_refusals():
            self._expire_others(wish.customer, but=key)
            params: Any = {
                "mode": "subscription",
                "customer": wish.customer,
                "line_items": [
                    {"price": self._prices.id_of(tag), "quantity": quantity}
                    for tag, quantity in tags_of(wish.basket)
                ],
                "success_url": wish.success_url,
                "cancel_url": wish.cancel_url,
                "locale": _locale(wish.locale),
                "allow_promotion_codes": True,
                "billing_address_collection": "auto",
                "tax_id_collection": {"enabled": True},
                "customer_update": {"name": "auto", "address": "auto"},
                "client_reference_id": str(wish.chain_id),
                "metadata": named,
                "subscription_data": subscription,
            }
            session = self.client.v1.checkout.sessions.create(params, _keyed(key))
            return HostedPage(session.id, session.url or "", moment(session.expires_at))

    def _expire_others(self, customer: str, *, but: str) -> None:
        open_ones = self.client.v1.checkout.sessions.list({"customer": customer, "status": "open"})
        for session in open_ones.data:
            if noted(session.metadata, _INTENT) == but:
                continue
            with contextlib.suppress(stripe.InvalidRequestError):  # paid or expired in the meantime
                self.client.v1.checkout.sessions.expire(session.id)

    def open_portal(self, customer: str, *, return_url: str, locale: str, key: str) -> HostedPage:
        """A page on which it changes its payment method, pays, sees invoices and tax ids."""
        with told_as_refusals():
            session = self.client.v1.billing_portal.sessions.create(
                {"customer": customer, "return_url": return_url, "locale": _locale(locale)}, _keyed(key)
            )
            return HostedPage(session.id, session.url)

    def preview_change(self, subscription: str, basket: Basket, *, at: datetime) -> ChangePreview:
        """What changing to `basket` at `at` would cost. Changes nothing."""
        with told_as_refusals():
            standing = self.client.v1.subscriptions.retrieve(subscription, {"expand": _DISCOUNTS})
            params: Any = {
                "subscription": subscription,
                "subscription_details": {
                    "items": self._items(standing, basket),
                    "proration_behavior": "always_invoice",
                    "proration_date": int(at.timestamp()),
                },
            }
            invoice = self.client.v1.invoices.create_preview(params)
            return _preview(standing, invoice, basket, when=at)

    def change_subscription(
        self, subscription: str, basket: Basket, *, at: datetime, key: str
    ) -> SubscriptionSnapshot:
        """Change plan, interval or stores, prorated at `at`; where it stands so already, nothing is asked."""
        with told_as_refusals():
            standing = self.client.v1.subscriptions.retrieve(subscription, {"expand": _DISCOUNTS})
            snapshot = read_subscription(standing)
            if tags_of(snapshot.basket) == tags_of(basket):
                return snapshot
            params: Any = {
                "items": self._items(standing, basket),
                "proration_behavior": "always_invoice",
                "proration_date": int(at.timestamp()),
                "payment_behavior": "error_if_incomplete",
                "expand": _DISCOUNTS,
            }
            changed = self.client.v1.subscriptions.update(subscription, params, _keyed(key))
            return read_subscription(changed)

    def _items(self, standing: stripe.Subscription, basket: Basket) -> list[dict[str, Any]]:
        """The items as they are to be: a part that stands is changed, a new one added, one not wanted deleted."""
        there: dict[str, str] = {}
        for item in standing["items"]["data"]:
            there["store" if noted(item.price.metadata, PART) == "store" else "plan"] = item.id
        items: list[dict[str, Any]] = []
        for tag, quantity in tags_of(basket):
            wanted: dict[str, Any] = {"price": self._prices.id_of(tag), "quantity": quantity}
            if tag.part in there:
                wanted["id"] = there.pop(tag.part)
            items.append(wanted)
        return [*items, *({"id": gone, "deleted": True} for gone in there.values())]

    def cancel_at_period_end(self, subscription: str, *, key: str) -> SubscriptionSnapshot:
        """Let it run to the end of what is paid and not renew."""
        return self._update(subscription, {"cancel_at_period_end": True}, key=key)

    def cancel_now(self, subscription: str, *, key: str) -> SubscriptionSnapshot:
        """End it at once, without a refund."""
        with told_as_refusals():
            ended = self.client.v1.subscriptions.cancel(subscription, {"expand": _DISCOUNTS}, _keyed(key))
            return read_subscription(ended)

    def resume(self, subscription: str, *, key: str) -> SubscriptionSnapshot:
        """Take the cancellation at the period's end back."""
        return self._update(subscription, {"cancel_at_period_end": False}, key=key)

    def extend_trial(self, subscription: str, *, until: datetime, key: str) -> SubscriptionSnapshot:
        """Charge nothing before `until`."""
        asked = {"trial_end": int(until.timestamp()), "proration_behavior": "none"}
        return self._update(subscription, asked, key=key)

    def _update(self, subscription: str, params: dict[str, Any], *, key: str) -> SubscriptionSnapshot:
        with told_as_refusals():
            asked: Any = {**params, "expand": _DISCOUNTS}
            changed = self.client.v1.subscriptions.update(subscription, asked, _keyed(key))
            return read_subscription(changed)

    def grant_credit(
        self, customer: str, *, amount: int, currency: str, note: str, reference: str, key: str
    ) -> int:
        """Take `amount` off the customer's next invoices, once for a `reference`; the credit there is now."""
        with told_as_refusals():
            granted = self.client.v1.customers.balance_transactions.list(customer, {"limit": 100})
            for one in granted.data:
                if noted(one.metadata, _INTENT) == reference:
                    return max(0, -(self.client.v1.customers.retrieve(customer).balance or 0))
            made = self.client.v1.customers.balance_transactions.create(
                customer,
                {
                    "amount": -amount,
                    "currency": currency.lower(),
                    "description": note,
                    "metadata": {_INTENT: reference},
                },
                _keyed(key),
            )
            return max(0, -made.ending_balance)

    def fetch_customer(self, customer: str) -> CustomerSnapshot:
        """The customer, its subscriptions and its newest invoices (at most 100), as they are now."""
        with told_as_refusals():
            found = self.client.v1.customers.retrieve(customer, {"expand": ["tax_ids"]})
            if getattr(found, "deleted", False):
                return CustomerSnapshot(customer, None, "", 0, (), True, (), ())
            subscriptions = self.client.v1.subscriptions.list(
                {
                    "customer": customer,
                    "status": "all",
                    "limit": 100,
                    "expand": [f"data.{each}" for each in _DISCOUNTS],
                }
            )
            invoices = self.client.v1.invoices.list({"customer": customer, "limit": 100})
            return CustomerSnapshot(
                stripe_id=found.id,
                chain_id=chain_of(found.metadata),
                currency=(found.currency or "").upper(),
                credit=max(0, -(found.balance or 0)),
                tax_ids=tuple(each.value for each in found.tax_ids.data) if found.tax_ids else (),
                deleted=False,
                subscriptions=tuple(read_subscription(each) for each in subscriptions.data),
                invoices=tuple(read_invoice(each) for each in invoices.data),
            )

    def list_subscriptions(self) -> Iterator[SubscriptionSnapshot]:
        """All subscriptions there are, ended ones too."""
        with told_as_refusals():
            page = self.client.v1.subscriptions.list(
                {"status": "all", "limit": 100, "expand": [f"data.{each}" for each in _DISCOUNTS]}
            )
            yield from map(read_subscription, page.auto_paging_iter())

    def list_invoices(self, customer: str) -> Iterator[InvoiceSnapshot]:
        """All invoices of a customer."""
        with told_as_refusals():
            page = self.client.v1.invoices.list({"customer": customer, "limit": 100})
            yield from map(read_invoice, page.auto_paging_iter())

    def list_events(self, *, since: datetime) -> Iterator[EventNote]:
        """Events made at or after `since`, oldest first."""
        with told_as_refusals():
            page = self.client.v1.events.list({"created": {"gte": int(since.timestamp())}, "limit": 100})
            newest_first = [read_event(each.to_dict()) for each in page.auto_paging_iter()]
        yield from reversed(newest_first)

    def read_event(self, body: bytes, signature: str, *, now: datetime) -> EventNote | None:
        """The event of a webhook; None where the signature is forged, or older or younger than five minutes."""
        try:
            text = body.decode("utf-8")
            # the age is measured with our own clock below
            stripe.WebhookSignature.verify_header(text, signature, self._webhook_secret, None)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            return None
        signed = [part[2:] for part in signature.split(",") if part.startswith("t=")]
        if len(signed) != 1 or abs(now - at(int(signed[0]))) > SIGNATURE_LASTS:
            return None
        try:
            document = json.loads(text)
            return read_event(document) if document.get("object") == "event" else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


def _preview(
    standing: stripe.Subscription, invoice: stripe.Invoice, basket: Basket, *, when: datetime
) -> ChangePreview:
    lines = tuple(
        PreviewLine(
            text=line.description or "",
            amount=line.amount,
            is_proration=is_proration(line),
            period_start=at(line.period.start),
            period_end=at(line.period.end),
            quantity=line.quantity or 1,
            **_part_of(line),
        )
        for line in invoice.lines.data
    )
    first = standing["items"]["data"][0]
    same_rhythm = first.price.recurring is not None and first.price.recurring.interval == basket.interval
    ends = [line.period_end for line in lines if not line.is_proration]
    return ChangePreview(
        currency=invoice.currency.upper(),
        due_now=max(0, invoice.amount_due),
        credit=max(0, -invoice.total),
        renewal_amount=after_discounts(basket.amount, standing.discounts),
        renews_at=at(first.current_period_end) if same_rhythm or not ends else max(ends),
        at=when,
        lines=lines,
    )


def _part_of(line: Any) -> dict[str, str]:
    """Which plan's what a line is for, as its product's id says; nothing where the product is none of ours."""
    details = line.pricing.price_details if line.pricing is not None else None
    product = id_of(details.product) if details is not None else ""
    found = PRODUCT_ID.fullmatch(product)
    return {"plan": found["plan"], "part": found["part"]} if found is not None else {}


def _keyed(key: str) -> stripe.RequestOptions:
    return {"idempotency_key": key}


def _locale(locale: str) -> Any:
    return "zh" if locale.lower().startswith("zh") else "en"


@lru_cache(maxsize=1)
def stripe_from_settings() -> StripeProvider | None:
    """The provider that the settings name; None where none is set up."""
    if not settings.STRIPE_SECRET_KEY or not settings.STRIPE_WEBHOOK_SECRET:
        return None
    return StripeProvider(
        secret_key=settings.STRIPE_SECRET_KEY,
        webhook_secret=settings.STRIPE_WEBHOOK_SECRET,
        base=settings.STRIPE_API_BASE,
    )
