"""What happened is told to each subscriber, each effect once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import connection, transaction

from accounts.ids import new_id
from chains.due import lease_due, run_due
from chains.models import DueWork
from chains.scope import chain_scope
from tenants.events.domain import subscribers
from tenants.events.domain.record import record_event
from tenants.events.domain.relay import (
    LEASE,
    deliver,
    forget_effects,
    lease_deliveries,
    note_effect,
    sweep_deliveries,
)
from tenants.events.domain.subscribers import Call, Happened, Subscription, register_subscriber
from tenants.events.models import Delivery, Effect, Event
from tenants.stores.models import Region
from tests.ground.chains import TwoChains
from tests.ground.races import race

NOW = datetime.fromisoformat("2026-11-21T04:00:00+00:00")


class Log:
    """What the subscriber under test was told, and what it is to do about it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.fail = 0

    def inside(self, event: Happened, *, now: datetime) -> None:
        """An effect in the database."""
        Region.objects.create(name=event.key)
        self._maybe_fail()

    def outside(self, event: Happened, *, now: datetime) -> Call:
        """An effect outside of it."""

        def call() -> None:
            assert connection.get_autocommit(), "a call to the outside holds no transaction"
            self._maybe_fail()
            self.told.append(event.key)

        return call

    def _maybe_fail(self) -> None:
        if self.fail:
            self.fail -= 1
            raise ConnectionError("no route")


@pytest.fixture()
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """Two subscribers of their own instead of the program's."""
    log = Log()
    monkeypatch.setattr(
        subscribers,
        "_subscriptions",
        {
            "inside": Subscription("inside", log.inside, frozenset({"thing.done"})),
            "outside": Subscription("outside", log.outside, None),
        },
    )
    yield log


def _happen(count: int = 1, kind: str = "thing.done") -> list[Event]:
    return [
        record_event(kind, subject_id=new_id(), store_id=None, version=1, payload={"n": n}, now=NOW)
        for n in range(count)
    ]


def _relay(now: datetime = NOW) -> None:
    for batch in lease_due(now=now):
        run_due(batch, now=now)


def test_a_hint_goes_with_the_first_try_of_another_delivery_and_has_one_alone(
    two_chains: TwoChains, log: Log
) -> None:
    hinted: list[int] = []

    def hint(event: Happened, *, now: datetime) -> None:
        hinted.append(event.id)

    subscribers._subscriptions["hint"] = Subscription("hint", hint, None, hint=True)
    subscribers._subscriptions["outside"] = Subscription("outside", log.outside, frozenset({"thing.done"}))
    log.fail = 2
    with chain_scope(two_chains.a):
        (both,), (alone,) = _happen(), _happen(kind="other.done")
        names = Delivery.objects.values_list("event_id", "subscriber")
        assert sorted(names) == [(both.id, "inside"), (both.id, "outside"), (alone.id, "hint")]
    _relay()
    assert hinted == [both.id, alone.id]
    _relay(NOW + timedelta(seconds=2))
    assert hinted == [both.id, alone.id]
    with chain_scope(two_chains.a):
        assert (Delivery.objects.count(), len(log.told), Region.objects.count()) == (0, 1, 1)


def test_event_and_deliveries_are_written_together_or_not_at_all(two_chains: TwoChains, log: Log) -> None:
    with pytest.raises(ZeroDivisionError), chain_scope(two_chains.a):
        _happen()
        raise ZeroDivisionError
    with chain_scope(two_chains.a):
        assert (Event.objects.count(), Delivery.objects.count()) == (0, 0)
        _happen()
        assert sorted(Delivery.objects.values_list("subscriber", flat=True)) == ["inside", "outside"]
        _happen(kind="other.done")
        assert Delivery.objects.filter(subscriber="inside").count() == 1


def test_relay_brings_about_each_effect_once_and_empties_the_outbox(two_chains: TwoChains, log: Log) -> None:
    with chain_scope(two_chains.a):
        events = _happen(3)
    _relay()
    _relay(NOW + timedelta(minutes=5))
    with chain_scope(two_chains.a):
        keys = [f"outside:{event.id}" for event in events]
        assert log.told == keys
        assert sorted(Region.objects.values_list("name", flat=True)) == sorted(
            f"inside:{event.id}" for event in events
        )
        assert Delivery.objects.count() == 0
        assert Effect.objects.count() == 6


def test_effects_of_one_chain_are_not_anothers(two_chains: TwoChains, log: Log) -> None:
    with chain_scope(two_chains.a):
        _happen()
    with chain_scope(two_chains.b):
        _happen()
    _relay()
    for chain in (two_chains.a, two_chains.b):
        with chain_scope(chain):
            assert Region.objects.count() == 1


def test_failed_effect_is_undone_and_tried_again_after_a_pause(two_chains: TwoChains, log: Log) -> None:
    with chain_scope(two_chains.a):
        _happen()
    log.fail = 2
    _relay()
    with chain_scope(two_chains.a):
        assert (Region.objects.count(), Effect.objects.count(), log.told) == (0, 0, [])
        waiting = Delivery.objects.get(subscriber="outside")
        assert (waiting.attempts, waiting.due_at, waiting.leased_until) == (
            1,
            NOW + timedelta(seconds=1),
            None,
        )
        assert waiting.last_error == "ConnectionError: no route"
    _relay(NOW + timedelta(seconds=1))
    with chain_scope(two_chains.a):
        assert (Region.objects.count(), len(log.told), Delivery.objects.count()) == (1, 1, 0)


