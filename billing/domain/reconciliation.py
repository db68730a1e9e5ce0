"""Ours against the provider's: events that no webhook brought, and differences between mirror and truth.

Every ten minutes the events since the last round are listed and those we do not have are taken in: a lost webhook
costs ten minutes, an outage of ours nothing but its own time. Once a day everything is compared; what differs is listed for the operators, and looked at again,
so that a difference which only fell behind mends itself and what stays on the list needs a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from billing.domain.events import store_event
from billing.domain.mirror import choose_subscription
from billing.domain.refresh import ask_refresh
from billing.models import (
    Customer,
    Difference,
    Intent,
    IntentState,
    Invoice,
    Round,
    StripeEvent,
    Subscription,
)
from billing.models.mirror import LIVE
from billing.port import InvoiceSnapshot, NotAtProvider, SubscriptionProvider, SubscriptionSnapshot
from billing.provider import configured_provider, provider
from chains.chores import let_go
from chains.due import mark_platform_due
from chains.models import Chain, DueWork
from chains.refusals import Refusal
from chains.scope import PUBLIC, platform_scope

log = structlog.get_logger("billing")

CATCH_UP = "billing.catch_up"
RECONCILE = "billing.reconcile"
CATCH_UP_EVERY = timedelta(minutes=10)
# Webhooks that are under way, and clocks that differ, are within this; older events were seen by the last round.
OVERLAP = timedelta(hours=2)
# The provider lists no older events.
FARTHEST = timedelta(days=30)
RECONCILE_AT = timedelta(hours=3, minutes=20)  # after midnight UTC
# What was asked of the provider is kept as long as its events are, for the same question of an operator.
INTENTS_KEPT = timedelta(days=180)
DIFFERENCES_KEPT = timedelta(days=180)

_SUBSCRIPTION_FIELDS = (
    *("status", "current_period_start", "current_period_end", "cancel_at_period_end", "trial_end"),
    *("recurring_amount", "discount_ends_at"),
)
_BASKET_FIELDS = ("plan", "interval", "currency", "extra_stores", "plan_amount", "store_amount")
_INVOICE_FIELDS = ("state", "currency", "total", "amount_due", "amount_paid", "amount_refunded", "number")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing on which ours and theirs differ; empty where one of them has nothing."""

    chain_id: UUID | None
    subject: str
    field: str
    ours: str
    theirs: str


def catch_up_due(*, now: datetime) -> None:
    """Due work `billing.catch_up`: plan the next round, then list events after the commit."""
    mark_platform_due(CATCH_UP, now + CATCH_UP_EVERY)
    if configured_provider() is not None:
        transaction.on_commit(partial(_quietly, catch_up, now=now))


def reconcile_due(*, now: datetime) -> None:
    """Due work `billing.reconcile`: plan the next round, then compare after the commit."""
    mark_platform_due(RECONCILE, next_comparison(now))
    if configured_provider() is not None:
        transaction.on_commit(partial(_quietly, reconcile, now=now))


def _quietly(work: Any, *, now: datetime) -> None:
    try:
        work(now=now)
    except Refusal as refusal:  # the next round does it
        log.warning("reconciliation_put_off", work=work.__name__, refusal=refusal.code)


