"""A chain that serves while it is brought to tokens, or back: nothing is remembered before every change is told."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.db.migrations import RunSQL

from chains.schemas.migrator import migrate_schemas
from chains.schemas.owner import owner_connection
from chains.scope import chain_scope
from tests.booking.test_set_up import EDITS, afresh, read, token, watched
from tests.ground.cast import NOW, Cast
from tests.ground.sweep import superuser

SET_UP, CHANGES = ("stores", "0004_set_up"), ("booking", "0053_set_up_changes")


def _sql_of(app: str, name: str) -> list[str]:
    """The statements that the migration itself writes down."""
    operations = import_module(f"tenants.{app}.migrations.{name}").Migration.operations
    return [one.sql for one in operations if isinstance(one, RunSQL)]


WRITTEN = {
    SET_UP: ["CREATE TABLE stores_setup (token uuid PRIMARY KEY)", *_sql_of(*SET_UP)],
    CHANGES: _sql_of(*CHANGES),
}


def bring(cast: Cast, key: tuple[str, str]) -> None:
    """Run that migration in alpha's schema."""
    schema = cast.alpha.info.schema_name
    with owner_connection() as owner:
        report = migrate_schemas(owner, [schema], now=NOW, wanted=[key], written=WRITTEN)
    assert report.failed == {}


@pytest.fixture()
def behind(cast: Cast) -> Iterator[Cast]:
    """Alpha as it was before both migrations; it has them again afterwards."""
    schema, database = cast.alpha.info.schema_name, superuser()
    for table in watched(cast):
        database.execute(f"DROP TRIGGER renew_set_up ON {schema}.{table}".encode())
    database.execute(f"DROP TABLE {schema}.stores_setup".encode())
    for app, name in (SET_UP, CHANGES):
        database.execute(
            f"DELETE FROM {schema}.django_migrations WHERE app = %s AND name = %s".encode(), (app, name)
        )
    yield cast
    for key in WRITTEN:
        bring(cast, key)


def test_a_change_between_the_two_migrations_is_seen(behind: Cast) -> None:
    bring(behind, SET_UP)
    with chain_scope(behind.alpha.info):
        before = read(behind)
        assert token() is None
    with chain_scope(behind.alpha.info):
        EDITS["closed"](behind)
    bring(behind, CHANGES)
    with chain_scope(behind.alpha.info):
        assert before != afresh(behind)
        assert read(behind) == afresh(behind)
