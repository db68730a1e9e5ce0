"""Due work: rows say what is due; nothing is lost and nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections

from chains import due
from chains.due import LEASE, lease_due, mark_due, mark_platform_due, register_due, run_due, take_due
from chains.models import Chain, ChainState, DueWork
from chains.scope import chain_scope, current, platform_scope
from tests.ground.chains import TwoChains
from tests.ground.sweep import superuser
from tests.ground.workers import wait_until

pytestmark = pytest.mark.usefixtures("committed")
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Handler:
    """Remembers in which schema and when it ran; fails while `broken`."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, datetime]] = []
        self.broken = False

    def __call__(self, *, now: datetime) -> None:
        if self.broken:
            raise ZeroDivisionError
        self.calls.append((current().schema, now))


@pytest.fixture()
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[Handler]:
    monkeypatch.setattr(due, "_handlers", {})
    monkeypatch.setattr(due, "_whole", set())
    made = Handler()
    register_due("tidy", made)
    yield made


def _mark(chain: object, at: datetime, kind: str = "tidy") -> None:
    with chain_scope(chain):  # type: ignore[arg-type]
        mark_due(kind, at)


def test_due_rows_are_leased_once_grouped_by_chain(two_chains: TwoChains, handler: Handler) -> None:
    _mark(two_chains.a, NOON)
    _mark(two_chains.a, NOON - SECOND)
    _mark(two_chains.b, NOON)
    _mark(two_chains.b, NOON + SECOND)
    batches = lease_due(now=NOON)
    assert sorted((batch.schema, batch.kind, len(batch.ids)) for batch in batches) == sorted(
        [(two_chains.a.schema_name, "tidy", 2), (two_chains.b.schema_name, "tidy", 1)]
    )
    assert lease_due(now=NOON) == []


def test_running_a_batch_calls_the_handler_in_its_chain_and_takes_the_rows_away(
    two_chains: TwoChains, handler: Handler
) -> None:
    _mark(two_chains.a, NOON)
    for batch in lease_due(now=NOON):
        run_due(batch, now=NOON)
    assert handler.calls == [(two_chains.a.schema_name, NOON)]
    assert DueWork.objects.count() == 0


def test_a_lost_task_is_dispatched_again_when_its_lease_has_run_out(
    two_chains: TwoChains, handler: Handler
) -> None:
    _mark(two_chains.a, NOON)
    lost = lease_due(now=NOON)
    assert lease_due(now=NOON + LEASE - SECOND) == []
    assert lease_due(now=NOON + LEASE) == lost


def test_a_handler_that_fails_keeps_the_row(two_chains: TwoChains, handler: Handler) -> None:
    _mark(two_chains.a, NOON)
    (batch,) = lease_due(now=NOON)
    handler.broken = True
    with pytest.raises(ZeroDivisionError):
        run_due(batch, now=NOON)
    handler.broken = False
    (again,) = lease_due(now=NOON + LEASE)
    run_due(again, now=NOON + LEASE)
    assert (handler.calls, DueWork.objects.count()) == ([(two_chains.a.schema_name, NOON + LEASE)], 0)


def test_work_added_while_the_handler_runs_is_not_taken_away(two_chains: TwoChains, handler: Handler) -> None:
    _mark(two_chains.a, NOON)
    (batch,) = lease_due(now=NOON)
    _mark(two_chains.a, NOON)
    run_due(batch, now=NOON)
    assert DueWork.objects.count() == 1


def test_a_batch_delivered_twice_runs_once(two_chains: TwoChains, handler: Handler) -> None:
    _mark(two_chains.a, NOON)
    (batch,) = lease_due(now=NOON)
    run_due(batch, now=NOON)
    run_due(batch, now=NOON)
    assert len(handler.calls) == 1


@pytest.mark.parametrize("of_the_platform", [False, True])
def test_who_dies_after_the_commit_of_whole_work_has_left_nothing_to_do_again(
    two_chains: TwoChains, handler: Handler, monkeypatch: pytest.MonkeyPatch, of_the_platform: bool
) -> None:
    register_due("round", handler, whole=True)
    if of_the_platform:
        with platform_scope():
            mark_platform_due("round", NOON)
    else:
        _mark(two_chains.a, NOON, "round")
    (batch,) = lease_due(now=NOON)
    monkeypatch.setattr(due, "finish_due", lambda ids: None)  # it died before this
    run_due(batch, now=NOON)
    assert (len(handler.calls), DueWork.objects.count(), lease_due(now=NOON + LEASE)) == (1, 0, [])