def next_comparison(now: datetime) -> datetime:
    """The next time of day at which everything is compared."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0) + RECONCILE_AT
    return today if today > now else today + timedelta(days=1)


def ensure_rounds(*, now: datetime) -> bool:
    """Housekeeping of the platform: both rounds have a row of due work. Nothing more to do at once."""
    for kind, first in ((CATCH_UP, now), (RECONCILE, next_comparison(now))):
        if not DueWork.objects.filter(schema=PUBLIC, kind=kind).exists():
            mark_platform_due(kind, first)
    return False


def forget_intents(*, now: datetime) -> bool:
    """Housekeeping of the platform: answered intents go after INTENTS_KEPT."""
    old = Intent.objects.exclude(state=IntentState.OPEN).filter(created_at__lt=now - INTENTS_KEPT)
    return let_go(old)


def forget_differences(*, now: datetime) -> bool:
    """Housekeeping of the platform: mended differences go after DIFFERENCES_KEPT."""
    return let_go(Difference.objects.filter(mended_at__lt=now - DIFFERENCES_KEPT))


def catch_up(*, now: datetime) -> int:
    """Take in the events that no webhook has brought; how many. Outside any transaction.

    It begins before the last round that came to its end, however long ago that was: a webhook that came since
    says nothing of those before it. The first round, and one after a month, takes all that the provider lists.
    """
    asked = provider()
    with platform_scope():
        last = Round.objects.filter(kind=CATCH_UP).values_list("began_at", flat=True).first()
    since = now - FARTHEST if last is None else max(last - OVERLAP, now - FARTHEST)
    found = 0
    for note in asked.list_events(since=since):
        with platform_scope():
            if not StripeEvent.objects.filter(id=note.id).exists():
                found += store_event(note, now=now).is_new
    with platform_scope():
        Round.objects.update_or_create(kind=CATCH_UP, defaults={"began_at": now})
    if found:
        log.warning("events_caught_up", count=found)
    return found


def reconcile(*, now: datetime) -> list[Finding]:
    """Compare everything; list what differs, have it looked at again. What was found, by subject and field.

    Outside any transaction: the provider is read first, then the comparison is one short transaction.
    """
    asked = provider()
    theirs = list(asked.list_subscriptions())
    with platform_scope():
        customers = dict(Customer.objects.exclude(stripe_id="").values_list("stripe_id", "chain_id"))
    invoices = {customer: _invoices_of(asked, customer) for customer in sorted(customers)}
    with platform_scope():
        findings = sorted(
            [
                *_compare_subscriptions(theirs, customers),
                *_compare_invoices(invoices, customers),
            ],
            key=lambda one: (one.subject, one.field),
        )
        record_findings(findings, now=now)
    if findings:
        log.warning("differences_found", count=len(findings))
    return findings


def _invoices_of(asked: SubscriptionProvider, customer: str) -> list[InvoiceSnapshot]:
    try:
        return list(asked.list_invoices(customer))
    except NotAtProvider:  # deleted there: its subscription tells
        return []


def _compare_subscriptions(
    theirs: Iterable[SubscriptionSnapshot], customers: dict[str, UUID]
) -> Iterator[Finding]:
    by_chain: dict[UUID, list[SubscriptionSnapshot]] = defaultdict(list)
    for snapshot in theirs:
        chain_id = customers.get(snapshot.customer)
        if chain_id is not None:
            by_chain[chain_id].append(snapshot)
        elif snapshot.status in LIVE:
            yield Finding(snapshot.chain_id, snapshot.stripe_id, "customer", "", snapshot.customer)
    ours = {row.chain_id: row for row in Subscription.objects.all()}
    for chain_id, snapshots in by_chain.items():
        for spare in _second_ones(snapshots):
            yield Finding(chain_id, spare.stripe_id, "second_subscription", "", spare.status)
        wanted = choose_subscription(snapshots)
        if wanted is not None:
            yield from _compare_one(chain_id, ours.pop(chain_id, None), wanted)
    for row in ours.values():
        if row.is_live:
            yield Finding(row.chain_id, row.stripe_id, "missing_there", row.status, "")


def _second_ones(snapshots: list[SubscriptionSnapshot]) -> list[SubscriptionSnapshot]:
    """Subscriptions that are charged beside the one that counts."""
    counts = choose_subscription(snapshots)
    return [one for one in snapshots if one.status in LIVE and one != counts]


def _compare_one(
    chain_id: UUID, row: Subscription | None, snapshot: SubscriptionSnapshot
) -> Iterator[Finding]:
    if row is None or row.stripe_id != snapshot.stripe_id:
        ours = row.stripe_id if row is not None else ""
        yield Finding(chain_id, snapshot.stripe_id, "missing_here", ours, snapshot.status)
        return
    pairs = [
        *((name, getattr(row, name), getattr(snapshot, name)) for name in _SUBSCRIPTION_FIELDS),
        *((name, getattr(row, name), getattr(snapshot.basket, name)) for name in _BASKET_FIELDS),
    ]
    for name, ours_value, theirs_value in pairs:
        if ours_value != theirs_value:
            yield Finding(chain_id, snapshot.stripe_id, name, _text(ours_value), _text(theirs_value))


def _compare_invoices(
    theirs: dict[str, list[InvoiceSnapshot]], customers: dict[str, UUID]
) -> Iterator[Finding]:
    ours = {row.stripe_id: row for row in Invoice.objects.all()}
    for customer, snapshots in theirs.items():
        chain_id = customers[customer]
        for snapshot in snapshots:
            row = ours.get(snapshot.stripe_id)
            if row is None:
                yield Finding(chain_id, snapshot.stripe_id, "missing_here", "", snapshot.number)
                continue
            for name in _INVOICE_FIELDS:
                pair = getattr(row, name), getattr(snapshot, name)
                if pair[0] != pair[1]:
                    yield Finding(chain_id, snapshot.stripe_id, name, _text(pair[0]), _text(pair[1]))


def _text(value: object) -> str:
    if value is None:
        return ""
    return (value.isoformat() if isinstance(value, datetime) else str(value))[:200]


def record_findings(findings: Iterable[Finding], *, now: datetime) -> None:
    """List the findings, mark as mended what is not among them any more, have each chain looked at again.

    Needs the platform's transaction.
    """
    open_ones = {(one.subject, one.field): one for one in Difference.objects.filter(mended_at__isnull=True)}
    chains: set[UUID] = set()
    for finding in findings:
        row = open_ones.pop((finding.subject, finding.field), None) or Difference(
            chain_id=finding.chain_id, subject=finding.subject, field=finding.field, found_at=now
        )
        row.ours, row.theirs = finding.ours, finding.theirs
        row.save()
        if finding.chain_id is not None:
            chains.add(finding.chain_id)
    Difference.objects.filter(id__in=[one.id for one in open_ones.values()]).update(mended_at=now)
    known = set(Chain.objects.filter(id__in=chains).values_list("id", flat=True))
    for chain_id in sorted(known & set(Customer.objects.values_list("chain_id", flat=True))):
        ask_refresh(chain_id, now=now)


def open_differences() -> list[Difference]:
    """What the last comparison found and no later one has found mended, newest first. In the platform's scope."""
    return list(Difference.objects.filter(mended_at__isnull=True))
