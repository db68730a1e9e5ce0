"""The relay: hands recorded events to their subscribers, each effect once, whatever dies on the way.

Deliveries are leased in one transaction, brought about and noted in another each. A worker that dies
leaves a lease, which runs out; the row of due work that started it is dispatched again. What was
noted as done is never done again: the effect's key is a primary key, written in the same transaction.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import connection, transaction
from django.db.models import CharField, Min, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat, Greatest

from chains.chores import let_go
from chains.due import mark_due
from chains.scope import current
from tenants.events.models import Delivery, Effect, Event

from .record import OUTBOX, send_hint
from .subscribers import Call, Happened, Subscription, hints_of, subscription
from .usage import count_usage

log = structlog.get_logger("events")

BATCH = 100
LEASE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
# An effect is noted with the very delivery that it ends, so nobody can ask for it again; a month is for
# a backup put back, whose deliveries come to life once more.
EFFECTS_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that this process may bring about until its lease runs out."""

    delivery_id: int
    subscriber: str
    attempts: int
    leased_until: datetime
    event: Happened


def relay_deliveries(*, now: datetime) -> None:
    """Due work `outbox`: lease what is due, deliver it after the commit, see to it that the rest is not lost.

    Rows that another relay holds are skipped; if anything is left, the work is marked due again for the
    moment at which the next of it can be taken.
    """
    leased = lease_deliveries(now=now)
    if leased:
        transaction.on_commit(partial(deliver, leased, now=now))
    mark_rest_due(now=now, mine=[one.delivery_id for one in leased])


def lease_deliveries(*, now: datetime, limit: int = BATCH) -> list[Leased]:
    """Lease up to `limit` due deliveries, oldest event first. Needs a transaction; nobody waits for anybody."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    rows = list(
        Delivery.objects.filter(free, due_at__lte=now)
        .order_by("event_id", "id")
        .select_for_update(skip_locked=True, of=("self",))[:limit]
    )
    Delivery.objects.filter(id__in=[row.id for row in rows]).update(leased_until=now + LEASE)
    events = Event.objects.in_bulk({row.event_id for row in rows})
    return [
        Leased(
            row.id, row.subscriber, row.attempts, now + LEASE, _happened(events[row.event_id], row.subscriber)
        )
        for row in rows
    ]


def mark_rest_due(*, now: datetime, mine: Sequence[int] = ()) -> None:
    """If deliveries other than `mine` are waiting, mark the outbox due for when the first can be taken."""
    free_at = Min(Greatest("due_at", Coalesce("leased_until", "due_at")))
    earliest = Delivery.objects.exclude(id__in=mine).aggregate(at=free_at)["at"]
    if earliest is not None:
        mark_due(OUTBOX, max(earliest, now))


def deliver(leased: Sequence[Leased], *, now: datetime) -> None:
    """Bring about each of the leased deliveries, in the active scope, outside any transaction.

    `now` is when the first begins; the others are as much later as those before them took.
    """
    _repeat_hints(leased, now=now)
    hints: list[int] = []
    began, first = time.monotonic(), now
    for one in leased:
        now = first + timedelta(seconds=int(time.monotonic() - began))
        wanted = subscription(one.subscriber)
        if wanted is None:
            log.warning("subscriber_gone", subscriber=one.subscriber)
            hints.append(one.delivery_id)
        elif wanted.hint:
            wanted.run(one.event, now=now)
            hints.append(one.delivery_id)
        else:
            _deliver_once(one, wanted, now=now)
    if hints:
        Delivery.objects.filter(id__in=hints).delete()


def _repeat_hints(leased: Sequence[Leased], *, now: datetime) -> None:
    """Once for each event of which an effect is tried for the first time."""
    told: set[int] = set()
    for one in leased:
        wanted = subscription(one.subscriber)
        if wanted is None or wanted.hint or one.attempts or one.event.id in told:
            continue
        told.add(one.event.id)
        for hint in hints_of(one.event.kind):
            hint.run(one.event, now=now)


def _deliver_once(one: Leased, wanted: Subscription, *, now: datetime) -> None:
    try:
        call = _bring_about(one, wanted, now=now)
        if call is not None and _keep_lease(one, now=now):
            # told to the world between two transactions: the key makes a repeat harmless
            call()
            with transaction.atomic():
                if note_effect(one.event.key, now=now) and wanted.meter:
                    count_usage(wanted.meter, at=one.event.at, now=now)
                Delivery.objects.filter(id=one.delivery_id).delete()
    except Exception as error:
        log.warning("delivery_failed", subscriber=one.subscriber, event_id=one.event.id, exc_info=True)
        _put_off(one, error, now=now)


def _keep_lease(one: Leased, *, now: datetime) -> bool:
    """Begin the lease anew for a call to the outside; False where it ran out and another has taken it."""
    mine = Delivery.objects.filter(id=one.delivery_id, leased_until=one.leased_until)
    return bool(mine.update(leased_until=now + LEASE))


def _bring_about(one: Leased, wanted: Subscription, *, now: datetime) -> Call | None:
    """Run the subscriber, unless its effect was noted before; the call that is still to be made, if any.

    The note comes first: whoever brings about the same effect at the same time waits for it.
    """
    with transaction.atomic():
        call = wanted.run(one.event, now=now) if note_effect(one.event.key, now=now) else None
        if call is not None:
            transaction.set_rollback(True)  # the note is written again when the call has been made
        else:
            Delivery.objects.filter(id=one.delivery_id).delete()
    return call


def note_effect(key: str, *, now: datetime) -> bool:
    """Note that the effect with this key has been brought about; False if that was noted before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_effect (key, at) VALUES (%s, %s) ON CONFLICT (key) DO NOTHING", (key, now)
        )
        return bool(cursor.rowcount)


