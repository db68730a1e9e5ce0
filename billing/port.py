"""The payment provider as billing sees it: what can be asked of it, and the values that come back.

Money is integer minor units of an ISO 4217 currency in upper case; times are aware UTC; periods are
half-open. Whatever changes something takes a `key`: asked again with the same key, it happens once.
No method may be called while a database transaction is open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal

IntervalName = Literal["month", "year"]
StatusName = Literal["incomplete", "trialing", "active", "past_due", "unpaid", "paused", "canceled"]
InvoiceStateName = Literal["draft", "open", "paid", "void", "uncollectible"]


class ProviderAway(Refusal):
    """The payment provider does not answer, or is broken, or asks us to slow down."""

    code = "payment_provider_away"
    status = 503
    title = _("Payment provider not reachable")
    detail = _("The payment provider does not answer right now. Nothing was charged twice.")
    fix = _("Try again in a few minutes; what you asked for is remembered.")


class KeySpent(ProviderAway):
    """The provider broke once while it did this, and repeats that answer to the key for a day.

    What happened is not known: ask with a new key, where asking twice does no harm.
    """


class PaymentRefused(Refusal):
    """The card was declined, or wants a confirmation that only its holder can give."""

    code = "payment_declined"
    status = 402
    title = _("Payment declined")
    detail = _("The payment was declined, so nothing was changed.")
    fix = _("Choose another payment method in the billing portal, then try again.")


class NotAtProvider(Refusal):
    """The provider knows no such customer, subscription or code (any more)."""

    code = "not_at_provider"
    status = 409
    title = _("Not known to the payment provider")
    detail = _("The payment provider does not know this any more, so nothing was changed.")
    fix = _("Open the page again; if this stays, subscribe anew.")


class ProviderRefused(Refusal):
    """The provider understood and says no."""

    code = "provider_refused"
    status = 422
    title = _("Not possible at the payment provider")
    detail = _("The payment provider did not accept this, so nothing was changed.")
    fix = _("Check what you entered; write to us if this stays.")


@dataclass(frozen=True, slots=True)
class Basket:
    """What is subscribed to: a plan, and stores beyond those it includes, for one interval.

    `plan_amount` is the plan's price an interval, `store_amount` that of one extra store.
    """

    plan: str
    interval: IntervalName
    currency: str
    plan_amount: int
    store_amount: int = 0
    extra_stores: int = 0

    @property
    def amount(self) -> int:
        """What it costs an interval, before discounts and tax."""
        return self.plan_amount + self.store_amount * self.extra_stores


@dataclass(frozen=True, slots=True)
class CustomerWish:
    """Whom to bill. `locale` is zh-Hans or en; `country` ISO 3166-1 alpha-2."""

    chain_id: UUID
    name: str
    email: str
    locale: str
    country: str = ""


@dataclass(frozen=True, slots=True)
class CheckoutWish:
    """A page on which a chain subscribes. `trial_end` keeps what is left of its trial (None: pays now)."""

    chain_id: UUID
    customer: str
    basket: Basket
    success_url: str
    cancel_url: str
    locale: str
    trial_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class HostedPage:
    """A page of the provider's to send the browser to."""

    id: str
    url: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One line of what a change would cost; negative amounts are credit for time not used.

    `text` is the provider's. `plan` and `part` (plan or store) say what it is for, `plan` empty where that is none of
    ours.
    """

    text: str
    amount: int
    is_proration: bool
    period_start: datetime
    period_end: datetime
    plan: str = ""
    part: str = "plan"
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change would mean if made at `at`.

    `due_now` is charged at once; `credit` is kept for later invoices; `renewal_amount` is the amount at
    `renews_at`, before tax.
    """

    currency: str
    due_now: int
    credit: int
    renewal_amount: int
    renews_at: datetime
    at: datetime
    lines: tuple[PreviewLine, ...]


