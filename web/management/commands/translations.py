"""manage.py translations: compile the Chinese catalogue, or check that it is complete."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from web.translations import check_catalogue, compile_catalogue


class Command(BaseCommand):
    """Without --check, compiles; with it, fails on anything missing."""

    help = "Compile the zh-Hans catalogue from web/locale/parts, or check it with --check."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """--check compares with the sources."""
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """One or the other."""
        if not options["check"]:
            self.stdout.write(f"compiled {compile_catalogue()}")
            return
        findings = check_catalogue()
        for line in findings.unused:
            self.stdout.write(f"unused: {line}")
        if findings.faults:
            raise CommandError("\n".join(findings.faults))
        self.stdout.write("every text is translated")
