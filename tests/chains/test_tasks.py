"""Tasks carry their chain to a real worker, a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import chain as sequence
from celery import group
from django.conf import settings

from chains.models import Chain, ChainState
from chains.scope import chain_scope, platform_scope
from chains.tasks import HEADER
from tests.ground.chains import TwoChains, make_chain
from tests.ground.plugin import ROOT
from tests.ground.probe import KEY, calls, note, valkey

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("committed"), pytest.mark.xdist_group("tasks")]


@pytest.fixture(scope="module")
def worker() -> Iterator[None]:
    """`celery worker` with two threads on this test's broker and database."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tests.ground.probe", "worker", "--pool=threads", "--concurrency=2",
         "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR"],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    yield
    process.terminate()
    process.wait(30)


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    valkey().delete(KEY)
    yield


def _ran(count: int, *, seconds: float = 60) -> list[tuple[str, str]]:
    """What ran, once so many tasks have."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and valkey().llen(KEY) < count:
        time.sleep(0.05)
    return sorted(tuple(json.loads(row)) for row in valkey().lrange(KEY, 0, -1))


def test_tasks_run_in_the_chain_they_were_called_in(worker: None, two_chains: TwoChains) -> None:
    a, b = two_chains.a, two_chains.b
    with chain_scope(a):
        note.delay("plain")
        note.apply_async(("countdown",), countdown=0.5)
        note.delay_on_commit("on commit")  # type: ignore[attr-defined]
        sequence(note.s("first"), note.s("second"), note.s("third")).apply_async()
        calls.delay("called")
    with chain_scope(b):
        group(note.s("one"), note.s("two")).apply_async()
    note.delay("nowhere")
    assert _ran(11) == sorted(
        [
            *(
                (word, a.schema_name)
                for word in ("plain", "countdown", "on commit", "first", "second", "third")
            ),
            *((word, a.schema_name) for word in ("called from within", "called on commit")),
            *((word, b.schema_name) for word in ("one", "two")),
            ("nowhere", "public"),
        ]
    )


def test_a_task_whose_chain_is_gone_runs_nowhere(worker: None, two_chains: TwoChains) -> None:
    gone, closed = make_chain("gone"), make_chain("closed")
    for chain in (gone, closed):
        with chain_scope(chain):
            note.apply_async((chain.slug,), countdown=1)
    with platform_scope():
        Chain.objects.filter(id=closed.id).update(state=ChainState.CLOSED)
        Chain.objects.filter(id=gone.id).delete()
    with chain_scope(two_chains.a):
        note.apply_async(("after",), countdown=2)
    assert _ran(1) == [("after", two_chains.a.schema_name)]


def test_a_transaction_that_rolls_back_sends_nothing(worker: None, two_chains: TwoChains) -> None:
    with pytest.raises(ZeroDivisionError), chain_scope(two_chains.a):
        note.delay_on_commit("never")  # type: ignore[attr-defined]
        raise ZeroDivisionError
    with chain_scope(two_chains.a):
        note.delay_on_commit("after")  # type: ignore[attr-defined]
    assert _ran(1) == [("after", two_chains.a.schema_name)]


def test_the_header_is_written_when_the_task_is_called(
    two_chains: TwoChains, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    from celery.app.task import Task

    monkeypatch.setattr(
        Task,
        "apply_async",
        lambda self, args=None, kwargs=None, **options: sent.append(options["headers"][HEADER]),
    )
    with chain_scope(two_chains.a):
        note.delay("now")
        note.delay_on_commit("later")  # type: ignore[attr-defined]
    note.delay("outside")
    assert sent == [two_chains.a.schema_name, two_chains.a.schema_name, "public"]


def test_the_broker_keys_carry_the_databases_tag() -> None:
    assert str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]).startswith(settings.ROLE_TAG)