@dataclass(frozen=True, slots=True)
class SubscriptionSnapshot:
    """A subscription as the provider had it when it was read. `recurring_amount` is after lasting discounts."""

    stripe_id: str
    customer: str
    chain_id: UUID | None
    status: StatusName
    basket: Basket
    recurring_amount: int
    current_period_start: datetime
    current_period_end: datetime
    started_at: datetime
    trial_end: datetime | None = None
    cancel_at_period_end: bool = False
    cancel_at: datetime | None = None
    canceled_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of an invoice; negative amounts are credit."""

    text: str
    amount: int
    quantity: int
    is_proration: bool
    period_start: datetime
    period_end: datetime


@dataclass(frozen=True, slots=True)
class InvoiceSnapshot:
    """An invoice as the provider had it when it was read."""

    stripe_id: str
    customer: str
    chain_id: UUID | None
    subscription: str
    number: str
    state: InvoiceStateName
    reason: str
    currency: str
    subtotal: int
    discount: int
    tax: int
    total: int
    amount_due: int
    amount_paid: int
    amount_refunded: int
    lines: tuple[InvoiceLine, ...]
    attempts: int
    next_attempt_at: datetime | None
    hosted_url: str
    pdf_url: str
    period_start: datetime
    period_end: datetime
    due_at: datetime | None
    paid_at: datetime | None
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerSnapshot:
    """A customer with all that hangs on it. Subscriptions and invoices newest first.

    `credit` (minor units of `currency`) is taken off the next invoices; `deleted` customers keep nothing.
    """

    stripe_id: str
    chain_id: UUID | None
    currency: str
    credit: int
    tax_ids: tuple[str, ...]
    deleted: bool
    subscriptions: tuple[SubscriptionSnapshot, ...]
    invoices: tuple[InvoiceSnapshot, ...]


@dataclass(frozen=True, slots=True)
class EventNote:
    """A signed event, reduced to what it is about."""

    id: str
    kind: str
    created_at: datetime
    live: bool
    customer: str
    subject: str
    payload: dict[str, object]


class SubscriptionProvider(Protocol):
    """What billing asks of the payment provider.

    Every method raises ProviderAway where it is not known what happened or nothing did (ask again with
    the same key), NotAtProvider and ProviderRefused for a final no, PaymentRefused where money was refused.
    """

    def make_customer(self, wish: CustomerWish, *, key: str) -> str:
        """Make the chain a customer; its id."""

    def open_checkout(self, wish: CheckoutWish, *, key: str) -> HostedPage:
        """A page on which the chain subscribes, with promotion codes and tax ids."""

    def open_portal(self, customer: str, *, return_url: str, locale: str, key: str) -> HostedPage:
        """A page on which it changes its payment method, pays, sees invoices and tax ids."""

    def preview_change(self, subscription: str, basket: Basket, *, at: datetime) -> ChangePreview:
        """What changing to `basket` at `at` would cost. Changes nothing."""

    def change_subscription(
        self, subscription: str, basket: Basket, *, at: datetime, key: str
    ) -> SubscriptionSnapshot:
        """Change plan, interval or stores, prorated at `at`: a rise is charged at once or not made
        (PaymentRefused), a fall becomes credit."""

    def cancel_at_period_end(self, subscription: str, *, key: str) -> SubscriptionSnapshot:
        """Let it run to the end of what is paid and not renew."""

    def cancel_now(self, subscription: str, *, key: str) -> SubscriptionSnapshot:
        """End it at once, without a refund."""

    def resume(self, subscription: str, *, key: str) -> SubscriptionSnapshot:
        """Take the cancellation at the period's end back."""

    def extend_trial(self, subscription: str, *, until: datetime, key: str) -> SubscriptionSnapshot:
        """Charge nothing before `until`."""

    def grant_credit(
        self, customer: str, *, amount: int, currency: str, note: str, reference: str, key: str
    ) -> int:
        """Take `amount` off the customer's next invoices, once for a `reference`; the credit there is now."""

    def fetch_customer(self, customer: str) -> CustomerSnapshot:
        """The customer, its subscriptions and its newest invoices (at most 100), as they are now."""

    def list_subscriptions(self) -> Iterator[SubscriptionSnapshot]:
        """All subscriptions there are, ended ones too; for reconciliation."""

    def list_invoices(self, customer: str) -> Iterator[InvoiceSnapshot]:
        """All invoices of a customer; for reconciliation."""

    def list_events(self, *, since: datetime) -> Iterator[EventNote]:
        """Events made at or after `since`, oldest first: what a lost webhook would have told."""

    def read_event(self, body: bytes, signature: str, *, now: datetime) -> EventNote | None:
        """The event of a webhook; None where the signature is forged or older than five minutes."""
