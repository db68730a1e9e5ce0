"""manage.py: within this process where the application's login is enough, else as a second process."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass
from unittest import mock

from django.core.management import CommandError, call_command

from tests.ground.plugin import ROOT

# Not in the product: Django's own migrate in one schema, for comparison with the template.
_STOCK = """
import sys; sys.path[:0] = [{root!r}, {root!r} + "/platform"]
import django; django.setup()
from chains.schemas.stock import migrate_one
migrate_one({schema!r})
"""


def manage(
    command: str, *arguments: str, answer: str = "", check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; raises with what it wrote when it fails and `check` is set."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"}
    if command == "migrate_schema_stock":
        environment["DATABASE_LOGIN"] = "owner"
        line = [sys.executable, "-c", _STOCK.format(root=str(ROOT), schema=arguments[0])]
    else:
        line = [sys.executable, "manage.py", command, *arguments]
    done = subprocess.run(
        line, cwd=ROOT, env=environment, input=answer, capture_output=True, text=True, timeout=600
    )
    if check and done.returncode != 0:
        raise AssertionError(
            f"{command} {arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
    return done


@dataclass(frozen=True)
class Ended:
    """How a command ended that ran within this process."""

    returncode: int
    stdout: str
    stderr: str


def command(name: str, *arguments: str, answer: str = "") -> Ended:
    """Run a command within this process, as the application; a CommandError is an end with 1."""
    out = io.StringIO()
    with mock.patch("sys.stdin", io.StringIO(answer)):
        try:
            call_command(name, *arguments, stdout=out)
        except CommandError as error:
            return Ended(1, out.getvalue(), str(error))
    return Ended(0, out.getvalue(), "")
