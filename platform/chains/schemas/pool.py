"""Ready schemas: made by the owner ahead of time, claimed by the platform's role in milliseconds."""

from __future__ import annotations

from django.db import connection as application
from psycopg import sql
from psycopg.errors import LockNotAvailable

from chains.models import new_schema_name
from chains.schemas.grants import chain_grants
from chains.schemas.owner import OwnerConnection, drop_role, ensure_role
from chains.schemas.template import current_version, fill_schema, load_template
from chains.scope import role_of


class NoTemplate(RuntimeError):
    """The template of this code's migrations was not built: run `manage.py build_template`."""


def build_schema(connection: OwnerConnection, schema: str, *, pooled: bool = True) -> None:
    """Make role and schema from the template, in one transaction; registers it as ready if `pooled`.

    Raises NoTemplate where this version's template is missing.
    """
    version = current_version()
    statements = load_template(connection, version)
    if statements is None:
        raise NoTemplate(f"no template of version {version}: run `manage.py build_template`")
    with connection.transaction():
        ensure_role(connection, role_of(schema))
        fill_schema(connection, schema, statements)
        for grant in chain_grants(schema):
            connection.execute(grant)
        if pooled:
            connection.execute(
                "INSERT INTO public.chains_pooledschema (schema, version, created_at) VALUES (%s, %s, now())",
                (schema, version),
            )


def fill_pool(connection: OwnerConnection, target: int, *, at_most: int = 1_000) -> int:
    """Build schemas until `target` ready ones of this version stand; how many were built."""
    (ready,) = connection.execute(
        "SELECT count(*) FROM public.chains_pooledschema WHERE version = %s", (current_version(),)
    ).fetchone() or (0,)
    built = 0
    while ready + built < target and built < at_most:
        build_schema(connection, new_schema_name())
        built += 1
    return built


def claim_schema() -> str | None:
    """Take a ready schema of this version out of the pool, in the caller's transaction; None if empty."""
    with application.cursor() as cursor:
        cursor.execute(
            "DELETE FROM chains_pooledschema WHERE schema = ("
            " SELECT schema FROM chains_pooledschema WHERE version = %s"
            " ORDER BY created_at FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING schema",
            (current_version(),),
        )
        row = cursor.fetchone()
    return row[0] if row else None


def pool_levels(connection: OwnerConnection) -> dict[str, int]:
    """How many schemas stand ready, by version."""
    rows = connection.execute("SELECT version, count(*) FROM public.chains_pooledschema GROUP BY version")
    return {row[0]: row[1] for row in rows.fetchall()}


def drain_pool(connection: OwnerConnection, *, stale_only: bool = False) -> int:
    """Drop the ready schemas, or those of another version than this code's; how many went."""
    keep = current_version() if stale_only else ""
    rows = connection.execute(
        "SELECT schema FROM public.chains_pooledschema WHERE version <> %s ORDER BY created_at", (keep,)
    ).fetchall()
    return sum(drop_pooled(connection, schema, keep=keep) for (schema,) in rows)


def drop_pooled(connection: OwnerConnection, schema: str, *, keep: str) -> bool:
    """Drop a ready schema with its role, unless it is of version `keep` or no longer ready; whether it went.

    Taking the row out of the pool and dropping are one transaction: who got the row, has the schema. One
    that a sign-up or a migration is busy with stays; it is not waited for.
    """
    try:
        with connection.transaction():
            # shorter than the server's deadlock time-out: a migration in the way never loses to this
            connection.execute("SET LOCAL lock_timeout = '500ms'")
            row = connection.execute(
                "DELETE FROM public.chains_pooledschema WHERE schema = %s AND version <> %s RETURNING schema",
                (schema, keep),
            ).fetchone()
            if row is not None:
                _drop(connection, schema)
    except LockNotAvailable:
        return False
    return row is not None


def drop_failed(connection: OwnerConnection, schema: str) -> bool:
    """Drop schema and role of a chain that was closed before it opened; whether it was so. Idempotent.

    The chain's row is locked meanwhile, so that nobody can bring it back in between.
    """
    with connection.transaction():
        row = connection.execute(
            "SELECT 1 FROM public.chains_chain"
            " WHERE schema_name = %s AND state = 'closed' AND opened_at IS NULL FOR UPDATE",
            (schema,),
        ).fetchone()
        if row is not None:
            _drop(connection, schema)
    return row is not None


def drop_schema(connection: OwnerConnection, schema: str) -> None:
    """Remove a schema with all its rows, its role, and its place in the pool, whoever has it. Idempotent."""
    with connection.transaction():
        connection.execute("DELETE FROM public.chains_pooledschema WHERE schema = %s", (schema,))
        _drop(connection, schema)


def _drop(connection: OwnerConnection, schema: str) -> None:
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
    drop_role(connection, role_of(schema))
