"""Bar 21, second half: mixed work over many chains, with faults; nothing reaches a wrong schema.

The first half (a marker in every text column) takes pages and endpoints from the running program and
stands in its own file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from django.conf import settings
from django.db import connection

from chains.hosts import ChainInfo
from chains.postgresql.base import DatabaseWrapper
from chains.scope import PLATFORM, Scope
from tests.bars import SEED, record, size
from tests.chains.stress import Tally, mark, stress
from tests.ground import pgbouncer
from tests.ground.chains import make_chain

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("committed")]
THREADS = size(8, 16)
TIMES = size(60, 6_250)


@pytest.fixture()
def many(committed: None) -> list[ChainInfo]:
    chains = [make_chain(f"many{number}") for number in range(size(4, 50))]
    mark(chains)
    return chains


def _settings(url: str, **changed: Any) -> dict[str, Any]:
    parts = urlparse(url)
    return {
        **connection.settings_dict,
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": str(parts.port),
        "OPTIONS": {},
        **changed,
    }


def _sound(tally: Tally) -> bool:
    """The bar's check: nothing wrong, and the run was one (every operation did succeed now and then)."""
    return not tally.wrong and set(tally.done) >= {
        "read",
        "asked",
        "write",
        "savepoint",
        "iterator",
        "nested",
        "platform",
    }


def test_over_the_pool(many: list[ChainInfo]) -> None:
    tally = stress(many, threads=THREADS, times=TIMES, seed=SEED)
    record(
        21, operations=tally.done.total(), errors=tally.errors.total(), wrong=len(tally.wrong), over="pool"
    )
    assert tally.wrong == []
    assert _sound(tally)


@pytest.mark.pgbouncer
def test_through_pgbouncer_in_transaction_mode(many: list[ChainInfo]) -> None:
    with pgbouncer.pooled(settings.ENV.database_url.get_secret_value()) as url:
        tally = stress(
            many,
            threads=THREADS,
            times=TIMES,
            seed=SEED,
            connect=lambda: DatabaseWrapper(_settings(url), "default"),
        )
    record(
        21,
        operations=tally.done.total(),
        errors=tally.errors.total(),
        wrong=len(tally.wrong),
        over="pgbouncer",
    )
    assert tally.wrong == []
    assert _sound(tally)


@pytest.mark.mutant
def test_mutant_a_wrapper_that_never_forgets_is_noticed(
    many: list[ChainInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Path and role at session level, set once a connection: the next transaction reads another's rows."""

    def enter_once(self: DatabaseWrapper, scope: Scope) -> None:
        if self.connection is None or self.needs_rollback or getattr(self.connection, "entered", None):
            return
        self.connection.entered = scope
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('search_path', %s, false), set_config('role', %s, false)",
                (scope.search_path, scope.role),
            )

    monkeypatch.setattr(DatabaseWrapper, "_enter", enter_once)
    url = settings.ENV.database_url.get_secret_value()
    tally = stress(
        many,
        threads=4,
        times=30,
        seed=SEED,
        connect=lambda: _Kept(_settings(url), "default"),
    )
    assert not _sound(tally)


class _Kept(DatabaseWrapper):
    """Keeps its connection between operations, as a pool would."""

    def close(self) -> None:
        if self.connection is not None and self.in_atomic_block:
            super().close()


@pytest.fixture()
def as_owner() -> Iterator[str]:
    yield os.environ["OWNER_DATABASE_URL"]


@pytest.mark.mutant
@pytest.mark.pgbouncer
def test_control_the_stock_backend_behind_pgbouncer_reads_the_wrong_chain(
    many: list[ChainInfo], as_owner: str
) -> None:
    """Why the wrapper exists: django-tenants sets the path for the session, and the pooler swaps sessions."""
    from django_tenants.postgresql_backend.base import DatabaseWrapper as Stock

    def read(nth: int, url: str) -> int:
        wrong = 0
        wrapper = Stock(_settings(url, ENGINE="django_tenants.postgresql_backend"), "default")
        wrapper.disable_server_side_cursors = True
        try:
            for turn in range(150):
                chain = many[(nth + turn) % len(many)]
                wrapper.set_schema(chain.schema_name)
                try:
                    with wrapper.cursor() as cursor:
                        cursor.execute("SELECT name FROM stores_region LIMIT 1")
                        (name,) = cursor.fetchone() or ("",)
                except Exception:  # "relation does not exist" is no wrong read
                    wrapper.close()
                    continue
                wrong += not name.startswith(chain.schema_name)
        finally:
            wrapper.close()
        return wrong

    with pgbouncer.pooled(as_owner, servers=2) as url, ThreadPoolExecutor(8) as threads:
        wrong = sum(threads.map(lambda nth: read(nth, url), range(8)))
    record(21, control="stock django-tenants behind pgbouncer", wrong=wrong)
    assert wrong > 0


def test_no_thread_carries_a_scope_out() -> None:
    from chains.scope import current

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(current).result() == PLATFORM
