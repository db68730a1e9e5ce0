"""manage.py seed_demo: the demo's chains, once. Needs the owner's login to make their schemas."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from web.dev.seeding.demo import seed_demo


class Command(BaseCommand):
    """Does nothing where the demo stands."""

    help = "Seed the demo: chains of every vertical, people of every role, 90 days of bookings."

    def add_arguments(self, parser: CommandParser) -> None:
        """--seed chooses another world."""
        parser.add_argument("--seed", type=int, default=7)

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed and tell."""
        seed_demo(now=timezone.now(), seed=options["seed"], tell=self.stdout.write)
