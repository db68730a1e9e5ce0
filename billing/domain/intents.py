"""Intents: what we want of the provider is written and committed, then asked, then what it said is recorded.

The intent's id is the idempotency key of the call. A process that dies, a provider that is down, a person who
clicks twice: whoever asks again finds the intent open and asks with the same key. No transaction is open
while the provider is asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from billing.domain.refresh import ask_refresh
from billing.models import Customer, Intent, IntentState
from billing.port import KeySpent, ProviderAway, SubscriptionProvider
from billing.provider import provider
from chains.due import mark_platform_due
from chains.refusals import Refusal
from chains.scope import platform_scope

log = structlog.get_logger("billing")

KIND = "billing.intents"
BATCH = 20
LEASE = timedelta(minutes=2)
# The provider may forget a key after 24 hours: asked later, the same wish could come true twice.
KEY_LIVES = timedelta(hours=23)
LONGEST_PAUSE = timedelta(minutes=10)
# An intent nobody repeats in the background is open for those who ask again within the hour.
ASKED_AGAIN = timedelta(hours=1)
Result = dict[str, Any]


class Overtaken(Refusal):
    """Another wish took this one's place while the provider was asked: what it answered is not used."""

    code = "overtaken"
    status = 409
    title = _("Overtaken")
    detail = _("Something else was chosen at the same moment, so this was not opened.")
    fix = _("Go on with what was chosen last, or choose again.")


class Ask(Protocol):
    """Asks the provider for what a wish says, with the intent's key; what it answered, as JSON."""

    def __call__(self, provider: SubscriptionProvider, wish: Mapping[str, Any], *, key: str) -> Result: ...


