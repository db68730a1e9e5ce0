"""A chain that pays: the fake Stripe on a clock of the test's own, our provider on it, and its webhooks by hand."""

from __future__ import annotations

import json
import random
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import stripe
from django.conf import settings

from billing.domain.events import Stored, take_event
from billing.domain.refresh import KIND as REFRESH
from billing.domain.subscriptions import start_checkout
from billing.fake_stripe.server import FakeStripe
from billing.fake_stripe.webhooks import sign
from billing.fake_stripe.world import visible
from billing.models import Customer, Invoice, StripeEvent, Subscription
from billing.port import Basket, CustomerWish, HostedPage
from billing.provider import replaced_provider
from billing.stripe_adapter import StripeProvider
from chains.due import lease_due, run_due
from chains.hosts import ChainInfo
from chains.scope import platform_scope

KEY = "sk_test_onlyfortests"
DAY = timedelta(days=1)
GOOD_CARD, DECLINED_CARD, LATER_FAILS, ASKS_BANK = (
    "4242424242424242",
    "4000000000000002",
    "4000000000000341",
    "4000002760003184",
)


def basket(extra_stores: int = 0, **fields: Any) -> Basket:
    """The middle plan for a month in US dollars."""
    values: dict[str, Any] = {
        "plan": "growth",
        "interval": "month",
        "currency": "USD",
        "plan_amount": 8900,
        "store_amount": 900,
    }
    return Basket(**{**values, "extra_stores": extra_stores, **fields})


@dataclass
class Paying:
    """One chain and the fake it pays through; `now` moves by `pass_time` alone."""

    chain: ChainInfo
    fake: FakeStripe
    provider: StripeProvider
    now: datetime
    told: set[str] = field(default_factory=set)
    test_clock: str | None = None

    @property
    def wish(self) -> CustomerWish:
        """Whom to bill."""
        return CustomerWish(self.chain.id, self.chain.name, "owner@alpha.test", "en", "US")

    @property
    def api(self) -> Any:
        """Stripe's own client, for what a person does at Stripe."""
        return self.provider.client.v1

    def live_by_test_clock(self) -> None:
        """Make the chain a customer that lives by a test clock, which real Stripe has too."""
        clock = self.api.test_helpers.test_clocks.create({"frozen_time": int(self.now.timestamp())})
        made = self.api.customers.create(
            {
                "name": self.chain.name,
                "test_clock": clock.id,
                "metadata": {"chain": str(self.chain.id)},
            }
        )
        self.test_clock = clock.id
        with platform_scope():
            Customer.objects.create(chain_id=self.chain.id, stripe_id=made.id, created_at=self.now)

    def pass_time(self, to: datetime) -> None:
        """Let everything happen at Stripe up to then."""
        self.now = to
        if self.test_clock is not None:
            self.api.test_helpers.test_clocks.advance(self.test_clock, {"frozen_time": int(to.timestamp())})
        else:
            self.fake.let_happen()

    def checkout(self, wanted: Basket | None = None, **options: Any) -> HostedPage:
        """The page to pay on."""
        return start_checkout(
            self.wish,
            wanted or basket(),
            success_url="http://alpha.tessera.test/done",
            cancel_url="http://alpha.tessera.test/back",
            now=self.now,
            **options,
        )

    def subscribe(self, wanted: Basket | None = None, *, card: str = GOOD_CARD, **options: Any) -> None:
        """Pay on the page, as a browser does; our side has not heard of it yet."""
        post(self.checkout(wanted, **options).url, do="pay", card=card)

    def events(self) -> list[dict[str, Any]]:
        """All events there were, oldest first, as webhooks carry them."""
        return [visible(each) for each in self.fake.store.all("event")]

    def tell(self, events: list[dict[str, Any]] | None = None) -> list[Stored]:
        """Send webhooks for these events (those not sent yet), then let the background work."""
        fresh = [each for each in self.events() if each["id"] not in self.told] if events is None else events
        stored = [self.send(each) for each in fresh]
        self.told |= {each["id"] for each in fresh}
        self.work()
        return stored

    def send(
        self, event: dict[str, Any], *, secret: str | None = None, age: timedelta = timedelta()
    ) -> Stored:
        """One signed webhook, as the endpoint takes it."""
        body = json.dumps(event).encode()
        at = int((self.now - age).timestamp())
        signature = sign(body, secret or settings.STRIPE_WEBHOOK_SECRET, at)
        with platform_scope():
            return take_event(body, signature, now=self.now)

    def work(self) -> None:
        """The platform's due work of billing, until nothing is due."""
        work(now=self.now)

    @property
    def subscription(self) -> Subscription:
        """Our mirror."""
        with platform_scope():
            return Subscription.objects.get(chain_id=self.chain.id)


def work(*, now: datetime) -> None:
    """What is due on the platform, until nothing is."""
    for _ in range(50):
        batches = [batch for batch in lease_due(now=now) if batch.kind.startswith("billing.")]
        if not batches:
            return
        for batch in batches:
            run_due(batch, now=now)
    raise AssertionError("work is never done")


@contextmanager
def paying(chain: ChainInfo, *, now: datetime) -> Iterator[Paying]:
    """A chain that can pay, with nothing bought yet."""
    clock = {"at": now}
    made: list[Paying] = []
    fake = FakeStripe(
        ":memory:", lives=False, clock=lambda: (made[0].now if made else clock["at"]).timestamp()
    )
    fake.start()
    try:
        provider = StripeProvider(
            secret_key=KEY, webhook_secret=settings.STRIPE_WEBHOOK_SECRET, base=fake.base, retries=0
        )
        made.append(Paying(chain, fake, provider, now))
        with replaced_provider(provider):
            yield made[0]
    finally:
        fake.stop()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Where a form leads to is the answer, and not gone to."""
        return


_opener = urllib.request.build_opener(_Stay)


def post(url: str, **form: str) -> tuple[int, str, str]:
    """Send a form of one of the fake's pages: status, where it leads to, the page."""
    return _ask(urllib.request.Request(url, data=urllib.parse.urlencode(form).encode()))


def get(url: str, *, language: str = "en") -> tuple[int, str, str]:
    """One of the fake's pages."""
    return _ask(urllib.request.Request(url, headers={"Accept-Language": language}))


def _ask(request: urllib.request.Request) -> tuple[int, str, str]:
    try:
        with _opener.open(request, timeout=10) as answer:
            return answer.status, answer.headers.get("Location", ""), answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Location", ""), error.read().decode("utf-8", "replace")


def end_state(chain_id: UUID) -> dict[str, Any]:
    """All that our tables say of a chain, without what only counts how often we looked."""
    with platform_scope():
        subscription = Subscription.objects.filter(chain_id=chain_id).values().first()
        customer = (
            Customer.objects.filter(chain_id=chain_id).values("stripe_id", "credit", "currency").first()
        )
        invoices = list(Invoice.objects.filter(chain_id=chain_id).order_by("stripe_id").values())
        events = dict(StripeEvent.objects.filter(chain_id=chain_id).values_list("id", "state"))
    for row in [subscription or {}, *invoices]:
        for name in ("id", "updated_at", "version"):
            row.pop(name, None)
    return {"subscription": subscription, "customer": customer, "invoices": invoices, "events": events}


def shuffled(events: list[Any], *, seed: int, times: int = 1) -> list[Any]:
    """Each event so many times, in a random order that the seed decides."""
    many = list(events) * times
    random.Random(seed).shuffle(many)
    return many


__all__ = ["REFRESH", "UTC", "Paying", "basket", "paying", "stripe"]
