"""A payment provider in memory: each key has one effect, and it can be away, decline, or forget to tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from billing.port import (
    Basket,
    ChangePreview,
    CheckoutWish,
    CustomerSnapshot,
    CustomerWish,
    EventNote,
    HostedPage,
    InvoiceSnapshot,
    NotAtProvider,
    PaymentRefused,
    PreviewLine,
    ProviderAway,
    SubscriptionSnapshot,
)

MONTH = timedelta(days=30)


@dataclass
class StandIn:
    """What it holds, what it was asked, and how it misbehaves. `now` is its clock."""

    now: datetime
    away: bool = False
    declines: bool = False
    answers_lost: int = 0
    customers: dict[str, UUID] = field(default_factory=dict)
    subscriptions: dict[str, SubscriptionSnapshot] = field(default_factory=dict)
    invoices: list[InvoiceSnapshot] = field(default_factory=list)
    pages: dict[str, CheckoutWish] = field(default_factory=dict)
    done: dict[str, Any] = field(default_factory=dict)
    charged: int = 0
    credit: int = 0

    def _once(self, key: str, effect: Any) -> Any:
        if self.away:
            raise ProviderAway
        if key not in self.done:
            self.done[key] = effect()
        if self.answers_lost:
            self.answers_lost -= 1
            raise ProviderAway  # it happened, and nobody heard
        return self.done[key]

    def make_customer(self, wish: CustomerWish, *, key: str) -> str:
        """See the port."""

        def make() -> str:
            name = f"cus_{len(self.customers) + 1}"
            self.customers[name] = wish.chain_id
            return name

        return str(self._once(key, make))

    def open_checkout(self, wish: CheckoutWish, *, key: str) -> HostedPage:
        """See the port."""

        def make() -> HostedPage:
            name = f"cs_{len(self.pages) + 1}"
            self.pages[name] = wish
            return HostedPage(name, f"https://pay.example/{name}", self.now + timedelta(days=1))

        page: HostedPage = self._once(key, make)
        return page

    def pay(self, page: str) -> SubscriptionSnapshot:
        """A person pays on a checkout page."""
        wish = self.pages[page]
        row = SubscriptionSnapshot(
            stripe_id=f"sub_{len(self.subscriptions) + 1}",
            customer=wish.customer,
            chain_id=wish.chain_id,
            status="trialing" if wish.trial_end else "active",
            basket=wish.basket,
            recurring_amount=wish.basket.amount,
            current_period_start=self.now,
            current_period_end=wish.trial_end or self.now + MONTH,
            started_at=self.now,
            trial_end=wish.trial_end,
        )
        self.subscriptions[row.stripe_id] = row
        if not wish.trial_end:
            self.charged += wish.basket.amount
        return row

    def set(self, stripe_id: str, **changes: Any) -> None:
        """Something happens to a subscription over there."""
        self.subscriptions[stripe_id] = replace(self._known(stripe_id), **changes)

    def open_portal(self, customer: str, *, return_url: str, locale: str, key: str) -> HostedPage:
        """See the port."""
        page: HostedPage = self._once(key, lambda: HostedPage("bps_1", "https://pay.example/portal"))
        return page

    def preview_change(self, subscription: str, basket: Basket, *, at: datetime) -> ChangePreview:
        """The whole difference, not prorated: what it says is what a change charges."""
        if self.away:
            raise ProviderAway
        row = self._known(subscription)
        difference = basket.amount - row.basket.amount
        line = PreviewLine("Difference", difference, True, at, row.current_period_end)
        return ChangePreview(
            basket.currency,
            max(0, difference),
            max(0, -difference),
            basket.amount,
            row.current_period_end,
            at,
            (line,),
        )

    def change_subscription(
        self, subscription: str, basket: Basket, *, at: datetime, key: str
    ) -> SubscriptionSnapshot:
        """See the port."""

        def change() -> SubscriptionSnapshot:
            row = self._known(subscription)
            difference = basket.amount - row.basket.amount
            if difference > 0 and self.declines:
                raise PaymentRefused
            self.charged += max(0, difference)
            self.credit += max(0, -difference)
            self.set(subscription, basket=basket, recurring_amount=basket.amount)
            return self._known(subscription)

        found: SubscriptionSnapshot = self._once(key, change)
        return found

    def _flag(self, subscription: str, key: str, **changes: Any) -> SubscriptionSnapshot:
        def change() -> SubscriptionSnapshot:
            self.set(subscription, **changes)
            return self._known(subscription)

        found: SubscriptionSnapshot = self._once(key, change)
        return found

    def cancel_at_period_end(self, subscription: str, *, key: str) -> SubscriptionSnapshot:
        """See the port."""
        return self._flag(subscription, key, cancel_at_period_end=True)

    def cancel_now(self, subscription: str, *, key: str) -> SubscriptionSnapshot:
        """See the port."""
        return self._flag(subscription, key, status="canceled", ended_at=self.now)

    def resume(self, subscription: str, *, key: str) -> SubscriptionSnapshot:
        """See the port."""
        return self._flag(subscription, key, cancel_at_period_end=False)

    def extend_trial(self, subscription: str, *, until: datetime, key: str) -> SubscriptionSnapshot:
        """See the port."""
        return self._flag(subscription, key, status="trialing", trial_end=until, current_period_end=until)

    def grant_credit(
        self, customer: str, *, amount: int, currency: str, note: str, reference: str, key: str
    ) -> int:
        """See the port."""

        def give() -> int:
            self.credit += amount
            return self.credit

        return int(self._once(key, give))

    def fetch_customer(self, customer: str) -> CustomerSnapshot:
        """See the port."""
        if self.away:
            raise ProviderAway
        mine = [row for row in self.subscriptions.values() if row.customer == customer]
        return CustomerSnapshot(
            customer,
            self.customers[customer],
            mine[-1].basket.currency if mine else "",
            self.credit,
            (),
            False,
            tuple(reversed(mine)),
            tuple(self.invoices),
        )

    def list_subscriptions(self) -> Iterator[SubscriptionSnapshot]:
        """See the port."""
        yield from self.subscriptions.values()

    def list_invoices(self, customer: str) -> Iterator[InvoiceSnapshot]:
        """See the port."""
        yield from self.invoices

    def list_events(self, *, since: datetime) -> Iterator[EventNote]:
        """See the port."""
        yield from ()

    def read_event(self, body: bytes, signature: str, *, now: datetime) -> EventNote | None:
        """See the port."""
        return None

    def _known(self, stripe_id: str) -> SubscriptionSnapshot:
        if stripe_id not in self.subscriptions:
            raise NotAtProvider
        return self.subscriptions[stripe_id]
