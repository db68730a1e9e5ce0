"""manage.py upgrade: public schema, template and chains brought to this code's version, in one process."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Needs OWNER_DATABASE_URL. Idempotent, and quick where nothing is new."""

    help = "Migrate the public schema, build the template, migrate the chains."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """The three, in their order."""
        for command in ("migrate_public", "build_template", "migrate_chains"):
            call_command(command, verbosity=options["verbosity"], stdout=self.stdout, stderr=self.stderr)
