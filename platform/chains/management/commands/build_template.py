"""manage.py build_template: the SQL that makes a chain's schema, from a freshly migrated one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from psycopg import sql

from chains.models import new_schema_name
from chains.schemas.owner import owner_connection
from chains.schemas.stock import migrate_one
from chains.schemas.template import current_version, dump_statements, load_template, store_template


class Command(BaseCommand):
    """Needs OWNER_DATABASE_URL. Does nothing where this version's template stands."""

    help = "Build the template of a chain's schema, unless this version's stands already."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """--force builds it anew."""
        parser.add_argument("--force", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate a scratch schema, dump it, store the statements, drop it."""
        version = current_version()
        with owner_connection() as owner:
            if load_template(owner, version) is not None and not options["force"]:
                self.stdout.write(f"template {version} stands")
                return
            scratch = new_schema_name()
            owner.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(scratch)))
            try:
                migrate_one(scratch)
                store_template(owner, version, dump_statements(scratch))
            finally:
                owner.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(scratch)))
        self.stdout.write(f"template {version} built")
