"""A chain follows its payments: state, plan, entitlements, what its owners are told, what it pays a month.

Everything here is idempotent and follows from what stands in the tables: it may run at any time, as often as
anybody likes, in any order of the provider's messages. Steps in time are due work of the platform; no page
that somebody opens moves a chain.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Min
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from billing.domain.entitling import grant
from billing.domain.notices import tell_owners
from billing.domain.standing import GOOD, TRIAL_NOTICE, Cause, Facts, Standing, first_rung, next_standing
from billing.models import (
    ChainStanding,
    Customer,
    Invoice,
    InvoiceState,
    RevenueChange,
    StandingStep,
    Subscription,
    SubscriptionStatus,
)
from billing.provider import configured_provider
from chains.domain.lifecycle import move_by_payment
from chains.due import mark_platform_due
from chains.models import Chain, ChainState, DueWork
from chains.refusals import Refusal
from chains.scope import PUBLIC, platform_scope

if TYPE_CHECKING:  # the mirror calls us
    from billing.domain.mirror import Standing as SubscriptionBefore

log = structlog.get_logger("billing")

KIND = "billing.lifecycle"
# A chain whose step went wrong is looked at again this much later.
AGAIN = timedelta(minutes=5)
# What a suspended chain's employees read.
SUSPENDED_BECAUSE = {
    Cause.PAYMENT_FAILED: _("The subscription is not paid. The owner can sign in here and pay."),
    Cause.ENDED: _(
        "The subscription was cancelled and has ended. The owner can sign in here and subscribe again."
    ),
    Cause.TRIAL_OVER: _(
        "The trial is over, and no plan was chosen. The owner can sign in here and choose one."
    ),
}
# What counts as recurring revenue: the provider still charges it, or tries to.
_RECURS = frozenset({SubscriptionStatus.ACTIVE.value, SubscriptionStatus.PAST_DUE.value})
_OVER = frozenset({SubscriptionStatus.CANCELED.value, SubscriptionStatus.INCOMPLETE.value})


def follow_subscription(
    chain_id: UUID, *, before: SubscriptionBefore | None, after: Subscription, now: datetime
) -> None:
    """Bring the chain to where its subscription stands. Idempotent.

    Runs in the platform's transaction that wrote the mirror; `before` is None for a first subscription.
    """
    _note_revenue(after, now=now)
    chain = Chain.objects.select_for_update().filter(id=chain_id).first()
    if chain is None:
        return
    if chain.state == ChainState.CLOSED and after.status not in _OVER:
        mark_platform_due(KIND, now)  # paid on a page that was still open: ended like any other it had
    if after.is_live:
        grant(chain, after)
    if before is not None and after.cancel_at_period_end and not before.cancel_at_period_end:
        ends = {"at": after.current_period_end.isoformat()}
        tell_owners(
            chain_id,
            "cancel_planned",
            key=f"{after.stripe_id}:{ends['at']}:{after.version}",
            params=ends,
            now=now,
        )
    _step(chain, after, now=now)


def follow_chain(chain_id: UUID, *, now: datetime) -> None:
    """Bring the chain to where it stands at `now`: after its trial was extended, or when a step is due.

    Needs the platform's transaction.
    """
    subscription = Subscription.objects.select_for_update().filter(chain_id=chain_id).first()
    chain = Chain.objects.select_for_update().filter(id=chain_id).first()
    if chain is not None:
        _step(chain, subscription, now=now)


def state_of(chain_id: UUID) -> ChainState | None:
    """The state the chain has by its payments; None where nothing is known of them."""
    state = ChainStanding.objects.filter(chain_id=chain_id).values_list("state", flat=True).first()
    return ChainState(state) if state is not None else None


def hear_of_act(chain_id: UUID, *, now: datetime) -> None:
    """An operator has suspended, resumed, closed or reopened a chain: what follows for its payments is due at once.

    A reopened chain stands on the rung before the last, for its full time.
    """
    if not Chain.objects.filter(id=chain_id, state=ChainState.CLOSED).exists():
        for row in ChainStanding.objects.filter(chain_id=chain_id, state=ChainState.CLOSED):
            rung = first_rung(ChainState.SUSPENDED, since=now, cause=Cause(row.cause))
            row.state, row.since, row.next_at = rung.state, rung.since, rung.next_at
            row.cause = rung.cause.value
            row.save(update_fields=["state", "since", "cause", "next_at"])
    mark_platform_due(KIND, now)


def advance_chains(*, now: datetime) -> None:
    """Due work `billing.lifecycle`: every chain whose next step is due takes it, each in its own transaction.

    A chain whose step goes wrong, or whose payments cannot be looked up, does not hold up the others, and is
    tried again AGAIN later. What a closed chain still subscribes to is ended: nobody pays for what is not there.
    """
    _begin_standings(now=now)
    left_over = _subscriptions_of_the_closed()
    if left_over:
        transaction.on_commit(partial(_end_all, left_over, now=now))
        mark_platform_due(KIND, now + AGAIN)
    due = ChainStanding.objects.filter(next_at__lte=now).order_by("next_at", "chain_id")
    ids = list(due.values_list("chain_id", flat=True))
    if ids:
        transaction.on_commit(partial(_advance, ids, now=now))
        mark_platform_due(KIND, now + AGAIN)  # for what goes wrong, or dies on the way
        return
    earliest = ChainStanding.objects.aggregate(at=Min("next_at"))["at"]
    if earliest is not None:
        mark_platform_due(KIND, earliest)


def _advance(chain_ids: list[UUID], *, now: datetime) -> None:
    for chain_id in chain_ids:
        try:
            if not _looked_at(chain_id, now=now):
                continue
            with platform_scope():
                follow_chain(chain_id, now=now)
        except Exception:
            log.exception("lifecycle_step_failed", chain=str(chain_id))


def _looked_at(chain_id: UUID, *, now: datetime) -> bool:
    """Whether our mirror may be judged by: just read, or nothing is there to read.

    Who has paid while messages were lost is not moved down for it; where the provider is away, the step waits.
    """
    # the module that asks the provider writes the mirror, which calls this one
    from billing.domain.refresh import refresh_now

    with platform_scope():
        is_customer = Customer.objects.filter(chain_id=chain_id).exclude(stripe_id="").exists()
    if not is_customer or configured_provider() is None:
        return True
    try:
        return refresh_now(chain_id, now=now)
    except Refusal as refusal:
        log.warning("lifecycle_step_put_off", chain=str(chain_id), refusal=refusal.code)
        return False


def ensure_steps(*, now: datetime) -> bool:
    """Housekeeping of the platform: chains that wait for a step have due work, also those that were there
    before it, or came back from a backup. False: the steps do the rest."""
    begun = ChainStanding.objects.values("chain_id")
    fresh = Chain.objects.filter(state=ChainState.TRIAL, trial_ends_at__isnull=False).exclude(id__in=begun)
    waits = fresh.exists() or ChainStanding.objects.filter(next_at__isnull=False).exists()
    if waits and not DueWork.objects.filter(schema=PUBLIC, kind=KIND).exists():
        mark_platform_due(KIND, now)
    return False


def _subscriptions_of_the_closed() -> list[UUID]:
    closed = Chain.objects.filter(state=ChainState.CLOSED).values("id")
    running = Subscription.objects.filter(chain_id__in=closed).exclude(status__in=_OVER)
    return list(running.order_by("chain_id").values_list("chain_id", flat=True))


def _end_all(chain_ids: list[UUID], *, now: datetime) -> None:
    # the module that asks the provider reads the mirror, which calls this one
    from billing.domain.subscriptions import end_subscription

    for chain_id in chain_ids:
        try:
            end_subscription(chain_id, now=now)
        except Refusal as refusal:
            log.warning("subscription_not_ended", chain=str(chain_id), refusal=refusal.code)


def _begin_standings(*, now: datetime) -> None:
    """Chains on trial that nothing has happened to yet: their standing begins, due at the trial's notice."""
    begun = ChainStanding.objects.values("chain_id")
    fresh = Chain.objects.filter(state=ChainState.TRIAL, trial_ends_at__isnull=False).exclude(id__in=begun)
    ChainStanding.objects.bulk_create(
        [
            ChainStanding(
                chain_id=chain.id,
                state=ChainState.TRIAL,
                since=chain.created_at,
                next_at=chain.trial_ends_at - TRIAL_NOTICE,
            )
            for chain in fresh
        ],
        ignore_conflicts=True,
    )


