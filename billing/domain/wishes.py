"""What can be asked of the provider: each kind of wish, with how it is asked and what makes two the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from billing.domain.intents import IntentKind, Result, register_intent
from billing.domain.outcomes import note_lost_act, tell_of_lost_wish
from billing.port import Basket, CheckoutWish, CustomerWish, HostedPage, SubscriptionProvider

# What an owner has wished for and may take back while the provider has not answered.
WITHDRAWABLE = ("change", "cancel", "resume")


def _told(page: HostedPage) -> Result:
    return {
        "id": page.id,
        "url": page.url,
        "expires_at": page.expires_at.isoformat() if page.expires_at else None,
    }


def _ask_customer(provider: SubscriptionProvider, wish: Mapping[str, Any], *, key: str) -> Result:
    whom = CustomerWish(
        UUID(wish["chain_id"]), wish["name"], wish["email"], wish["locale"], wish.get("country", "")
    )
    return {"id": provider.make_customer(whom, key=key)}


def _ask_checkout(provider: SubscriptionProvider, wish: Mapping[str, Any], *, key: str) -> Result:
    trial_end = wish["trial_end"]
    asked = CheckoutWish(
        chain_id=UUID(wish["chain_id"]),
        customer=wish["customer"],
        basket=Basket(**wish["basket"]),
        success_url=wish["success_url"],
        cancel_url=wish["cancel_url"],
        locale=wish["locale"],
        trial_end=datetime.fromisoformat(trial_end) if trial_end else None,
    )
    return _told(provider.open_checkout(asked, key=key))


def _ask_portal(provider: SubscriptionProvider, wish: Mapping[str, Any], *, key: str) -> Result:
    page = provider.open_portal(
        wish["customer"], return_url=wish["return_url"], locale=wish["locale"], key=key
    )
    return _told(page)


def _ask_change(provider: SubscriptionProvider, wish: Mapping[str, Any], *, key: str) -> Result:
    at = datetime.fromisoformat(wish["at"])
    return _of(
        provider.change_subscription(wish["subscription"], Basket(**wish["basket"]), at=at, key=key).stripe_id
    )


def _ask_cancel(provider: SubscriptionProvider, wish: Mapping[str, Any], *, key: str) -> Result:
    return _of(provider.cancel_at_period_end(wish["subscription"], key=key).stripe_id)


def _ask_end(provider: SubscriptionProvider, wish: Mapping[str, Any], *, key: str) -> Result:
    return _of(provider.cancel_now(wish["subscription"], key=key).stripe_id)


def _ask_resume(provider: SubscriptionProvider, wish: Mapping[str, Any], *, key: str) -> Result:
    return _of(provider.resume(wish["subscription"], key=key).stripe_id)


def _ask_extend(provider: SubscriptionProvider, wish: Mapping[str, Any], *, key: str) -> Result:
    until = datetime.fromisoformat(wish["until"])
    return _of(provider.extend_trial(wish["subscription"], until=until, key=key).stripe_id)


def _ask_credit(provider: SubscriptionProvider, wish: Mapping[str, Any], *, key: str) -> Result:
    credit = provider.grant_credit(
        wish["customer"],
        amount=wish["amount"],
        currency=wish["currency"],
        note=wish["note"],
        reference=wish["intent"],
        key=key,
    )
    return {"credit": credit}


def _of(stripe_id: str) -> Result:
    return {"id": stripe_id}


# Two owners at once are one customer, whoever's name and language it is made with.
MAKE_CUSTOMER = register_intent(
    IntentKind("customer", _ask_customer, once=True, known_by=("chain_id", "instead_of"))
)
# Of two pages opened at once only the later is shown: paying on both would charge twice.
OPEN_CHECKOUT = register_intent(IntentKind("checkout", _ask_checkout, replaces=("checkout",), yields=True))
OPEN_PORTAL = register_intent(IntentKind("portal", _ask_portal))
CHANGE = register_intent(
    IntentKind("change", _ask_change, persists=True, replaces=("change",), lost=tell_of_lost_wish)
)
CANCEL = register_intent(
    IntentKind("cancel", _ask_cancel, persists=True, replaces=("resume",), lost=tell_of_lost_wish)
)
END = register_intent(
    IntentKind("end", _ask_end, persists=True, replaces=("change", "cancel", "resume", "extend_trial"))
)
RESUME = register_intent(
    IntentKind("resume", _ask_resume, persists=True, replaces=("cancel",), lost=tell_of_lost_wish)
)
EXTEND_TRIAL = register_intent(
    IntentKind(
        "extend_trial",
        _ask_extend,
        persists=True,
        once=True,
        replaces=("extend_trial",),
        known_by=("request",),
        lost=note_lost_act,
    )
)
GRANT_CREDIT = register_intent(
    IntentKind(
        "grant_credit", _ask_credit, persists=True, once=True, known_by=("request",), lost=note_lost_act
    )
)
