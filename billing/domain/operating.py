"""What operators do to a chain's billing: more trial, credit. Every act is in the log the chain can read, and where
the provider finally says no to one that waited for it, so is that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.domain import subscriptions
from billing.domain.lifecycle import follow_chain
from billing.domain.notices import read_owners
from billing.models import Subscription, SubscriptionStatus
from billing.port import CustomerWish, ProviderAway
from chains.domain.lifecycle import STATE_NAMES, UnknownChain, WrongState
from chains.domain.operators import Operator, record_act
from chains.models import Chain, ChainState, OperatorAct
from chains.refusals import Refusal
from chains.scope import chain_scope, platform_scope

MOST_TRIAL_DAYS = 180
_OVER = Q(status=SubscriptionStatus.CANCELED) | Q(status=SubscriptionStatus.INCOMPLETE)


class TrialDaysWrong(Refusal):
    """Not a number of days that a trial can be extended by."""

    code = "trial_days_wrong"
    status = 422
    title = _("Not so many days")
    detail = _("A trial is extended by 1 to 180 days.")
    fix = _("Write a number of days.")


class Pays(Refusal):
    """The chain pays already: there is no trial to extend."""

    code = "pays_already"
    status = 409
    title = _("It pays already")
    detail = _("This chain has a subscription that is charged, so there is no trial to extend.")
    fix = _("Grant credit instead.")


class CreditWrong(Refusal):
    """Not an amount of credit."""

    code = "credit_wrong"
    status = 422
    title = _("Not an amount")
    detail = _("Credit is a positive amount in the currency of the chain's subscription.")
    fix = _("Write an amount, for example 100.")


def extend_trial(chain_id: UUID, *, days: int, reason: str, by: Operator, now: datetime) -> Chain:
    """Give a chain `days` more of trial, from its end or from `now`, whichever is later; it opens at once.

    Raises UnknownChain, WrongState (closed, being set up), TrialDaysWrong, Pays.
    """
    if not 1 <= days <= MOST_TRIAL_DAYS:
        raise TrialDaysWrong
    with platform_scope():
        charged = Subscription.objects.select_for_update().filter(chain_id=chain_id).exclude(_OVER)
        if charged.exists():
            raise Pays
        chain: Chain | None = Chain.objects.select_for_update().filter(id=chain_id).first()
        if chain is None:
            raise UnknownChain
        state = ChainState(chain.state)
        if state in (ChainState.CLOSED, ChainState.PROVISIONING):
            raise WrongState(params={"state": STATE_NAMES[state]}, extra={"state": state.value})
        before = chain.trial_ends_at
        chain.trial_ends_at = max(before or now, now) + timedelta(days=days)
        chain.save(update_fields=["trial_ends_at"])
        record_act(
            chain,
            "extend_trial",
            by=by,
            now=now,
            reason=reason[:300],
            before={"trial_ends_at": before.isoformat() if before else None},
            after={"trial_ends_at": chain.trial_ends_at.isoformat()},
        )
        follow_chain(chain_id, now=now)
        chain.refresh_from_db()
    return chain


def has_paid_trial(chain_id: UUID) -> bool:
    """Whether the chain has subscribed and its first payment is still ahead. In the platform's scope."""
    return Subscription.objects.filter(chain_id=chain_id, status=SubscriptionStatus.TRIALING).exists()


def extend_subscribed_trial(
    chain_id: UUID, *, days: int, reason: str, request_id: str, by: Operator, now: datetime
) -> datetime:
    """Move the first payment of a chain that subscribed during its trial by `days`; when it is now.

    Outside any transaction. `request_id` names this one act: sent twice it is done and recorded once. Where the
    provider is away it is remembered and done later. Raises UnknownChain, TrialDaysWrong, Pays (it is charged
    already, or never subscribed), ProviderAway and what the port refuses.
    """
    if not 1 <= days <= MOST_TRIAL_DAYS:
        raise TrialDaysWrong
    with platform_scope():
        if not Chain.objects.filter(id=chain_id).exists():
            raise UnknownChain
        row = Subscription.objects.filter(chain_id=chain_id, status=SubscriptionStatus.TRIALING).first()
        told = _act_of("extend_trial", chain_id, request_id)
    if told is not None:
        before, until = told.before["trial_ends_at"], datetime.fromisoformat(told.after["trial_ends_at"])
    elif row is None or row.trial_end is None:
        raise Pays
    else:
        before, until = row.trial_end.isoformat(), max(row.trial_end, now) + timedelta(days=days)
    after = {"trial_ends_at": until.isoformat(), "request": request_id}
    act = Act("extend_trial", reason, {"trial_ends_at": before}, after)
    try:
        subscriptions.extend_paid_trial(chain_id, until=until, request_id=request_id, now=now)
    except ProviderAway:
        _record_once(chain_id, act, by=by, now=now)
        raise
    _record_once(chain_id, act, by=by, now=now)
    return until


def give_credit(
    chain_id: UUID, *, amount: int, reason: str, request_id: str, by: Operator, now: datetime
) -> str:
    """Take `amount` minor units off the chain's next invoices; the currency it is in. Outside any transaction.

    `request_id` names this one act: sent twice it is given and recorded once. Where the provider is away it
    is remembered and given later. Raises UnknownChain, CreditWrong, ProviderAway and what the port refuses.
    """
    if amount <= 0:
        raise CreditWrong
    wish, currency = _whom(chain_id)
    after = {"amount": amount, "currency": currency, "request": request_id}
    act = Act("grant_credit", reason, {}, after)
    try:
        subscriptions.grant_credit(
            wish, amount=amount, currency=currency, note=reason, request_id=request_id, now=now
        )
    except ProviderAway:
        _record_once(chain_id, act, by=by, now=now)
        raise
    _record_once(chain_id, act, by=by, now=now)
    return currency


def _whom(chain_id: UUID) -> tuple[CustomerWish, str]:
    with platform_scope():
        chain = Chain.objects.filter(id=chain_id).first()
        row = Subscription.objects.filter(chain_id=chain_id).first()
    if chain is None:
        raise UnknownChain
    with chain_scope(chain):
        owners = read_owners(locale=chain.locale)
    email = owners[0].email if owners else ""
    wish = CustomerWish(chain.id, chain.name, email, chain.locale, chain.country)
    return wish, row.currency if row is not None else chain.currency


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be recorded; `after` names the request, so that it is recorded once."""

    name: str
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]


def _record_once(chain_id: UUID, act: Act, *, by: Operator, now: datetime) -> None:
    with platform_scope():
        chain = Chain.objects.select_for_update().get(id=chain_id)
        if _act_of(act.name, chain_id, act.after["request"]) is None:
            record_act(
                chain, act.name, by=by, now=now, reason=act.reason[:300], before=act.before, after=act.after
            )


def _act_of(name: str, chain_id: UUID, request_id: str) -> OperatorAct | None:
    rows = OperatorAct.objects.filter(chain_id=chain_id, act=name, after__request=request_id)
    return rows.order_by("at").first()
