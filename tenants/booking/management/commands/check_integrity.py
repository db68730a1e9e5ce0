"""`check_integrity`: are claims, counters, transitions, the outbox and the index of names what they must be?"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chains.models import Chain, ChainState
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.integrity import check_bookings, check_names


class Command(BaseCommand):
    """Checks one chain by slug or schema, or all of them; exits with 1 if a promise is broken."""

    help = "Check that claims, pools, transitions and the outbox of chains are what they must be."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The chains."""
        parser.add_argument("chains", nargs="*", help="slugs or schema names; all chains unless told")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and tell."""
        broken = 0
        for chain in self._chains(options["chains"]):
            with chain_scope(chain):
                breaches = [*check_bookings(), *check_names()]
            broken += len(breaches)
            if not breaches:
                self.stdout.write(f"{chain.slug}: all is well")
            for breach in breaches:
                self.stdout.write(f"{chain.slug}: NOT TRUE: {breach.promise}: {', '.join(breach.ids)}")
        if broken:
            raise CommandError(f"{broken} promises are broken")

    def _chains(self, wanted: list[str]) -> list[Chain]:
        with platform_scope():
            standing = Chain.objects.exclude(state__in=[ChainState.CLOSED, ChainState.PROVISIONING])
            found = list(standing.order_by("slug"))
        if not wanted:
            return found
        named = [chain for chain in found if chain.slug in wanted or chain.schema_name in wanted]
        missing = set(wanted) - {chain.slug for chain in named} - {chain.schema_name for chain in named}
        if missing:
            raise CommandError(f"no such chain: {', '.join(sorted(missing))}")
        return named
