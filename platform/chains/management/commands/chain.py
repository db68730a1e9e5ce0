"""manage.py chain: look at chains, change their state, dump and restore one."""

from __future__ import annotations

import json
import sys
import time
from getpass import getpass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from chains.domain.creation import order_chain
from chains.domain.lifecycle import close_chain, reopen_chain, resume_chain, suspend_chain
from chains.domain.operators import COMMAND_LINE, record_act
from chains.domain.provisioning import run_once
from chains.domain.queries import find_chain
from chains.domain.signup_fields import SignupFields
from chains.domain.slugs import address_of
from chains.models import Chain, ChainState, SignupState
from chains.refusals import Refusal
from chains.schemas.archive import NotThisChain, dump_schema, erase_chain, restore_schema
from chains.schemas.owner import owner_connection
from chains.schemas.programs import ProgramFailed
from chains.scope import platform_scope

WAIT_SECONDS = 30


class Command(BaseCommand):
    """list, suspend, resume, close and reopen run as the application; dump, restore and erase need OWNER_DATABASE_URL."""

    help = "Create, list, suspend, resume, close, reopen, dump, restore or erase a chain. A chain is named by its address, schema or id."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One subcommand each."""
        acts = parser.add_subparsers(dest="act", required=True)
        listing = acts.add_parser("list", help="every chain with its state")
        listing.add_argument("--state", choices=ChainState.values)
        listing.add_argument("--json", action="store_true")
        for act, text, reasoned in (
            ("suspend", "shut its doors; its employees read the reason", True),
            ("resume", "open it again as it was", False),
            ("close", "end it: its address becomes free, its data stays until erased", True),
            ("reopen", "give a closed chain its address back; it opens when it is paid", True),
        ):
            sub = acts.add_parser(act, help=text)
            sub.add_argument("chain")
            if reasoned:
                sub.add_argument("--reason", required=True)
        create = acts.add_parser(
            "create", help="a new chain, without the code by e-mail; waits until it is ready"
        )
        create.add_argument("slug")
        create.add_argument("--brand", required=True)
        create.add_argument("--email", required=True, help="of the owner")
        create.add_argument("--vertical", action="append", required=True, dest="verticals")
        create.add_argument("--locale", default="zh-Hans")
        create.add_argument("--time-zone", default="Asia/Shanghai")
        create.add_argument("--currency", default="CNY")
        create.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )
        dump = acts.add_parser("dump", help="write its schema to a file")
        dump.add_argument("chain")
        dump.add_argument("file", type=Path)
        restore = acts.add_parser(
            "restore", help="put its schema back from a dump; other chains are not touched"
        )
        restore.add_argument("chain")
        restore.add_argument("file", type=Path)
        erase = acts.add_parser("erase", help="remove every row of a closed chain, for good")
        erase.add_argument("chain")
        erase.add_argument("--yes", action="store_true", help="without it nothing is erased")

    def handle(self, *args: Any, **options: Any) -> None:
        """Call the subcommand; a refusal ends the process with its sentence."""
        try:
            getattr(self, f"_{options['act']}")(options)
        except Refusal as refusal:
            raise CommandError(f"{refusal.sentence()} {refusal.way_out()}") from refusal
        except (ProgramFailed, NotThisChain) as error:
            raise CommandError(str(error)) from error

    def _list(self, options: dict[str, Any]) -> None:
        chains = Chain.objects.order_by("created_at")
        if options["state"]:
            chains = chains.filter(state=options["state"])
        rows = [
            {
                "slug": chain.slug,
                "name": chain.name,
                "state": chain.state,
                "plan": chain.plan,
                "schema": chain.schema_name,
                "created_at": chain.created_at.isoformat(timespec="seconds"),
            }
            for chain in chains
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        for row in rows:
            self.stdout.write(
                f"{row['slug']:<32} {row['state']:<12} {row['schema']:<14} {row['created_at']}  {row['name']}"
            )

    def _create(self, options: dict[str, Any]) -> None:
        password = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else getpass("Password: ")
        signup = order_chain(
            SignupFields(
                brand=options["brand"],
                slug=options["slug"],
                email=options["email"],
                password=password,
                verticals=tuple(options["verticals"]),
                locale=options["locale"],
                time_zone=options["time_zone"],
                currency=options["currency"],
            ),
            now=timezone.now(),
        )
        deadline = time.monotonic() + WAIT_SECONDS
        while signup.state == SignupState.PROVISIONING and time.monotonic() < deadline:
            # with the owner's login at hand this process does the work; else the provisioner has it
            if settings.OWNER_DATABASE_URL is None or not run_once(now=timezone.now()):
                time.sleep(0.2)
            signup.refresh_from_db()
        if signup.state != SignupState.READY or signup.chain is None:
            raise CommandError(f"{signup.slug} is not ready; it is {signup.state}. Does the provisioner run?")
        self._recorded(signup.chain, "create")
        self.stdout.write(f"{signup.slug} stands at {address_of(signup.slug)}")

    def _suspend(self, options: dict[str, Any]) -> None:
        self._moved(
            suspend_chain(
                find_chain(options["chain"]).id,
                reason=options["reason"],
                by=COMMAND_LINE,
                now=timezone.now(),
            )
        )

    def _resume(self, options: dict[str, Any]) -> None:
        self._moved(resume_chain(find_chain(options["chain"]).id, by=COMMAND_LINE, now=timezone.now()))

    def _close(self, options: dict[str, Any]) -> None:
        self._moved(
            close_chain(
                find_chain(options["chain"]).id,
                reason=options["reason"],
                by=COMMAND_LINE,
                now=timezone.now(),
            )
        )

    def _reopen(self, options: dict[str, Any]) -> None:
        chain = find_chain(options["chain"])
        self._moved(reopen_chain(chain.id, reason=options["reason"], by=COMMAND_LINE, now=timezone.now()))

    def _moved(self, chain: Chain) -> None:
        self.stdout.write(f"{chain.slug} is {chain.state}")

    def _dump(self, options: dict[str, Any]) -> None:
        chain = find_chain(options["chain"])
        dump_schema(chain.schema_name, options["file"])
        self._recorded(chain, "dump")
        self.stdout.write(f"{chain.slug} is in {options['file']}")

    def _restore(self, options: dict[str, Any]) -> None:
        chain = find_chain(options["chain"])
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        with owner_connection() as owner:
            restore_schema(owner, chain.schema_name, options["file"])
        self._recorded(chain, "restore")
        self.stdout.write(
            f"{chain.slug} stands as in {options['file']}; run migrate_chains if the file is of an older version"
        )

    def _erase(self, options: dict[str, Any]) -> None:
        chain = find_chain(options["chain"])
        if chain.state != ChainState.CLOSED:
            raise CommandError(
                f"{chain.slug} is {chain.state}. Close it first, then erase it by its schema's name."
            )
        if not options["yes"]:
            raise CommandError(f"This removes every row of {chain.name} for good. Say --yes to do it.")
        self._recorded(chain, "erase")
        with owner_connection() as owner:
            erase_chain(owner, chain.schema_name)
        self.stdout.write(f"{chain.slug} is gone")

    def _recorded(self, chain: Chain, act: str) -> None:
        with platform_scope():
            record_act(chain, act, by=COMMAND_LINE, now=timezone.now())
