"""Bar 16: the broker wiped and killed: nothing lost, all queued again; booking goes on without it."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import time_machine
from django.conf import settings

from chains import due
from chains.models import DueWork
from chains.scope import platform_scope
from embedded.valkey import Valkey
from tests.api.conftest import member_program
from tests.bars import record, size
from tests.bars.texts import cancelled_booking, effects, notify, waiting
from tests.ground.cast import NOW, Chain, fill_alpha, local
from tests.ground.chains import make_chain
from tests.ground.workers import let_leases_run_out, start_beat, start_worker, wait_until

pytestmark = pytest.mark.race

NOTIFICATIONS = size(60, 500)
WITHIN = size(240, 60)  # seconds; a machine that others use too gets more of them


@pytest.fixture()
def chain(committed: None) -> Chain:
    """A chain of its own."""
    return fill_alpha(make_chain("bar16"))


@pytest.fixture()
def broker(tmp_path: Path) -> Iterator[Valkey]:
    """A broker that may die without harm to other tests."""
    valkey = Valkey(tmp_path / "valkey", tell=lambda sentence: None)
    valkey.start()
    yield valkey
    valkey.remove()


def _kill(valkey: Valkey) -> None:
    assert valkey._child is not None
    os.kill(valkey._child.pid, signal.SIGKILL)
    valkey._child.wait(10)


def test_nothing_is_lost_when_the_broker_is_wiped_and_killed(
    chain: Chain, broker: Valkey, tmp_path: Path
) -> None:
    env = {"REDIS_URL": broker.url}
    booking = cancelled_booking(chain)
    notify(chain, booking, NOTIFICATIONS)
    processes = [start_beat(tmp_path / "beat", env=env), start_worker(env=env)]
    try:
        assert wait_until(lambda: effects(chain) > 0, seconds=300)
        redis.Redis.from_url(broker.url).flushall()
        _kill(broker)
        notify(chain, booking, NOTIFICATIONS)
        broker.start()
        redis.Redis.from_url(broker.url).flushall()
        began = time.monotonic()
        let_leases_run_out(chain.info.schema_name)
        assert wait_until(lambda: waiting(chain) == 0, seconds=WITHIN, pause=0.2)
        record(16, notifications=2 * NOTIFICATIONS, seconds=round(time.monotonic() - began, 1))
        assert effects(chain) == 2 * NOTIFICATIONS + 2  # the booking, its cancellation
    finally:
        for process in processes:
            process.kill()


def test_booking_goes_on_without_the_broker(chain: Chain, settings: Any) -> None:
    """Book, move and cancel over the API while nothing answers at the broker's address."""
    dead = "redis://:x@127.0.0.1:1/0"
    settings.REDIS_URL = dead
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": dead}}
    with time_machine.travel(NOW, tick=False):
        su = member_program(chain, "su")
        made = su.post(
            "bookings",
            {
                "store": str(chain.stores["north"].id),
                "service": str(chain.services["facial"].id),
                "starts_at": local(23, 10).isoformat(),
            },
            key="without-broker",
        )
        assert made.status_code == 201, made.content
        gone = su.post(f"bookings/{json.loads(made.content)['id']}/cancel")
        assert (gone.status_code, gone.json()["status"]) == (200, "cancelled")


def _left_after_a_wipe(chain: Chain) -> int:
    """Dispatch to a broker that forgets everything at once, then see what a later dispatch still knows."""
    from django.utils import timezone

    notify(chain, cancelled_booking(chain), 3)
    due.lease_due(now=timezone.now())  # sent, and wiped
    let_leases_run_out(chain.info.schema_name)
    return sum(len(batch.ids) for batch in due.lease_due(now=timezone.now()))


def test_what_was_dispatched_and_wiped_is_dispatched_again(chain: Chain) -> None:
    assert _left_after_a_wipe(chain) > 0


@pytest.mark.mutant
def test_dispatcher_that_trusts_the_broker_loses_what_is_wiped(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = due.lease_due

    def lease_and_forget(*, now: Any) -> list[due.DueBatch]:
        batches = lease(now=now)
        with platform_scope():
            DueWork.objects.filter(id__in=[row for batch in batches for row in batch.ids]).delete()
        return batches

    monkeypatch.setattr(due, "lease_due", lease_and_forget)
    assert settings.REDIS_URL
    assert _left_after_a_wipe(chain) == 0