def test_whole_work_that_fails_keeps_its_row_and_what_was_done_is_undone(
    two_chains: TwoChains, handler: Handler
) -> None:
    register_due("round", handler, whole=True)
    _mark(two_chains.a, NOON, "round")
    (batch,) = lease_due(now=NOON)
    handler.broken = True
    with pytest.raises(ZeroDivisionError):
        run_due(batch, now=NOON)
    assert lease_due(now=NOON + LEASE) == [batch]


def test_whole_work_sent_twice_at_once_waits_for_the_first_and_does_nothing(
    two_chains: TwoChains, monkeypatch: pytest.MonkeyPatch, handler: Handler
) -> None:
    second: list[threading.Thread] = []

    def work(*, now: datetime) -> None:
        handler(now=now)
        if not second:
            second.append(threading.Thread(target=again))
            second[0].start()
            assert wait_until(_somebody_waits, seconds=30)

    def again() -> None:
        try:
            run_due(batch, now=NOON)
        finally:
            connection.close()

    register_due("round", work, whole=True)
    _mark(two_chains.a, NOON, "round")
    (batch,) = lease_due(now=NOON)
    run_due(batch, now=NOON)
    second[0].join(30)
    assert handler.calls == [(two_chains.a.schema_name, NOON)]


def _somebody_waits() -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return superuser().execute(query).fetchone() != (0,)


def test_a_chain_takes_no_work_of_another_away(two_chains: TwoChains, handler: Handler) -> None:
    _mark(two_chains.a, NOON)
    ids = list(DueWork.objects.values_list("id", flat=True))
    with chain_scope(two_chains.b):
        assert take_due(ids) is False
    assert DueWork.objects.count() == 1


def test_work_of_a_kind_this_process_does_not_know_is_kept(two_chains: TwoChains, handler: Handler) -> None:
    _mark(two_chains.a, NOON)
    DueWork.objects.update(kind="newer")
    (batch,) = lease_due(now=NOON)
    run_due(batch, now=NOON)
    assert DueWork.objects.count() == 1


def test_work_of_a_chain_that_is_gone_is_dropped(handler: Handler) -> None:
    DueWork.objects.create(schema="t_gonegonego", kind="tidy", due_at=NOON)
    Chain.objects.create(slug="shut", schema_name="t_shutshutsh", name="Shut", state=ChainState.CLOSED)
    DueWork.objects.create(schema="t_shutshutsh", kind="tidy", due_at=NOON)
    for batch in lease_due(now=NOON):
        run_due(batch, now=NOON)
    assert (handler.calls, DueWork.objects.count()) == ([], 0)


def test_marking_is_part_of_the_chains_transaction(two_chains: TwoChains, handler: Handler) -> None:
    with pytest.raises(ZeroDivisionError), chain_scope(two_chains.a):
        mark_due("tidy", NOON)
        raise ZeroDivisionError
    assert DueWork.objects.count() == 0


def test_marking_an_unregistered_kind_is_a_programming_error(two_chains: TwoChains, handler: Handler) -> None:
    with pytest.raises(ValueError, match="no handler"), chain_scope(two_chains.a):
        mark_due("unknown", NOON)


def test_marking_never_waits_for_another_open_transaction_or_for_the_dispatcher(
    two_chains: TwoChains, handler: Handler
) -> None:
    """Two bookings of one chain mark the same work while a dispatcher holds rows: nobody waits."""
    _mark(two_chains.a, NOON)
    other = connections.create_connection("default")
    try:
        with platform_scope():
            list(DueWork.objects.select_for_update())
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.connection.execute(
                    "SELECT set_config('role', %s, true), set_config('lock_timeout', '100ms', true)",
                    (f"r_{_tag()}_{two_chains.a.schema_name}",),
                )
                cursor.connection.execute("SELECT public.mark_due('tidy', now())")
                cursor.connection.execute("SELECT public.mark_due('tidy', now())")
            other.rollback()
    finally:
        other.close()
        connection.close()


def _tag() -> str:
    from django.conf import settings

    return str(settings.ROLE_TAG)