def _step(chain: Chain, subscription: Subscription | None, *, now: datetime) -> None:
    facts = facts_of(chain, subscription)
    if chain.state == ChainState.PROVISIONING or (subscription is None and facts.trial_ends_at is None):
        return
    row = ChainStanding.objects.select_for_update().filter(chain_id=chain.id).first()
    was = _value_of(row) if row is not None else _first_standing(chain, now=now)
    if chain.state == ChainState.CLOSED and was.state != ChainState.CLOSED:
        was = Standing(ChainState.CLOSED, now, was.cause)  # an operator's act
    found = next_standing(was, facts, now=now)
    if row is None or found != _value_of(row):
        ChainStanding.objects.update_or_create(
            chain_id=chain.id,
            defaults={
                "state": found.state,
                "since": found.since,
                "cause": found.cause.value,
                "next_at": found.next_at,
            },
        )
        if found.state == ChainState.CLOSED:
            mark_platform_due(KIND, now)
        elif found.next_at is not None:
            mark_platform_due(KIND, found.next_at)
    if found.state == ChainState.TRIAL:
        _tell_of_trial(chain, facts, now=now)
    if found.state != was.state or (chain.state != found.state and not chain.held):
        _move(chain, was, found, now=now)


def facts_of(chain: Chain, subscription: Subscription | None) -> Facts:
    """What the chain's standing follows from. A first payment that did not go through is none."""
    if subscription is None or subscription.status == SubscriptionStatus.INCOMPLETE:
        return Facts(chain.trial_ends_at)
    owed = Invoice.objects.filter(
        chain_id=chain.id,
        stripe_subscription=subscription.stripe_id,
        state__in=(InvoiceState.OPEN, InvoiceState.UNCOLLECTIBLE),
    )
    return Facts(trial_ends_at=chain.trial_ends_at, status=subscription.status, owes_invoice=owed.exists())


