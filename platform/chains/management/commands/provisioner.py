"""manage.py provisioner: turns verified sign-ups into chains, and keeps ready schemas in the pool.

The only process beside one-off commands that holds OWNER_DATABASE_URL. Listens on no port. The house
is kept in a second thread, so that a sign-up never waits for a schema that is built for the next.
"""

from __future__ import annotations

import signal
import threading
from datetime import timedelta
from typing import Any

import sentry_sdk
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections, connection
from django.utils import timezone

from chains.domain.pooling import keep_house
from chains.domain.provisioning import LEASE, run_once
from chains.schemas.owner import owner_connection

log = structlog.get_logger("provisioner")

POLL_SECONDS = 0.2
HOUSE_SECONDS = 2.0
AGAIN_SECONDS = 1.0


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT; stops between two steps, and gives its work back."""

    help = "Set up the chains of verified sign-ups and keep the pool of ready schemas full."

    def add_arguments(self, parser: CommandParser) -> None:
        """--once works off what waits; --lease-seconds is for tests."""
        parser.add_argument("--once", action="store_true", help="work off what waits, then stop")
        parser.add_argument("--lease-seconds", type=float, default=LEASE.total_seconds())

    def handle(self, *args: Any, **options: Any) -> None:
        """Poll for sign-ups five times a second; keep house beside it."""
        try:
            with owner_connection():
                pass
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        lease = timedelta(seconds=options["lease_seconds"])
        if options["once"]:
            while run_once(now=timezone.now(), lease_for=lease) or keep_house(now=timezone.now()):
                pass
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())
        house = threading.Thread(target=_keep_house_until, args=(stop,), name="house")
        house.start()
        self.stdout.write("provisioner is waiting for sign-ups")
        self.stdout.flush()
        _provision_until(stop, lease)
        house.join()


def _provision_until(stop: threading.Event, lease: timedelta) -> None:
    while not stop.is_set():
        try:
            if not run_once(now=timezone.now(), lease_for=lease, stopping=stop.is_set):
                stop.wait(POLL_SECONDS)
        except Exception:
            # the database may be away for a moment; the work is a row and waits
            log.exception("round_failed")
            sentry_sdk.capture_exception()
            close_old_connections()
            stop.wait(AGAIN_SECONDS)


def _keep_house_until(stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            if not keep_house(now=timezone.now()):
                stop.wait(HOUSE_SECONDS)
        except Exception:
            # the same, or the template of a new version is not built yet
            log.exception("house_not_kept")
            sentry_sdk.capture_exception()
            close_old_connections()
            stop.wait(AGAIN_SECONDS)
    connection.close()
