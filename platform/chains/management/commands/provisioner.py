"""manage.py provisioner: turns verified sign-ups into chains, and keeps ready schemas in the pool.

The only process beside one-off commands that holds OWNER_DATABASE_URL. Listens on no port.
"""

from __future__ import annotations

import signal
import threading
import time
from datetime import timedelta
from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from chains.domain.pooling import keep_house
from chains.domain.provisioning import LEASE, run_once
from chains.schemas.owner import owner_connection

log = structlog.get_logger("provisioner")

POLL_SECONDS = 0.2
HOUSE_SECONDS = 2.0


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT; stops between two steps, and gives its work back."""

    help = "Set up the chains of verified sign-ups and keep the pool of ready schemas full."

    def add_arguments(self, parser: CommandParser) -> None:
        """--once works off what waits; --lease-seconds is for tests."""
        parser.add_argument("--once", action="store_true", help="work off what waits, then stop")
        parser.add_argument("--lease-seconds", type=float, default=LEASE.total_seconds())

    def handle(self, *args: Any, **options: Any) -> None:
        """Poll for sign-ups five times a second; keep house when none waits."""
        try:
            with owner_connection():
                pass
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())
        self.stdout.write("provisioner is waiting for sign-ups")
        self.stdout.flush()
        lease = timedelta(seconds=options["lease_seconds"])
        next_house = 0.0
        while not stop.is_set():
            try:
                worked = run_once(now=timezone.now(), lease_for=lease, stopping=stop.is_set)
                if not worked and time.monotonic() >= next_house:
                    worked = keep_house(now=timezone.now())
                    next_house = 0.0 if worked else time.monotonic() + HOUSE_SECONDS
            except Exception:
                # a database that is away, a template not built yet: it may be there in a moment
                log.exception("round_failed")
                close_old_connections()
                worked = False
                stop.wait(1.0)
            if not worked:
                if options["once"]:
                    return
                stop.wait(POLL_SECONDS)
