"""Connections with the owner's login: only the provisioner and one-off commands have its address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from psycopg import sql
from psycopg.rows import TupleRow

OwnerConnection = psycopg.Connection[TupleRow]


@contextmanager
def owner_connection() -> Iterator[OwnerConnection]:
    """An autocommit connection as the owner. Raises ImproperlyConfigured where its address is not known."""
    if settings.OWNER_DATABASE_URL is None:
        raise ImproperlyConfigured(
            "OWNER_DATABASE_URL is not set: this process may not make or change schemas"
        )
    with psycopg.connect(settings.OWNER_DATABASE_URL, autocommit=True) as connection:
        yield connection


def application_login() -> str:
    """The login that web and workers use, to which the chains' roles are granted."""
    return str(psycopg.conninfo.conninfo_to_dict(settings.ENV.database_url.get_secret_value())["user"])


def ensure_role(connection: OwnerConnection, name: str) -> None:
    """A role without login that the application may take on and never inherits from. Idempotent."""
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
    connection.execute(
        sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
            sql.Identifier(name), sql.Identifier(application_login())
        )
    )


def ensure_group(connection: OwnerConnection, name: str) -> None:
    """A role that only other roles inherit from; the application can never take it on. Idempotent."""
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))


def drop_role(connection: OwnerConnection, name: str) -> None:
    """Take away what the role holds here, then the role. Idempotent."""
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
        return
    identifier = sql.Identifier(name)
    # the owner must be a member to drop what the role owns; it holds ADMIN on every role it made
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER WITH INHERIT TRUE").format(identifier))
    connection.execute(sql.SQL("DROP OWNED BY {}").format(identifier))
    connection.execute(sql.SQL("DROP ROLE {}").format(identifier))
