"""manage.py operator: who may run the platform."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.domain.operators import (
    OperatorRefused,
    change_operator_password,
    create_operator,
    find_operator,
    set_operator_active,
)
from accounts.models import User


class Command(BaseCommand):
    """Runs as the application, on the public schema."""

    help = (
        "Create, list, deactivate or activate operators, set a password, or take a lost second factor away."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One subcommand each."""
        acts = parser.add_subparsers(dest="act", required=True)
        create = acts.add_parser("create", help="a new operator; asks for the password")
        create.add_argument("email")
        create.add_argument("--name", default="")
        password = acts.add_parser("password", help="a new password for an operator")
        password.add_argument("email")
        for sub in (create, password):
            sub.add_argument(
                "--password-stdin", action="store_true", help="read the password from standard input"
            )
        acts.add_parser("list", help="every operator")
        for act, text in (
            ("deactivate", "shut an operator out"),
            ("activate", "let an operator in again"),
            ("reset-factor", "take a lost second factor away; the next sign-in sets up a new one"),
        ):
            acts.add_parser(act, help=text).add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say so."""
        try:
            self._act(options)
        except OperatorRefused as refused:
            raise CommandError(str(refused)) from refused

    def _act(self, options: dict[str, Any]) -> None:
        act, email = options["act"], options.get("email", "")
        if act == "create":
            create_operator(email, password=_password(options), name=options["name"])
            self.stdout.write(f"{email} is an operator")
        elif act == "password":
            change_operator_password(email, password=_password(options))
            self.stdout.write(f"{email} has a new password")
        elif act == "reset-factor":
            Authenticator.objects.filter(user=find_operator(email)).delete()
            self.stdout.write(f"{email} sets up a new second factor at the next sign-in")
        elif act in {"activate", "deactivate"}:
            set_operator_active(email, active=act == "activate")
            self.stdout.write(f"{email} is {'active' if act == 'activate' else 'shut out'}")
        else:
            for user in User.objects.filter(is_operator=True).order_by("email"):
                self.stdout.write(
                    f"{user.email:<40} {'active' if user.is_active else 'shut out':<9} {user.name}"
                )


def _password(options: dict[str, Any]) -> str:
    if options["password_stdin"]:
        return sys.stdin.readline().rstrip("\n")
    first = getpass("Password: ")
    if getpass("Once more: ") != first:
        raise CommandError("The two passwords differ.")
    return first
