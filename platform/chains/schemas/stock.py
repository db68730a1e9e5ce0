"""Django's own migrate in one schema, with the owner's login: public, and the scratch schema of a template."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections


def stock_connection() -> Any:
    """django-tenants' own connection, which the owner's commands run on (DATABASE_LOGIN=owner)."""
    return connections["default"]


@contextmanager
def resolving_in(schema: str) -> Iterator[None]:
    """Unqualified names resolve in `schema` alone, at session level: for the owner's commands only."""
    connection = stock_connection()
    connection.set_schema(schema, include_public=False)
    try:
        yield
    finally:
        connection.set_schema_to_public()


def migrate_one(schema: str, *, verbosity: int = 0) -> None:
    """Run every migration that belongs into `schema`."""
    with resolving_in(schema):
        DjangoMigrate().execute(
            app_label=None,
            migration_name=None,
            database="default",
            interactive=False,
            fake=False,
            fake_initial=False,
            plan=False,
            run_syncdb=False,
            check_unapplied=False,
            prune=False,
            verbosity=verbosity,
            skip_checks=True,
            force_color=False,
            no_color=True,
        )
