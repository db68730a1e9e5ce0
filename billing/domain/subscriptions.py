"""What can be done about a chain's subscription. Every function here calls the provider: outside any transaction.

Who may ask, what a plan costs and whether a smaller one is enough is decided before (plans, entitlements);
here it is made true at the provider, once, and our mirror follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from billing.domain.events import adopt_events
from billing.domain.intents import IntentKind, Result, carry_out, digest_of, withdraw_wishes
from billing.domain.refresh import ask_refresh, refresh_now
from billing.domain.wishes import (
    CANCEL,
    CHANGE,
    END,
    EXTEND_TRIAL,
    GRANT_CREDIT,
    MAKE_CUSTOMER,
    OPEN_CHECKOUT,
    OPEN_PORTAL,
    RESUME,
    WITHDRAWABLE,
)
from billing.models import Customer, Intent, IntentState, Subscription, SubscriptionStatus
from billing.port import (
    Basket,
    ChangePreview,
    CustomerWish,
    HostedPage,
    NotAtProvider,
    ProviderAway,
    ProviderRefused,
)
from billing.provider import provider
from chains.refusals import Refusal
from chains.scope import platform_scope

# A second click on the way to the provider gets the same page as the first.
SAME_PAGE = timedelta(minutes=30)
_OVER = (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE)


class NoSubscription(Refusal):
    """The chain has no subscription that this could be done to."""

    code = "no_subscription"
    status = 409
    title = _("No subscription")
    detail = _("There is no running subscription, so there is nothing to change.")
    fix = _("Choose a plan and subscribe.")


class SubscriptionGone(Refusal):
    """The subscription was deleted at the provider, with its customer; no event has told us."""

    code = "subscription_gone"
    status = 409
    title = _("The subscription is gone")
    detail = _("The payment provider no longer has this subscription, so it has ended. Nothing was charged.")
    fix = _("Choose a plan and subscribe anew; all that the brand has is as it was.")


class AlreadySubscribed(Refusal):
    """A second subscription would charge twice."""

    code = "already_subscribed"
    status = 409
    title = _("Already subscribed")
    detail = _("This brand has a running subscription, so nothing was started.")
    fix = _("Change the plan you have instead of subscribing again.")


class CurrencyFixed(Refusal):
    """The provider keeps a customer to the currency of its first subscription."""

    code = "currency_fixed"
    status = 409
    title = _("Currency fixed")
    detail = _("This subscription is billed in %(currency)s, and its currency cannot change while it runs.")
    fix = _("Cancel it at the end of the period; after that subscribe in the other currency.")


def current_subscription(chain_id: UUID) -> Subscription | None:
    """The chain's subscription as our mirror has it. In the platform's scope; calls nobody."""
    return Subscription.objects.filter(chain_id=chain_id).first()


def start_checkout(
    wish: CustomerWish,
    basket: Basket,
    *,
    success_url: str,
    cancel_url: str,
    trial_end: datetime | None = None,
    now: datetime,
) -> HostedPage:
    """A page on which the chain subscribes to `basket`. `trial_end` (at least 48 h ahead) keeps its trial.

    Raises AlreadySubscribed, CurrencyFixed, Overtaken and what the port raises. The same wish within half an hour
    gets the same page: two clicks are one checkout.
    """
    with platform_scope():
        row = current_subscription(wish.chain_id)
        if row is not None and row.status not in _OVER:
            raise AlreadySubscribed
    customer = ensure_customer(wish, now=now)
    try:
        return _checkout(wish, customer, basket, (success_url, cancel_url), trial_end, now=now)
    except NotAtProvider:
        # deleted there, and no event has told us yet
        refresh_now(wish.chain_id, now=now)
        customer = ensure_customer(wish, now=now)
        return _checkout(wish, customer, basket, (success_url, cancel_url), trial_end, now=now)


def ensure_customer(wish: CustomerWish, *, now: datetime) -> str:
    """The chain's customer id at the provider, made where there is none (or the old one was deleted)."""
    with platform_scope():
        row, _made = Customer.objects.get_or_create(chain_id=wish.chain_id, defaults={"created_at": now})
        if row.stripe_id and row.deleted_at is None:
            return row.stripe_id
    asked = {**asdict(wish), "chain_id": str(wish.chain_id), "instead_of": row.stripe_id}
    made = carry_out(wish.chain_id, MAKE_CUSTOMER, asked, now=now)["id"]
    with platform_scope():
        row = Customer.objects.select_for_update().get(chain_id=wish.chain_id)
        if row.stripe_id != made:
            row.stripe_id, row.deleted_at, row.credit = made, None, 0
            row.save(update_fields=["stripe_id", "deleted_at", "credit"])
            adopt_events(row, now=now)
    return str(made)


