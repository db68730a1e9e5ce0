"""manage.py migrate_public: the public schema's tables, its roles and their rights."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from chains.schemas.owner import owner_connection
from chains.schemas.public import secure_public
from chains.schemas.stock import migrate_one
from chains.scope import PUBLIC


class Command(BaseCommand):
    """Needs OWNER_DATABASE_URL. Idempotent."""

    help = "Migrate the public schema and give the platform's role its rights."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, then grant."""
        migrate_one(PUBLIC, verbosity=max(0, options["verbosity"] - 1))
        with owner_connection() as owner:
            secure_public(owner)
        self.stdout.write("public schema is up to date")