def _value_of(row: ChainStanding) -> Standing:
    return Standing(ChainState(row.state), row.since, Cause(row.cause), row.next_at)


def _first_standing(chain: Chain, *, now: datetime) -> Standing:
    state = ChainState(chain.state)
    if state in GOOD:
        return Standing(state, chain.created_at)
    if chain.held or state == ChainState.CLOSED:
        return Standing(ChainState.TRIAL if chain.trial_ends_at else ChainState.ACTIVE, chain.created_at)
    return first_rung(state, since=now)


def _move(chain: Chain, was: Standing, found: Standing, *, now: datetime) -> None:
    with translation.override(chain.locale):  # kept as a sentence of the chain's own
        reason = str(SUSPENDED_BECAUSE[found.cause or Cause.PAYMENT_FAILED])
    lost = move_by_payment(chain, found.state, reason=reason if found.state == ChainState.SUSPENDED else "")
    if found.state == was.state:
        return
    StandingStep.objects.create(
        chain_id=chain.id,
        before=was.state,
        after=found.state,
        cause=found.cause.value,
        detail={"domains": lost} if lost else {},
        at=now,
    )
    params: dict[str, Any] = {"cause": found.cause.value}
    if found.next_at is not None:
        params["until"] = found.next_at.isoformat()
    kind = found.state.value
    if found.state == ChainState.ACTIVE:
        kind = "subscribed" if was.state == ChainState.TRIAL else "active_again"
    elif found.state == ChainState.TRIAL:
        kind = "trial_again"
    tell_owners(chain.id, kind, key=f"{kind}:{found.since.isoformat()}", params=params, now=now)


def _tell_of_trial(chain: Chain, facts: Facts, *, now: datetime) -> None:
    ends = facts.trial_ends_at
    if ends is not None and ends - TRIAL_NOTICE <= now < ends:
        at = ends.isoformat()
        tell_owners(chain.id, "trial_ending", key=f"trial_ending:{at}", params={"until": at}, now=now)


def _note_revenue(subscription: Subscription, *, now: datetime) -> None:
    """A row where what the chain pays has changed; the subscription's row is locked, so each change is one."""
    pays = subscription.recurring_amount if subscription.status in _RECURS else 0
    last = RevenueChange.objects.filter(chain_id=subscription.chain_id).order_by("-id").first()
    before = (last.amount, last.interval, last.currency, last.plan) if last is not None else (0, "", "", "")
    after = (pays, subscription.interval, subscription.currency, subscription.plan)
    if before == after or (pays == 0 and before[0] == 0):
        return
    RevenueChange.objects.create(
        chain_id=subscription.chain_id,
        plan=subscription.plan,
        interval=subscription.interval,
        currency=subscription.currency,
        amount=pays,
        at=now,
    )
