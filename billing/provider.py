"""Which payment provider this process talks to: registered at start, replaced in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection
from django.utils.translation import gettext_lazy as _

from billing.port import SubscriptionProvider
from chains.refusals import Refusal
from chains.support import with_support

Factory = Callable[[], SubscriptionProvider | None]

_factories: list[Factory] = []


class BillingNotSetUp(Refusal):
    """No payment provider is configured: chains stay on trial, nothing can be bought."""

    code = "billing_not_set_up"
    status = 503
    title = _("Payments not set up")
    detail = _("This installation has no payment provider, so nothing can be bought here.")
    fix = with_support(
        _("Write to %(support)s: the platform's operators can extend your trial."),
        _("The platform's operators can extend your trial."),
    )


def register_provider(factory: Factory) -> None:
    """Say what makes the provider (None: none is configured); registered twice is a programming error."""
    if _factories:
        raise ValueError("a payment provider is registered already")
    _factories.append(factory)


def provider() -> SubscriptionProvider:
    """The provider to call. Raises BillingNotSetUp, and RuntimeError within a transaction: a call to the
    outside may take long, and what it does cannot be rolled back."""
    if connection.in_atomic_block:
        raise RuntimeError("no transaction may be held over a call to the payment provider")
    found = configured_provider()
    if found is None:
        raise BillingNotSetUp
    return found


def configured_provider() -> SubscriptionProvider | None:
    """The provider, for what makes no call (reading a webhook); None where none is configured."""
    return _factories[-1]() if _factories else None


@contextmanager
def replaced_provider(stand_in: SubscriptionProvider | None) -> Iterator[None]:
    """Within the block `stand_in` is the provider; for tests."""
    _factories.append(lambda: stand_in)
    try:
        yield
    finally:
        _factories.pop()