def _put_off(one: Leased, error: Exception, *, now: datetime) -> None:
    """Try again after 1, 2, 4 … seconds, at most an hour; a delivery is never given up."""
    pause = min(timedelta(seconds=2 ** min(one.attempts, 12)), LONGEST_PAUSE)
    with transaction.atomic():
        Delivery.objects.filter(id=one.delivery_id).update(
            attempts=one.attempts + 1,
            due_at=now + pause,
            leased_until=None,
            last_error=f"{type(error).__name__}: {error}"[:500],
        )
        mark_due(OUTBOX, now + pause)


def _happened(event: Event, subscriber: str) -> Happened:
    return Happened(
        id=event.id,
        kind=event.kind,
        subject_id=event.subject_id,
        store_id=event.store_id,
        version=event.version,
        payload=event.payload,
        at=event.at,
        key=f"{subscriber}:{event.id}",
    )


def sweep_deliveries(*, now: datetime) -> bool:
    """Housekeeping: mark the outbox due if anything in it is a minute late. False: the relay does the rest.

    Not needed while every delivery has its row of due work; it mends what a restored or moved chain lost.
    """
    if Delivery.objects.filter(due_at__lte=now - timedelta(minutes=1)).exists():
        mark_due(OUTBOX, now)
    return False


def forget_effects(*, now: datetime) -> bool:
    """Housekeeping: what was brought about is forgotten EFFECTS_KEPT later, once no delivery asks for it."""
    key = Concat("subscriber", Value(":"), Cast("event_id", CharField()), output_field=CharField())
    waiting = Delivery.objects.annotate(key=key).values("key")
    return let_go(Effect.objects.filter(at__lt=now - EFFECTS_KEPT).exclude(key__in=waiting))


def repeat_hint(event: Happened, *, now: datetime) -> None:
    """Subscriber `live`: tell the hub once more, in case the process died between commit and hint."""
    if event.store_id is not None:
        send_hint(f"{current().schema}:{event.id}")
