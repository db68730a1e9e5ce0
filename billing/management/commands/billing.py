"""Billing from the command line: what differs, what waits, replay."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing.domain.events import replay_event
from billing.domain.reconciliation import catch_up, reconcile
from billing.models import Customer, EventState, Intent, IntentState, StripeEvent
from chains.domain.operators import COMMAND_LINE
from chains.refusals import Refusal
from chains.scope import platform_scope


class Command(BaseCommand):
    """`manage.py billing reconcile | catch-up | status | replay EVENT…`."""

    help = "Compare with the payment provider, take in lost events, show what waits, replay events."

    def add_arguments(self, parser: CommandParser) -> None:
        """One word says what to do; ids of events follow `replay`."""
        parser.add_argument("what", choices=["reconcile", "catch-up", "status", "replay"])
        parser.add_argument("events", nargs="*", help="ids of events, for replay")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was found."""
        now = timezone.now()
        try:
            match options["what"]:
                case "reconcile":
                    findings = reconcile(now=now)
                    for one in findings:
                        chain = one.chain_id or "unknown chain"
                        self.stdout.write(
                            f"{one.subject} ({chain}) {one.field}: ours {one.ours or '-'}, theirs {one.theirs or '-'}"
                        )
                    self.stdout.write(f"{len(findings)} differences")
                case "catch-up":
                    self.stdout.write(f"{catch_up(now=now)} events taken in")
                case "status":
                    self._show_status()
                case "replay":
                    for event_id in options["events"]:
                        event = replay_event(event_id, by=COMMAND_LINE, now=now)
                        self.stdout.write(f"{event.id} {event.kind}: {event.state}")
        except Refusal as refusal:
            raise CommandError(refusal.sentence()) from refusal

    def _show_status(self) -> None:
        with platform_scope():
            waiting = Customer.objects.filter(due_at__isnull=False).count()
            intents = Intent.objects.filter(state=IntentState.OPEN, persists=True).count()
            counts = {
                state: StripeEvent.objects.filter(state=state).count()
                for state in EventState.values
                if state != EventState.HANDLED
            }
        self.stdout.write(f"customers that wait for a look: {waiting}")
        self.stdout.write(f"intents not answered yet: {intents}")
        for state, count in counts.items():
            self.stdout.write(f"events {state}: {count}")
