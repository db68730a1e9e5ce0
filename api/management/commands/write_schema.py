"""Write the committed OpenAPI documents, or say whether they are current."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from api.schema import CHAIN, PLATFORM, schema_yaml

FOLDER = Path(__file__).resolve().parents[2]
FILES = {CHAIN: FOLDER / "openapi.yaml", PLATFORM: FOLDER / "openapi-platform.yaml"}


class Command(BaseCommand):
    """`manage.py write_schema [--check]`"""

    help = "Writes api/openapi.yaml and api/openapi-platform.yaml from the routes."

    def add_arguments(self, parser: CommandParser) -> None:
        """--check writes nothing."""
        parser.add_argument("--check", action="store_true", help="only compare; fail if they differ")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or compare."""
        for urlconf, file in FILES.items():
            wanted = schema_yaml(urlconf)
            if options["check"]:
                if not file.exists() or file.read_bytes() != wanted:
                    raise CommandError(f"{file.name} is not current: run manage.py write_schema")
            else:
                file.write_bytes(wanted)
