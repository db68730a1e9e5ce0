"""manage.py as a second process, on the database of this test process."""

from __future__ import annotations

import os
import subprocess
import sys

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
        line, cwd=ROOT, env=environment, input=answer, capture_output=True, text=True, timeout=120
    )
    if check and done.returncode != 0:
        raise AssertionError(
            f"{command} {arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
    return done