def test_worker_that_died_with_a_lease_loses_nothing(two_chains: TwoChains, log: Log) -> None:
    with chain_scope(two_chains.a):
        _happen()
        lease_due_rows = lease_deliveries(now=NOW)
        assert len(lease_due_rows) == 2
    # that worker is gone; its row of due work comes back after the lease, and so do the deliveries
    _relay(NOW + timedelta(seconds=1))
    assert log.told == []
    _relay(NOW + LEASE + timedelta(seconds=1))
    assert len(log.told) == 1


def test_effect_that_was_noted_is_not_brought_about_again(two_chains: TwoChains, log: Log) -> None:
    with chain_scope(two_chains.a):
        event = _happen()[0]
        assert note_effect(f"outside:{event.id}", now=NOW)
        assert not note_effect(f"outside:{event.id}", now=NOW)
    _relay()
    assert log.told == []
    with chain_scope(two_chains.a):
        assert Delivery.objects.count() == 0


def test_call_to_the_outside_is_not_made_when_another_has_taken_the_lease(
    two_chains: TwoChains, log: Log
) -> None:
    with chain_scope(two_chains.a):
        _happen()
        slow = lease_deliveries(now=NOW)
    with chain_scope(two_chains.a):
        other = lease_deliveries(now=NOW + LEASE)
        assert {one.delivery_id for one in other} == {one.delivery_id for one in slow}
    with chain_scope(two_chains.a):
        transaction.on_commit(partial(deliver, slow, now=NOW))
    assert log.told == []
    with chain_scope(two_chains.a):
        transaction.on_commit(partial(deliver, other, now=NOW + LEASE))
    assert len(log.told) == 1


def test_relays_at_once_share_the_work_and_repeat_none_of_it(two_chains: TwoChains, log: Log) -> None:
    with chain_scope(two_chains.a):
        _happen(40)

    def take() -> list[int]:
        return [one.delivery_id for one in lease_deliveries(now=NOW, limit=10)]

    answers = race(two_chains.a, [take] * 4)
    taken = [one for answer in answers if not isinstance(answer, Exception) for one in answer]
    assert len(taken) == len(set(taken)) == 40


def test_two_workers_with_the_same_delivery_bring_it_about_once(two_chains: TwoChains, log: Log) -> None:
    with chain_scope(two_chains.a):
        _happen()
        leased = [one for one in lease_deliveries(now=NOW) if one.subscriber == "inside"]

    def run() -> None:
        transaction.on_commit(partial(deliver, leased, now=NOW))

    assert race(two_chains.a, [run, run]) == [None, None]
    with chain_scope(two_chains.a):
        assert (Region.objects.count(), Effect.objects.count()) == (1, 1)


def test_more_than_a_batch_is_marked_due_again(two_chains: TwoChains, log: Log) -> None:
    with chain_scope(two_chains.a):
        _happen(70)
    _relay()
    _relay()
    with chain_scope(two_chains.a):
        assert Delivery.objects.count() == 0
    assert len(log.told) == 70


def test_sweep_marks_due_what_is_a_minute_late(two_chains: TwoChains, log: Log) -> None:
    from chains.due import finish_due

    with chain_scope(two_chains.a):
        _happen()
    lost = [row for batch in lease_due(now=NOW) for row in batch.ids]
    finish_due(lost)
    _relay(NOW + timedelta(minutes=2))
    assert log.told == []
    with chain_scope(two_chains.a):
        sweep_deliveries(now=NOW + timedelta(seconds=59))
    assert not DueWork.objects.exists()
    with chain_scope(two_chains.a):
        sweep_deliveries(now=NOW + timedelta(seconds=60))
    _relay(NOW + timedelta(minutes=2))
    assert len(log.told) == 1


def test_effects_are_forgotten_a_month_later_unless_a_delivery_still_asks(
    two_chains: TwoChains, log: Log
) -> None:
    with chain_scope(two_chains.a):
        _happen()
        waiting = Delivery.objects.order_by("id").first()
        assert waiting is not None
        kept = f"{waiting.subscriber}:{waiting.event_id}"
        for key, at in ((kept, NOW), ("told:1", NOW), ("told:2", NOW + timedelta(seconds=1))):
            assert note_effect(key, now=at)
        forget_effects(now=NOW + timedelta(days=30, seconds=1))
        assert sorted(Effect.objects.values_list("key", flat=True)) == sorted([kept, "told:2"])


def test_name_registered_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="live"):
        register_subscriber("live", lambda event, *, now: None)


def test_event_knows_its_subject(two_chains: TwoChains, log: Log) -> None:
    subject = UUID(int=7)
    with chain_scope(two_chains.a):
        record_event("a.b", subject_id=subject, store_id=None, version=2, payload={"x": 1}, now=NOW)
        event = Event.objects.get()
        assert (event.subject_id, event.version, event.payload, event.at) == (subject, 2, {"x": 1}, NOW)