def open_portal(chain_id: UUID, *, return_url: str, locale: str, now: datetime) -> HostedPage:
    """The provider's page on which the chain pays, changes its payment method and sees its invoices.

    Raises NoSubscription where it was never a customer, and what the port raises.
    """
    with platform_scope():
        customer = _customer_of(chain_id)
    asked = {"customer": customer, "return_url": return_url, "locale": locale, "asked_at": now.isoformat()}
    with _gone_is_seen(chain_id, now=now):
        return _page(carry_out(chain_id, OPEN_PORTAL, asked, now=now))


def preview_change(chain_id: UUID, basket: Basket, *, now: datetime) -> ChangePreview:
    """What changing to `basket` now would cost. Raises NoSubscription, CurrencyFixed."""
    row = _running(chain_id, basket=basket)
    with _gone_is_seen(chain_id, now=now):
        return provider().preview_change(row.stripe_id, basket, at=_second(now))


def change_subscription(chain_id: UUID, basket: Basket, *, at: datetime, now: datetime) -> Subscription:
    """Change plan, interval or extra stores, prorated at `at` (the preview's, so that the sum is the one shown).

    More is charged at once or, declined, not made; less becomes credit. Raises NoSubscription,
    CurrencyFixed, PaymentRefused and what else the port raises.
    """
    row = _running(chain_id, basket=basket)
    asked = {"subscription": row.stripe_id, "basket": asdict(basket), "at": _second(at).isoformat()}
    return _changed(chain_id, CHANGE, asked, now=now)


def cancel_subscription(chain_id: UUID, *, now: datetime) -> Subscription:
    """Not renew: it runs to the end of what is paid. Raises NoSubscription."""
    row = _running(chain_id)
    return _changed(chain_id, CANCEL, {"subscription": row.stripe_id, "version": row.version}, now=now)


def end_subscription(chain_id: UUID, *, now: datetime) -> Subscription:
    """End it at once, without a refund: for a chain that closes. Raises NoSubscription."""
    row = _running(chain_id)
    return _changed(chain_id, END, {"subscription": row.stripe_id}, now=now)


def resume_subscription(chain_id: UUID, *, now: datetime) -> Subscription:
    """Take a cancellation at the period's end back. Raises NoSubscription."""
    row = _running(chain_id)
    return _changed(chain_id, RESUME, {"subscription": row.stripe_id, "version": row.version}, now=now)


def extend_paid_trial(chain_id: UUID, *, until: datetime, request_id: str, now: datetime) -> Subscription:
    """Charge a chain that has subscribed nothing before `until`. Raises NoSubscription, SubscriptionGone.

    `request_id` names the operator's one act: the same again is the same extension, also to another moment.
    """
    row = _running(chain_id)
    asked = {"subscription": row.stripe_id, "until": _second(until).isoformat(), "request": request_id}
    return _changed(chain_id, EXTEND_TRIAL, asked, now=now)


def withdraw_change(chain_id: UUID, *, now: datetime) -> int:
    """Ask no more for changes that wait for a provider that was away; how many. Outside any transaction.

    What it did all the same, without our hearing of it, stands in the mirror after the look that follows.
    """
    with platform_scope():
        count = withdraw_wishes(chain_id, WITHDRAWABLE, now=now)
    if count:
        _look(chain_id, now=now)
    return count


