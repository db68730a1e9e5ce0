"""The servers a benchmark runs on, and the environment of the processes it starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "var" / "bench"
DATABASE = "tessera_bench"


@dataclass(frozen=True)
class Ground:
    """Addresses of a fresh database with the public schema and the template."""

    admin: str
    owner: str
    app: str
    redis: str

    def environment(self, **extra: str) -> dict[str, str]:
        """What a process of ours needs."""
        return {
            **os.environ,
            "TESSERA_MODE": "test",
            "TESSERA_BASE": "tessera.test",
            "SECRET_KEY": "only-for-benchmarks-only-for-benchmarks-only",
            "DATABASE_URL": self.app,
            "OWNER_DATABASE_URL": self.owner,
            "REDIS_URL": self.redis,
            "TESSERA_DATA": str(HOME / "data"),
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
            **extra,
        }

    def manage(self, *arguments: str, **extra: str) -> None:
        """One management command in a process of its own."""
        subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment(**extra), check=True
        )


@contextmanager
def standing_ground() -> Iterator[Ground]:
    """PostgreSQL with durable writes and Valkey, empty but for the public schema; stopped at the end."""
    sys.path[:0] = [str(ROOT / "platform")]
    from embedded.postgres import Cluster
    from embedded.valkey import Valkey

    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    cluster = Cluster(HOME / "postgres", tell=lambda sentence: None)
    valkey = Valkey(HOME / "valkey", tell=lambda sentence: None)
    cluster.start()
    try:
        valkey.start()
        cluster.ensure_database(DATABASE)
        ground = Ground(
            admin=cluster.dsn("postgres", _password(cluster), DATABASE),
            owner=cluster.owner_dsn(DATABASE),
            app=cluster.app_dsn(DATABASE),
            redis=valkey.url,
        )
        ground.manage("migrate_public", "--verbosity=0")
        ground.manage("build_template", "--verbosity=0")
        yield ground
    finally:
        valkey.stop()
        cluster.remove()


def _password(cluster: object) -> str:
    return (HOME / "postgres" / "passwords" / "superuser").read_text().strip()


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, ours and theirs, and the ratio that counts."""

    what: str
    ours: str
    theirs: str
    ratio: float | None
    aim: str
    note: str = ""

    @classmethod
    def times(cls, what: str, ours: float, theirs: float, *, aim: str, versus: str, unit: str = "ms") -> Row:
        """Less is better: the ratio is theirs by ours."""
        return cls(what, f"{ours:,.2f} {unit}", f"{theirs:,.2f} {unit} ({versus})", theirs / ours, aim)

    @classmethod
    def rates(cls, what: str, ours: float, theirs: float, *, aim: str, versus: str) -> Row:
        """More is better: the ratio is ours by theirs."""
        return cls(what, f"{ours:,.0f}/s", f"{theirs:,.0f}/s ({versus})", ours / theirs, aim)


def say(line: str) -> None:
    """A line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