class Lost(Protocol):
    """Hears of an intent that was abandoned, or refused for good."""

    def __call__(self, intent: Intent, *, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class IntentKind:
    """A kind of intent. `persists`: repeated in the background until answered. `once`: the same wish is never
    asked again when it has come true. `replaces`: kinds whose open intents of the same chain it makes void (a
    resumption the cancellation, a change an earlier change). `known_by`: what of a wish makes it the same one
    (empty: all of it). `yields`: made void while it was asked, its answer is withheld. `lost`: told, in the
    platform's transaction, of one that ended without having come true."""

    name: str
    ask: Ask
    persists: bool = False
    once: bool = False
    replaces: tuple[str, ...] = ()
    known_by: tuple[str, ...] = ()
    yields: bool = False
    lost: Lost | None = None

    def digest(self, wish: Mapping[str, Any]) -> str:
        """The same for the same wish of this kind."""
        told = {name: wish[name] for name in self.known_by} if self.known_by else wish
        return digest_of(self.name, told)


_kinds: dict[str, IntentKind] = {}


def register_intent(kind: IntentKind) -> IntentKind:
    """Add a kind; a name registered twice is a programming error."""
    if kind.name in _kinds:
        raise ValueError(f"an intent named {kind.name} is registered already")
    _kinds[kind.name] = kind
    return kind


def carry_out(chain_id: UUID, kind: IntentKind, wish: Mapping[str, Any], *, now: datetime) -> Result:
    """Have the wish come true, once: claim, commit, ask, record. What the provider answered.

    Raises what the port raises, and Overtaken. After ProviderAway the intent stays open: asked again with the same wish
    it is the same intent, and a kind that persists is repeated in the background.
    """
    asked = provider()
    intent = claim_intent(chain_id, kind, wish, now=now)
    if intent.state == IntentState.DONE:
        return dict(intent.result or {})
    return _ask(intent, kind, asked, now=now)


def claim_intent(chain_id: UUID, kind: IntentKind, wish: Mapping[str, Any], *, now: datetime) -> Intent:
    """The open intent for this wish, made where there is none; committed when this returns.

    Of a kind that is done `once` it may be the one that came true before.
    """
    digest = kind.digest(wish)
    with platform_scope():
        if kind.replaces:
            # of two that replace each other and begin at once, the second sees the first
            Customer.objects.select_for_update().filter(chain_id=chain_id).first()
            void = Q(kind__in=kind.replaces) & ~Q(digest=digest)
            _abandon(Intent.objects.filter(void, chain_id=chain_id), error="replaced", now=now)
        stale = Intent.objects.filter(chain_id=chain_id, digest=digest, created_at__lt=now - KEY_LIVES)
        _abandon(stale, error="", now=now)
        due_at = now + LEASE if kind.persists else now + ASKED_AGAIN
        fresh = Intent(
            chain_id=chain_id,
            kind=kind.name,
            wish=dict(wish),
            digest=digest,
            persists=kind.persists,
            created_at=now,
            due_at=due_at,
        )
        return _put(fresh, kind)


def withdraw_wishes(chain_id: UUID, kinds: tuple[str, ...], *, now: datetime) -> int:
    """Ask no more for what waits to be asked again; how many wishes that were. In the platform's transaction.

    What the provider did without our hearing of it is looked for: it then stands in the mirror.
    """
    Customer.objects.select_for_update().filter(chain_id=chain_id).first()
    waiting = Intent.objects.filter(chain_id=chain_id, kind__in=kinds, persists=True)
    count = _abandon(waiting, error="withdrawn", now=now)
    if count:
        ask_refresh(chain_id, now=now)
    return count


def _abandon(rows: QuerySet[Intent], *, error: str, now: datetime) -> int:
    """Those of the rows that are open are given up; `error` says why, '' keeps what was said last."""
    found = list(rows.filter(state=IntentState.OPEN).select_for_update().order_by("id"))
    for intent in found:
        intent.state, intent.finished_at, intent.due_at = IntentState.ABANDONED, now, None
        intent.error = error or intent.error
        intent.save(update_fields=["state", "finished_at", "due_at", "error"])
        _tell_lost(intent, now=now)
    return len(found)


def _tell_lost(intent: Intent, *, now: datetime) -> None:
    kind = _kinds.get(intent.kind)
    if kind is not None and kind.lost is not None:
        kind.lost(intent, now=now)


def _put(fresh: Intent, kind: IntentKind) -> Intent:
    """Insert the intent, or find the one that is open already. The unique index lets one of two through.

    That something was done is looked for after the insert: whoever finished before it is seen here, whoever
    finishes after it met our row, or we met theirs.
    """
    same = Intent.objects.filter(chain_id=fresh.chain_id, digest=fresh.digest)
    while True:
        Intent.objects.bulk_create([fresh], ignore_conflicts=True)
        intent = same.filter(state=IntentState.OPEN).first()
        done = same.filter(state=IntentState.DONE).order_by("created_at").first() if kind.once else None
        if done is not None:
            same.filter(id=fresh.id).delete()
            return done
        if intent is not None:
            if intent.id == fresh.id and fresh.due_at is not None:
                mark_platform_due(KIND, fresh.due_at)
            return intent


def digest_of(kind: str, wish: Mapping[str, Any]) -> str:
    """The same for the same wish."""
    return hashlib.sha256(json.dumps([kind, dict(wish)], sort_keys=True).encode()).hexdigest()


def _ask(intent: Intent, kind: IntentKind, asked: SubscriptionProvider, *, now: datetime) -> Result:
    try:
        result = kind.ask(asked, {**intent.wish, "intent": str(intent.id)}, key=intent.key)
    except ProviderAway as away:
        _put_off(intent, away, now=now)
        raise
    except Refusal as refusal:
        _finish(intent, IntentState.REFUSED, now=now, error=refusal.code)
        raise
    recorded = _finish(intent, IntentState.DONE, now=now, result=result)
    if kind.yields and not recorded and _is_void(intent):
        raise Overtaken
    return result


def _is_void(intent: Intent) -> bool:
    with platform_scope():
        return Intent.objects.filter(id=intent.id, state=IntentState.ABANDONED).exists()


def _finish(
    intent: Intent, state: IntentState, *, now: datetime, result: Result | None = None, error: str = ""
) -> bool:
    """Record the answer, unless another has or the intent is void; whether it was recorded."""
    with platform_scope():
        found = Intent.objects.filter(id=intent.id, state=IntentState.OPEN)
        recorded = found.update(
            state=state,
            result=result,
            error=error,
            attempts=intent.attempts + 1,
            finished_at=now,
            due_at=None,
            leased_until=None,
        )
        if recorded and state == IntentState.REFUSED:
            intent.error = error
            _tell_lost(intent, now=now)
    return bool(recorded)


def _put_off(intent: Intent, away: ProviderAway, *, now: datetime) -> None:
    """Again after 5, 10, 20 … seconds, at most ten minutes, with the same key, until the key is too old."""
    pause = min(timedelta(seconds=5 * 2 ** min(intent.attempts, 10)), LONGEST_PAUSE)
    with platform_scope():
        changes: dict[str, Any] = {"attempts": intent.attempts + 1, "error": away.code, "leased_until": None}
        if isinstance(away, KeySpent):
            changes["turn"] = intent.turn + 1
        if intent.persists:
            changes["due_at"] = now + pause
            mark_platform_due(KIND, now + pause)
        Intent.objects.filter(id=intent.id, state=IntentState.OPEN).update(**changes)


def repeat_intents(*, now: datetime) -> None:
    """Due work `billing.intents`: ask again what was not answered; let go of what nobody waits for.

    Leases in this transaction and asks after its commit; a process that dies leaves a lease that runs out.
    """
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    waiting = Intent.objects.filter(state=IntentState.OPEN, due_at__lte=now).filter(free)
    over = Q(persists=False) | Q(created_at__lt=now - KEY_LIVES)
    given_up = list(waiting.filter(over).select_for_update(skip_locked=True).values_list("id", "kind"))
    for intent_id, name in given_up:
        log.warning("intent_abandoned", kind=name, intent=str(intent_id))
    _abandon(Intent.objects.filter(id__in=[intent_id for intent_id, _kind in given_up]), error="", now=now)
    leased = list(waiting.exclude(over).order_by("created_at").select_for_update(skip_locked=True)[:BATCH])
    Intent.objects.filter(id__in=[one.id for one in leased]).update(leased_until=now + LEASE)
    if leased:
        transaction.on_commit(partial(_repeat, leased, now=now))
    mark_rest_due(now=now, mine=[one.id for one in leased])


def mark_rest_due(*, now: datetime, mine: list[UUID]) -> None:
    """If open intents other than `mine` wait, mark them due for when the first can be taken."""
    free_at = Min(Greatest("due_at", Coalesce("leased_until", "due_at")))
    open_ones = Intent.objects.filter(state=IntentState.OPEN).exclude(id__in=mine)
    earliest = open_ones.aggregate(at=free_at)["at"]
    if earliest is not None:
        mark_platform_due(KIND, max(earliest, now))


def _repeat(leased: list[Intent], *, now: datetime) -> None:
    for intent in leased:
        kind = _kinds.get(intent.kind)
        if kind is None:
            log.error("intent_unknown", kind=intent.kind)
            continue
        try:
            _ask(intent, kind, provider(), now=now)
            with platform_scope():
                ask_refresh(intent.chain_id, now=now)
        except Refusal as refusal:
            log.warning("intent_not_answered", kind=intent.kind, intent=str(intent.id), refusal=refusal.code)
            if not isinstance(refusal, ProviderAway):  # a no may mean that something is not as we thought
                with platform_scope():
                    ask_refresh(intent.chain_id, now=now)
        except Exception:
            log.exception("intent_broken", kind=intent.kind, intent=str(intent.id))
            _put_off(intent, ProviderAway(), now=now)
