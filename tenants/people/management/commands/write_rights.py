"""Write docs/rights.md from the table of rights, or say whether it is current."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.people.domain.rights_page import rights_page

FILE = Path(__file__).resolve().parents[4] / "docs" / "rights.md"


class Command(BaseCommand):
    """`manage.py write_rights [--check]`"""

    help = "Writes docs/rights.md from tenants/people/domain/rights.py."

    def add_arguments(self, parser: CommandParser) -> None:
        """--check writes nothing."""
        parser.add_argument("--check", action="store_true", help="only compare; fail if it differs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or compare."""
        if not options["check"]:
            FILE.parent.mkdir(exist_ok=True)
            FILE.write_text(rights_page())
        elif not FILE.exists() or FILE.read_text() != rights_page():
            raise CommandError("docs/rights.md is not current: run manage.py write_rights")
