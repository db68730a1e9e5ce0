"""Ready schemas: built ahead, claimed once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from chains.domain import pooling
from chains.models import Chain, ChainState, PooledSchema, new_schema_name
from chains.schemas import pool
from chains.schemas.owner import OwnerConnection, owner_connection
from chains.schemas.pool import (
    NoTemplate,
    build_schema,
    claim_schema,
    drain_pool,
    drop_failed,
    drop_pooled,
    drop_schema,
    fill_pool,
)
from chains.schemas.template import current_version
from chains.scope import platform_scope, role_of

pytestmark = pytest.mark.usefixtures("committed")


def _claim(_nth: int) -> str | None:
    try:
        with platform_scope():
            return claim_schema()
    finally:
        connection.close()


def test_filling_builds_only_what_is_missing() -> None:
    with owner_connection() as owner:
        assert fill_pool(owner, 2) == 2
        assert fill_pool(owner, 3, at_most=5) == 1
        assert fill_pool(owner, 2) == 0


@pytest.mark.race
def test_parallel_claims_take_distinct_schemas_and_then_none() -> None:
    with owner_connection() as owner:
        fill_pool(owner, 4)
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(_claim, range(8)))
    claimed = [schema for schema in taken if schema is not None]
    assert (len(claimed), len(set(claimed)), taken.count(None)) == (4, 4, 4)
    assert PooledSchema.objects.count() == 0
    with owner_connection() as owner:
        for schema in claimed:
            drop_schema(owner, schema)


@pytest.mark.race
@pytest.mark.mutant
def test_control_without_the_lock_one_schema_is_claimed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the lock is for: read and delete as two steps, and two claimers get the same schema."""
    from threading import Barrier

    both = Barrier(2)

    def read_then_delete(_nth: int) -> str | None:
        try:
            with platform_scope():
                first = PooledSchema.objects.order_by("created_at").first()
                both.wait(10)
                PooledSchema.objects.filter(schema=first.schema if first else "").delete()
                return first.schema if first else None
        finally:
            connection.close()

    with owner_connection() as owner:
        fill_pool(owner, 2)
    with ThreadPoolExecutor(2) as threads:
        taken = list(threads.map(read_then_delete, range(2)))
    assert taken[0] == taken[1]
    with owner_connection() as owner:
        drop_schema(owner, str(taken[0]))


def test_a_claim_rolled_back_leaves_the_schema_in_the_pool() -> None:
    with owner_connection() as owner:
        fill_pool(owner, 1)
    with pytest.raises(ZeroDivisionError), platform_scope():
        assert claim_schema() is not None
        raise ZeroDivisionError
    assert PooledSchema.objects.count() == 1


def test_schemas_of_another_version_are_not_claimed() -> None:
    with owner_connection() as owner:
        fill_pool(owner, 1)
    PooledSchema.objects.update(version="older")
    assert _claim(0) is None


def test_without_a_template_nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "current_version", lambda: "never built")
    schema = new_schema_name()
    with owner_connection() as owner:
        with pytest.raises(NoTemplate):
            build_schema(owner, schema)
        rows = owner.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s UNION SELECT 1 FROM pg_namespace WHERE nspname = %s",
            (role_of(schema), schema),
        ).fetchall()
    assert rows == []


def test_dropping_leaves_neither_schema_nor_role_and_may_be_repeated() -> None:
    with owner_connection() as owner:
        fill_pool(owner, 1)
        (schema,) = owner.execute("SELECT schema FROM public.chains_pooledschema").fetchone() or ("",)
        drop_schema(owner, schema)
        drop_schema(owner, schema)
        rows = owner.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s UNION SELECT 1 FROM pg_namespace WHERE nspname = %s",
            (role_of(schema), schema),
        ).fetchall()
    assert rows == []
    assert PooledSchema.objects.count() == 0


@pytest.mark.race
def test_two_builders_at_once_do_not_hinder_each_other() -> None:
    def build(_nth: int) -> int:
        with owner_connection() as owner:
            built = 0
            for _ in range(3):
                build_schema(owner, new_schema_name())
                built += 1
            return built

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(build, range(2))) == [3, 3]
    assert PooledSchema.objects.count() == 6


