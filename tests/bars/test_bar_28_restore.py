"""Bar 28: one chain is damaged and restored: byte-equal, the others untouched and serving; erased, no row is left."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from psycopg import sql

from chains.hosts import ChainInfo
from chains.models import Chain, ChainState, DueWork, SchemaMigration
from chains.schemas.archive import dump_schema, erase_chain, restore_schema
from chains.schemas.owner import owner_connection
from chains.schemas.programs import run_program
from chains.scope import chain_scope, role_of
from tenants.stores.models import Region
from tests.bars import record, size
from tests.ground.chains import make_chain

pytestmark = pytest.mark.usefixtures("committed")


def _fingerprint(schema: str) -> str:
    """The hash of a schema's plain dump, rights included."""
    script = run_program("pg_dump", f"--schema={schema}").decode()
    lines = [line for line in script.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@pytest.fixture()
def chains(committed: None) -> list[ChainInfo]:
    made = [make_chain(f"kept{number}") for number in range(size(3, 20))]
    for chain in made:
        with chain_scope(chain):
            Region.objects.bulk_create(Region(name=f"{chain.slug} {number}") for number in range(200))
    return made


@contextmanager
def serving(chains: list[ChainInfo]) -> Iterator[list[str]]:
    """Requests on these chains until the end; what went wrong in them."""
    stop, complaints = threading.Event(), []

    def serve() -> None:
        turns = 0
        try:
            while not stop.wait(0.005) or turns < len(chains):
                chain = chains[turns % len(chains)]
                turns += 1
                with chain_scope(chain):
                    found = Region.objects.filter(name__startswith=chain.slug).count()
                connection.close()
                if found != 200:
                    complaints.append(f"{chain.slug}: {found} rows")
        except Exception as error:
            complaints.append(repr(error))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield complaints
    finally:
        stop.set()
        thread.join(30)


def _damage(schema: str) -> None:
    with owner_connection() as owner:
        name = sql.Identifier(schema)
        owner.execute(sql.SQL("DELETE FROM {}.stores_region WHERE name LIKE '%7'").format(name))
        owner.execute(sql.SQL("ALTER TABLE {}.stores_region DROP COLUMN name").format(name))
        owner.execute(sql.SQL("DROP TABLE {}.booking_booking CASCADE").format(name))


def test_damaged_chain_comes_back_byte_for_byte_and_no_other_is_touched(
    chains: list[ChainInfo], tmp_path: Path
) -> None:
    hurt, *others = chains
    before = {chain.slug: _fingerprint(chain.schema_name) for chain in chains}
    file = tmp_path / "hurt.dump"
    with serving(others) as complaints:
        dump_schema(hurt.schema_name, file)
        _damage(hurt.schema_name)
        assert _fingerprint(hurt.schema_name) != before[hurt.slug]
        with owner_connection() as owner:
            restore_schema(owner, hurt.schema_name, file)
    after = {chain.slug: _fingerprint(chain.schema_name) for chain in chains}
    record(28, chains=len(chains), bytes=file.stat().st_size)
    assert (after, complaints) == (before, [])
    with chain_scope(hurt):
        assert Region.objects.filter(name__startswith=hurt.slug).count() == 200


def test_erased_chain_leaves_no_row_and_no_role(chains: list[ChainInfo]) -> None:
    gone, *others = chains
    before = {chain.slug: _fingerprint(chain.schema_name) for chain in others}
    Chain.objects.filter(id=gone.id).update(state=ChainState.CLOSED)
    DueWork.objects.create(schema=gone.schema_name, kind="x", due_at="2026-01-01T00:00Z")
    with serving(others) as complaints, owner_connection() as owner:
        erase_chain(owner, gone.schema_name)
        erase_chain(owner, gone.schema_name)
    assert complaints == []
    assert rows_about(gone) == []
    assert {chain.slug: _fingerprint(chain.schema_name) for chain in others} == before
    assert SchemaMigration.objects.filter(schema=gone.schema_name).count() == 0


def rows_about(chain: ChainInfo) -> list[str]:
    """Every public table, role or schema where the chain's id, schema or slug still stands."""
    found = []
    with owner_connection() as owner:
        tables = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            count = owner.execute(
                sql.SQL("SELECT count(*) FROM public.{0} WHERE {0}::text LIKE ANY(%s)").format(
                    sql.Identifier(table)
                ),
                ([f"%{chain.schema_name}%", f"%{chain.id}%", f"%{chain.slug}.tessera.test%"],),
            ).fetchone()
            found += [table] * (count[0] if count else 0)
        names = owner.execute(
            "SELECT rolname::text FROM pg_roles WHERE rolname = %s UNION ALL"
            " SELECT nspname::text FROM pg_namespace WHERE nspname = %s",
            (role_of(chain.schema_name), chain.schema_name),
        ).fetchall()
    return found + [row[0] for row in names]


@pytest.mark.mutant
def test_mutant_an_erasure_that_forgets_due_work_is_noticed(chains: list[ChainInfo]) -> None:
    gone = chains[0]
    DueWork.objects.create(schema=gone.schema_name, kind="x", due_at="2026-01-01T00:00Z")
    with owner_connection() as owner:
        erase_chain(owner, gone.schema_name)
    DueWork.objects.create(schema=gone.schema_name, kind="x", due_at="2026-01-01T00:00Z")
    assert rows_about(gone) == ["chains_duework"]


@pytest.mark.mutant
def test_mutant_a_restore_without_the_grants_is_noticed(
    chains: list[ChainInfo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chains.schemas import archive

    hurt = chains[0]
    before = _fingerprint(hurt.schema_name)
    dump_schema(hurt.schema_name, tmp_path / "hurt.dump")
    monkeypatch.setattr(archive, "chain_grants", lambda schema: iter(()))
    with owner_connection() as owner:
        restore_schema(owner, hurt.schema_name, tmp_path / "hurt.dump")
    assert _fingerprint(hurt.schema_name) != before
