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
KILLS = size(3, 40)


@pytest.fixture()
def chain(committed: None) -> Chain:
    """A chain of its own, its messages and queues empty."""
    import config.celery

    assert config.celery.app is not None
    Phone(settings.REDIS_URL, settings.ROLE_TAG).valkey.flushdb()
    return fill_alpha(make_chain("bar15"))


def _run(chain: Chain, *, kills: int, app: str = "config.celery") -> tuple[int, Phone, int]:
    """Notify, kill a worker in the midst of it `kills` times, then let one finish."""
    phone = Phone(settings.REDIS_URL, settings.ROLE_TAG)
    booking = cancelled_booking(chain)
    notify(chain, booking, NOTIFICATIONS)
    total = NOTIFICATIONS + 1  # the booking's own cancellation among them
    killed = 0
    for number in range(kills + 1):
        worker = start_worker(app=app)
        try:
            goal = total * (number + 1) // (kills + 1)

            def due_and_done(goal: int = goal) -> bool:
                dispatch_due()
                return effects(chain) >= goal or waiting(chain) == 0

            assert wait_until(due_and_done, seconds=60)
            if number == kills:
                wait_until(lambda: waiting(chain) == 0, seconds=20)
        finally:
            killed += worker.process.poll() is None and number < kills
            worker.kill()
        phone.read()
        let_leases_run_out(chain.info.schema_name)
    return total, phone, killed


def test_every_notification_arrives_once(chain: Chain) -> None:
    total, phone, killed = _run(chain, kills=KILLS)
    arrived = [key for key in phone.arrived if key.startswith("member_text:")]
    twice = [key for key in arrived if phone.arrived[key] > 1]
    record(15, notifications=total, kills=killed, arrived=len(arrived), twice=len(twice))
    assert killed == KILLS
    assert (effects(chain), waiting(chain)) == (total, 0)
    assert (len(arrived), twice) == (total, [])


@pytest.mark.mutant
def test_worker_that_forgets_before_it_delivers_loses_some(chain: Chain) -> None:
    total, _phone, killed = _run(chain, kills=1, app="tests.bars.mutant_worker")
    assert killed == 1
    assert effects(chain) < total
