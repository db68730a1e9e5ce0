"""manage.py migrate_chains: bring every chain's schema, and every ready one, to this code's migrations."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from chains.schemas.migrator import (
    MigrationRunning,
    NotWritableAsSql,
    all_schemas,
    applied_in_each,
    migrate_schemas,
)
from chains.schemas.owner import OwnerConnection, owner_connection
from chains.schemas.template import chain_migrations

# Schemas that the provisioner makes meanwhile are taken in another round.
ROUNDS = 5


class Command(BaseCommand):
    """Needs OWNER_DATABASE_URL. Run it again after a failure or a kill: what is done is not done twice."""

    help = "Migrate every chain's schema, in batches; resumable; ends with an error when some schema failed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What to migrate and how patiently."""
        parser.add_argument("--schema", action="append", help="only this schema (a canary); may be repeated")
        parser.add_argument("--lock-timeout", type=float, default=1.0, metavar="SECONDS")
        parser.add_argument("--plan", action="store_true", help="only say which migrations are missing where")

    def handle(self, *args: Any, **options: Any) -> None:
        """Round after round until no schema is left."""
        with owner_connection() as owner:
            if options["plan"]:
                self._plan(owner, options["schema"] or all_schemas(owner))
                return
            try:
                failed = self._migrate(owner, options)
            except (MigrationRunning, NotWritableAsSql) as error:
                raise CommandError(str(error)) from error
        if failed:
            for schema, sentence in sorted(failed.items()):
                self.stderr.write(f"{schema}: {sentence}")
            raise CommandError(
                f"{len(failed)} schemas failed; correct the cause and run migrate_chains again"
            )

    def _plan(self, owner: OwnerConnection, schemas: list[str]) -> None:
        for schema, have in applied_in_each(owner, schemas).items():
            missing = [f"{app}.{name}" for app, name in chain_migrations() if (app, name) not in have]
            self.stdout.write(f"{schema}: {', '.join(missing) or 'up to date'}")

    def _migrate(self, owner: OwnerConnection, options: dict[str, Any]) -> dict[str, str]:
        started = time.monotonic()
        seen: set[str] = set()
        failed: dict[str, str] = {}
        changed = 0
        for _round in range(ROUNDS):
            schemas = [schema for schema in options["schema"] or all_schemas(owner) if schema not in seen]
            if not schemas:
                break
            seen.update(schemas)
            report = migrate_schemas(
                owner,
                schemas,
                now=timezone.now(),
                lock_timeout_ms=int(options["lock_timeout"] * 1000),
                after_each=_Progress(self, len(schemas)),
            )
            failed.update(report.failed)
            changed += len(report.changed)
        self.stdout.write(
            f"{len(seen)} schemas, {changed} changed, {len(failed)} failed, {time.monotonic() - started:.1f} s"
        )
        return failed


class _Progress:
    """A line a second at most."""

    def __init__(self, command: Command, of: int) -> None:
        self._command, self._of = command, of
        self._steps = 0
        self._told = time.monotonic()

    def __call__(self, schema: str) -> None:
        self._steps += 1
        if time.monotonic() - self._told >= 1:
            self._told = time.monotonic()
            self._command.stdout.write(f"{self._steps} steps over {self._of} schemas, at {schema}")
            self._command.stdout.flush()
