"""Bar 29, the half about migrations: many chains under load with the old code serving; killed half-way, resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from chains.hosts import ChainInfo
from chains.schemas.migrator import applied_migrations, migrate_schemas
from chains.schemas.owner import owner_connection
from chains.scope import chain_scope
from tenants.stores.models import Region
from tests.bars import record, size
from tests.ground.chains import make_chain
from tests.ground.plugin import ROOT
from tests.ground.workers import wait_until

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("committed")]
KEY = ("stores", "9001_two_columns")
STATEMENTS = [
    "ALTER TABLE stores_region ADD COLUMN first text NOT NULL DEFAULT ''",
    "ALTER TABLE stores_region ADD COLUMN second text NOT NULL DEFAULT ''",
    "CREATE INDEX stores_region_first ON stores_region (first)",
]
# In seconds. A machine that others use too stands still for a while now and then; the full form has one of its own.
SLOWEST = size(20, 2)
# A process of its own that migrates, says each schema as it is done and waits for the word to go on.
_SCRIPT = f"""
import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT)!r} + "/platform"]
import django; django.setup()
from django.utils import timezone
from chains.schemas.migrator import migrate_schemas
from chains.schemas.owner import owner_connection
def told(schema):
    print(schema, flush=True); sys.stdin.readline()
with owner_connection() as owner:
    migrate_schemas(owner, sys.argv[1:], now=timezone.now(), wanted=[{KEY!r}], written={{{KEY!r}: {STATEMENTS!r}}},
        after_each=told)
"""


@dataclass
class Load:
    """What the old code met while it went on serving."""

    requests: int = 0
    slowest: float = 0.0
    errors: list[str] = field(default_factory=list)


@pytest.fixture()
def chains(committed: None) -> list[ChainInfo]:
    made = [make_chain(f"many{number}") for number in range(size(8, 200))]
    for chain in made:
        with chain_scope(chain):
            Region.objects.create(name=chain.slug)
    return made


@contextmanager
def old_code_serving(chains: list[ChainInfo], threads: int = 3) -> Iterator[Load]:
    """Requests that read and write with the models as they were, until the end."""
    load, stop = Load(), threading.Event()

    def serve(nth: int) -> None:
        turn = nth
        while not stop.is_set():
            chain = chains[turn % len(chains)]
            turn += 1
            started = time.perf_counter()
            try:
                with chain_scope(chain):
                    Region.objects.create(name=f"{chain.slug} {turn}")
                    list(Region.objects.all()[:20])
            except Exception as error:
                load.errors.append(repr(error))
            finally:
                connection.close()
            load.requests += 1
            load.slowest = max(load.slowest, time.perf_counter() - started)
            time.sleep(0.002)

    running = [threading.Thread(target=serve, args=(nth,)) for nth in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield load
    finally:
        stop.set()
        for thread in running:
            thread.join(30)


def halves(chains: list[ChainInfo]) -> list[str]:
    """Schemas where some but not all of the migration stands, or where it stands and is not recorded."""
    found = []
    with owner_connection() as owner:
        for chain in chains:
            (columns,) = owner.execute(
                "SELECT count(*) FROM information_schema.columns WHERE table_schema = %s"
                " AND table_name = 'stores_region' AND column_name IN ('first', 'second')",
                (chain.schema_name,),
            ).fetchone() or (0,)
            recorded = KEY in applied_migrations(owner, chain.schema_name)
            if (columns, recorded) not in {(0, False), (2, True)}:
                found.append(f"{chain.slug}: {columns} of 2 columns, recorded: {recorded}")
    return found


def _migrate(chains: list[ChainInfo], **options: Any) -> Any:
    with owner_connection() as owner:
        return migrate_schemas(
            owner,
            [chain.schema_name for chain in chains],
            now=timezone.now(),
            wanted=[KEY],
            written={KEY: STATEMENTS},
            **options,
        )


def test_old_code_serves_on_while_every_chain_is_migrated(chains: list[ChainInfo]) -> None:
    with old_code_serving(chains) as load:
        report = _migrate(chains)
        assert wait_until(lambda: load.requests > len(chains), seconds=60)
    record(29, chains=len(chains), requests=load.requests, slowest_seconds=round(load.slowest, 3))
    assert load.errors == []
    assert report.failed == {}
    assert report.changed == {chain.schema_name for chain in chains}
    assert load.slowest <= SLOWEST
    assert halves(chains) == []


def test_a_long_transaction_makes_the_migration_give_way_not_the_requests(chains: list[ChainInfo]) -> None:
    """One chain's table is held for long: its requests never queue behind the migration for over 2 s."""
    held = chains[0]
    with owner_connection() as holder, holder.transaction():
        holder.execute(f"LOCK TABLE {held.schema_name}.stores_region IN ACCESS SHARE MODE")
        with old_code_serving([held], threads=2) as load:
            report = _migrate(chains[:2])
    assert load.errors == []
    assert load.slowest <= SLOWEST
    assert set(report.failed) == {held.schema_name}
    assert _migrate(chains[:2]).changed == {held.schema_name}


def test_killed_half_way_and_resumed_leaves_none_half_migrated(chains: list[ChainInfo]) -> None:
    schemas = [chain.schema_name for chain in chains]
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, *schemas],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert process.stdin is not None and process.stdout is not None
    for _ in range(len(chains) // 2):
        assert process.stdout.readline().strip() in schemas
        process.stdin.write("\n")
        process.stdin.flush()
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdin.close()
    process.stdout.close()
    with owner_connection() as owner:
        done = [schema for schema in schemas if KEY in applied_migrations(owner, schema)]
        # the server notices the dead client when it next reads from it
        deadline = time.monotonic() + 60
        asked = "SELECT pg_try_advisory_lock(hashtext('tessera.migrate_chains'))"
        while time.monotonic() < deadline and owner.execute(asked).fetchone() == (False,):
            time.sleep(0.05)
        owner.execute("SELECT pg_advisory_unlock_all()")
    assert len(chains) // 2 <= len(done) < len(chains)
    assert halves(chains) == []
    report = _migrate(chains)
    assert (report.failed, report.untouched) == ({}, set(done))
    assert halves(chains) == []


@pytest.mark.mutant
def test_mutant_without_one_transaction_a_schema_a_failure_leaves_halves(
    chains: list[ChainInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    from chains.schemas import migrator

    def loose(owner: Any, schema: str, key: object, statements: list[str], **_rest: object) -> None:
        owner.execute(f'SET search_path TO "{schema}", extensions')
        for statement in statements:
            owner.execute(statement)

    monkeypatch.setattr(migrator, "_apply", loose)
    with owner_connection() as owner:
        owner.execute(f"CREATE INDEX stores_region_first ON {chains[0].schema_name}.stores_region (id)")
    assert set(_migrate(chains[:1]).failed) == {chains[0].schema_name}
    assert halves(chains[:1]) != []
