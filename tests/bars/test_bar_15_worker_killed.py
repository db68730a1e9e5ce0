"""Bar 15: a worker killed again and again among notifications: each effect once, none lost."""

from __future__ import annotations

import pytest
from django.conf import settings

from chains.tasks import dispatch_due
from tests.bars import record, size
from tests.bars.texts import Phone, cancelled_booking, effects, notify, waiting
from tests.ground.cast import Chain, fill_alpha
from tests.ground.chains import make_chain
from tests.ground.workers import let_leases_run_out, start_worker, wait_until

pytestmark = pytest.mark.race

NOTIFICATIONS = size(120, 1_000)
KILLS = size(4, 40)
PATIENCE = 300.0


@pytest.fixture()
def chain(committed: None) -> Chain:
    """A chain of its own, its messages and queues empty."""
    import config.celery

    assert config.celery.app is not None
    Phone(settings.REDIS_URL, settings.ROLE_TAG).valkey.flushdb()
    return fill_alpha(make_chain("bar15"))


def _run(
    chain: Chain, *, kills: int, app: str = "config.celery", lost: bool = False
) -> tuple[int, Phone, int]:
    """Notify; kill what runs the tasks in the midst of it, the last time the whole worker; then let one finish."""
    phone = Phone(settings.REDIS_URL, settings.ROLE_TAG)
    booking = cancelled_booking(chain)
    notify(chain, booking, NOTIFICATIONS)
    total = NOTIFICATIONS + 1  # the booking's own cancellation among them
    step = total // (kills + 1)
    killed = 0
    worker = start_worker(app=app)
    try:
        for number in range(1, kills + 1):
            goal = step * number
            while not (busy := _work_until(chain, goal)) and not lost:
                # the worker was done before anybody looked: it gets more to do
                notify(chain, booking, 2 * step)
                total, goal = total + 2 * step, effects(chain) + 1
            if not busy:
                break
            if number < kills:
                worker.kill_child()
            else:
                worker.kill()
                worker = start_worker(app=app)
            killed += 1
            phone.read()
            let_leases_run_out(chain.info.schema_name)
        assert wait_until(lambda: bool(dispatch_due() + 1) and waiting(chain) == 0, seconds=PATIENCE)
        phone.read()
    finally:
        worker.kill()
    return total, phone, killed


def _work_until(chain: Chain, goal: int) -> bool:
    """Dispatch until so many effects are there; False if the outbox is empty before."""

    def far_enough() -> bool:
        dispatch_due()
        return effects(chain) >= goal or waiting(chain) == 0

    assert wait_until(far_enough, seconds=PATIENCE)
    return waiting(chain) > 0


def test_every_notification_arrives_once(chain: Chain) -> None:
    total, phone, killed = _run(chain, kills=KILLS)
    arrived = [key for key in phone.arrived if key.startswith("member_text:")]
    twice = [key for key in arrived if phone.arrived[key] > 1]
    record(15, notifications=total, kills=killed, arrived=len(arrived), twice=len(twice))
    assert killed == KILLS
    # the booking itself is noted too, with nothing to send: its cancellation overtook it
    assert (effects(chain), waiting(chain)) == (total + 1, 0)
    assert (len(arrived), twice) == (total, [])


@pytest.mark.mutant
def test_worker_that_forgets_before_it_delivers_loses_some(chain: Chain) -> None:
    # whoever forgets may have nothing left before the kill comes: it is lost either way
    total, _phone, _killed = _run(chain, kills=1, app="tests.bars.mutant_worker", lost=True)
    assert waiting(chain) == 0
    assert effects(chain) < total