def _stale_schema() -> PooledSchema:
    """A ready schema of another version, as a roll-out leaves them."""
    with owner_connection() as owner:
        fill_pool(owner, 1)
    PooledSchema.objects.update(version="older")
    return PooledSchema.objects.get()


def _stands(schema: str) -> bool:
    with owner_connection() as owner:
        rows = owner.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s UNION ALL"
            " SELECT 1 FROM pg_namespace WHERE nspname = %s",
            (role_of(schema), schema),
        ).fetchall()
    return len(rows) == 2


def _claim_between(
    monkeypatch: pytest.MonkeyPatch, drop: Callable[[OwnerConnection, str, str], bool]
) -> PooledSchema:
    """Housekeeping in which a provisioner of the older version claims what was just listed as stale."""
    stale = _stale_schema()

    def claimed_first(owner: OwnerConnection, schema: str, *, keep: str) -> bool:
        monkeypatch.setattr(pool, "current_version", lambda: "older")
        assert _claim(0) == schema
        return drop(owner, schema, keep)

    monkeypatch.setattr(pooling, "drop_pooled", claimed_first)
    pooling.drop_remains(now=stale.created_at + timedelta(hours=1))
    return stale


@pytest.mark.race
def test_a_schema_claimed_after_it_was_listed_as_stale_is_not_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = drop_pooled
    stale = _claim_between(monkeypatch, lambda owner, schema, keep: real(owner, schema, keep=keep))
    assert _stands(stale.schema)
    with owner_connection() as owner:
        drop_schema(owner, stale.schema)


@pytest.mark.race
@pytest.mark.mutant
def test_control_without_the_look_at_the_pool_a_claimed_schema_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def drop_unseen(owner: OwnerConnection, schema: str, _keep: str) -> bool:
        drop_schema(owner, schema)
        return True

    assert not _stands(_claim_between(monkeypatch, drop_unseen).schema)


@pytest.mark.race
def test_a_schema_that_is_being_claimed_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    stale = _stale_schema()
    monkeypatch.setattr(pool, "current_version", lambda: "older")

    def drop() -> bool:
        with owner_connection() as owner:
            return drop_pooled(owner, stale.schema, keep="newer")

    with ThreadPoolExecutor(1) as thread, platform_scope():
        assert claim_schema() == stale.schema
        assert thread.submit(drop).result() is False
    assert _stands(stale.schema)
    with owner_connection() as owner:
        drop_schema(owner, stale.schema)


def test_a_schema_brought_up_to_date_after_it_was_listed_stays_in_the_pool() -> None:
    stale = _stale_schema()
    PooledSchema.objects.update(version=current_version())
    with owner_connection() as owner:
        assert drop_pooled(owner, stale.schema, keep=current_version()) is False
    assert _stands(stale.schema)
    assert PooledSchema.objects.count() == 1


def test_draining_takes_the_stale_ones_or_all() -> None:
    stale = _stale_schema()
    with owner_connection() as owner:
        fill_pool(owner, 1)
        assert [drain_pool(owner, stale_only=True), drain_pool(owner, stale_only=True)] == [1, 0]
        assert not _stands(stale.schema)
        assert drain_pool(owner) == 1
    assert PooledSchema.objects.count() == 0


def test_only_a_chain_closed_before_it_opened_loses_its_schema() -> None:
    with owner_connection() as owner:
        fill_pool(owner, 1)
    schema = str(_claim(0))
    with platform_scope():
        Chain.objects.create(slug="qibai", name="Qibai", schema_name=schema, state=ChainState.TRIAL)
    with owner_connection() as owner:
        assert drop_failed(owner, schema) is False
        assert _stands(schema)
        Chain.objects.filter(schema_name=schema).update(state=ChainState.CLOSED)
        assert [drop_failed(owner, schema), drop_failed(owner, schema)] == [True, True]
    assert not _stands(schema)