def grant_credit(
    wish: CustomerWish, *, amount: int, currency: str, note: str, request_id: str, now: datetime
) -> int:
    """Take `amount` (minor units, > 0) off the chain's next invoices; the credit it has now.

    `request_id` names the operator's one act: the same again is the same credit, also with another amount.
    """
    if amount <= 0:
        raise ValueError("credit is a positive amount")
    customer = ensure_customer(wish, now=now)
    asked = {
        "customer": customer,
        "amount": amount,
        "currency": currency,
        "note": note,
        "request": request_id,
    }
    result = carry_out(wish.chain_id, GRANT_CREDIT, asked, now=now)
    _look(wish.chain_id, now=now)
    return int(result["credit"])


def _checkout(
    wish: CustomerWish,
    customer: str,
    basket: Basket,
    urls: tuple[str, str],
    trial_end: datetime | None,
    *,
    now: datetime,
) -> HostedPage:
    asked = {
        "chain_id": str(wish.chain_id),
        "customer": customer,
        "basket": asdict(basket),
        "success_url": urls[0],
        "cancel_url": urls[1],
        "locale": wish.locale,
        "trial_end": _second(trial_end).isoformat() if trial_end else None,
    }
    done = _newest_page(wish.chain_id, asked, since=now - SAME_PAGE)
    page = _page(done or carry_out(wish.chain_id, OPEN_CHECKOUT, asked, now=now))
    _require_none_there(wish.chain_id, customer, now=now)
    return page


def _require_none_there(chain_id: UUID, customer: str, *, now: datetime) -> None:
    """Raise AlreadySubscribed for what was paid on another page and no event has told us of yet.

    Asked when the other pages lead nowhere any more: what could be paid on them is there by now.
    """
    there = provider().fetch_customer(customer).subscriptions
    if all(one.status in _OVER for one in there):
        return
    with platform_scope():
        ask_refresh(chain_id, now=now)
    raise AlreadySubscribed


def _newest_page(chain_id: UUID, asked: Mapping[str, Any], *, since: datetime) -> Result | None:
    """The page that was opened last, if it was for the same wish: a later one has expired the earlier ones."""
    with platform_scope():
        done = Intent.objects.filter(chain_id=chain_id, kind=OPEN_CHECKOUT.name, state=IntentState.DONE)
        newest = done.filter(created_at__gte=since).order_by("-created_at").first()
        if newest is None or newest.digest != digest_of(OPEN_CHECKOUT.name, asked):
            return None
        return dict(newest.result or {})


def _changed(chain_id: UUID, kind: IntentKind, asked: Mapping[str, Any], *, now: datetime) -> Subscription:
    with _gone_is_seen(chain_id, now=now):
        carry_out(chain_id, kind, asked, now=now)
    _look(chain_id, now=now)
    with platform_scope():
        return Subscription.objects.get(chain_id=chain_id)


@contextmanager
def _gone_is_seen(chain_id: UUID, *, now: datetime) -> Iterator[None]:
    """What the provider no longer has ends in our mirror too, and the chain is told the way back."""
    try:
        yield
    except (NotAtProvider, ProviderRefused) as unknown:  # of one that has ended it says the latter
        _look(chain_id, now=now)
        with platform_scope():
            row = current_subscription(chain_id)
        if row is None or row.status in _OVER:
            raise SubscriptionGone from unknown
        raise


def _look(chain_id: UUID, *, now: datetime) -> None:
    """Have the mirror follow at once; where the provider has just gone away, the background sees to it."""
    try:
        refresh_now(chain_id, now=now)
    except ProviderAway:
        return


def _running(chain_id: UUID, *, basket: Basket | None = None) -> Subscription:
    with platform_scope():
        row = current_subscription(chain_id)
    if row is None or row.status in _OVER:
        raise NoSubscription
    if basket is not None and basket.currency != row.currency:
        raise CurrencyFixed(params={"currency": row.currency}, extra={"currency": row.currency})
    return row


def _customer_of(chain_id: UUID) -> str:
    row = Customer.objects.filter(chain_id=chain_id, deleted_at__isnull=True).exclude(stripe_id="").first()
    if row is None:
        raise NoSubscription
    return row.stripe_id


def _second(at: datetime) -> datetime:
    """The provider counts in whole seconds."""
    return at.replace(microsecond=0)


def _page(result: Result) -> HostedPage:
    expires = result.get("expires_at")
    return HostedPage(result["id"], result["url"], datetime.fromisoformat(expires) if expires else None)
