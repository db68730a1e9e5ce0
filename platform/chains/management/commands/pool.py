"""manage.py pool: the ready schemas that sign-ups take from."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chains.schemas.owner import owner_connection
from chains.schemas.pool import NoTemplate, drain_pool, fill_pool, pool_levels
from chains.schemas.template import current_version


class Command(BaseCommand):
    """Needs OWNER_DATABASE_URL. The provisioner keeps the pool by itself; this is for operators."""

    help = "Show, fill or drain the pool of ready schemas."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """show, fill [--to N], drain [--stale]."""
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("show", help="how many schemas stand ready, by version")
        fill = acts.add_parser("fill", help="build until so many of this version are ready")
        fill.add_argument("--to", type=int, default=settings.POOL_TARGET)
        drain = acts.add_parser("drain", help="drop the ready schemas")
        drain.add_argument("--stale", action="store_true", help="only those of another version")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say what stands."""
        with owner_connection() as owner:
            try:
                if options["act"] == "fill":
                    self.stdout.write(f"{fill_pool(owner, options['to'])} built")
                elif options["act"] == "drain":
                    self.stdout.write(f"{drain_pool(owner, stale_only=options['stale'])} dropped")
            except NoTemplate as error:
                raise CommandError(str(error)) from error
            levels = pool_levels(owner)
        for version, ready in sorted(levels.items()):
            note = "this version" if version == current_version() else "another version"
            self.stdout.write(f"{version}  {ready} ready  ({note})")
        if not levels:
            self.stdout.write("the pool is empty")
