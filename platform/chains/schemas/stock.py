"""Django's own migrate in one schema, with the owner's login: public, and the scratch schema of a template."""

from __future__ import annotations

from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connection


def migrate_one(schema: str, *, verbosity: int = 0) -> None:
    """Run every migration that belongs into `schema`, unqualified names resolving there alone."""
    connection.set_schema(schema, include_public=False)
    try:
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
    finally:
        connection.set_schema_to_public()
