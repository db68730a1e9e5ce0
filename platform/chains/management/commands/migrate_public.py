"""manage.py migrate_public: the public schema's tables, its role and its rights."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from chains.schemas.grants import platform_grants
from chains.schemas.owner import ensure_role, owner_connection
from chains.schemas.stock import migrate_one
from chains.scope import PUBLIC, role_of


class Command(BaseCommand):
    """Needs OWNER_DATABASE_URL. Idempotent."""

    help = "Migrate the public schema and give the platform's role its rights."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, then grant."""
        migrate_one(PUBLIC, verbosity=max(0, options["verbosity"] - 1))
        with owner_connection() as owner:
            # two starts at once must not make the same role twice
            owner.execute("SELECT pg_advisory_lock(hashtext('tessera.platform_role'))")
            ensure_role(owner, role_of(PUBLIC))
            with owner.transaction():
                for grant in platform_grants():
                    owner.execute(grant)
        self.stdout.write("public schema is up to date")
