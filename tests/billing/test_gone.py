"""A customer deleted at the provider, of which nobody has told us: the next act finds it out and leads on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from billing.domain.subscriptions import (
    SubscriptionGone,
    cancel_subscription,
    change_subscription,
    open_portal,
    preview_change,
    resume_subscription,
)
from tests.billing.ground import Paying, basket, paying
from tests.ground.cast import NOW
from tests.ground.chains import TwoChains


@pytest.fixture()
def shop(two_chains: TwoChains) -> Iterator[Paying]:
    """A chain that has bought nothing yet."""
    with paying(two_chains.a, now=NOW) as made:
        yield made


@pytest.mark.parametrize("act", ["change", "cancel", "resume", "preview", "portal"])
def test_what_was_deleted_unheard_of_ends_and_leads_to_a_new_checkout(shop: Paying, act: str) -> None:
    shop.subscribe()
    shop.tell()
    shop.api.customers.delete(shop.subscription.stripe_customer)
    chain, now = shop.chain.id, shop.now
    acts: dict[str, Callable[[], object]] = {
        "change": lambda: change_subscription(chain, basket(1), at=now, now=now),
        "cancel": lambda: cancel_subscription(chain, now=now),
        "resume": lambda: resume_subscription(chain, now=now),
        "preview": lambda: preview_change(chain, basket(1), now=now),
        "portal": lambda: open_portal(chain, return_url="http://a.test/", locale="en", now=now),
    }
    with pytest.raises(SubscriptionGone):
        acts[act]()
    assert shop.subscription.status == "canceled"
    shop.subscribe()
    shop.tell()
    assert shop.subscription.status == "active"
