"""What a demo is told (port, data folder, external servers), and the environment each of its processes gets."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from embedded.errors import MissingSetting
from embedded.files import keep_secret
from embedded.plan import Access

PROJECT = Path(__file__).resolve().parents[2]
DEFAULT_PORT = 8000

OWNERS_ONLY = ("OWNER_DATABASE_URL", "ADMIN_DATABASE_URL")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers are, one address per login."""

    application: str
    owner: str
    listen: str
    redis: str


@dataclass(frozen=True, slots=True)
class External:
    """Servers that the caller's environment names; None where the embedded one is to be used."""

    application: str | None = None
    owner: str | None = None
    listen: str | None = None
    redis: str | None = None
    stripe: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One demo's port, data folder and project folder."""

    port: int
    data: Path
    project: Path = PROJECT
    external: External = field(default_factory=External)

    @property
    def live_port(self) -> int:
        """The port of the live stream: the one after the pages'."""
        return self.port + 1

    @property
    def stripe_port(self) -> int:
        """The port of the fake Stripe: the one after the live stream's."""
        return self.port + 2

    @property
    def base(self) -> str:
        """The platform's host with its port; a chain's host is `<slug>.` before it."""
        return f"localhost:{self.port}"

    def words(self) -> dict[str, str]:
        """What stands for the braces in a command of plan.py."""
        return {
            "python": sys.executable,
            "port": str(self.port),
            "live_port": str(self.live_port),
            "stripe_port": str(self.stripe_port),
            "data": str(self.data),
        }

    def command(self, argv: tuple[str, ...]) -> list[str]:
        """A command of plan.py, filled in."""
        return [word.format_map(self.words()) for word in argv]

    def environment(self, access: Access, addresses: Addresses) -> dict[str, str]:
        """The environment of one process: the owner's address only where `access` says so."""
        inherited = {name: value for name, value in os.environ.items() if name not in OWNERS_ONLY}
        roots = [str(self.project), str(self.project / "platform")]
        known = {
            "DATABASE_URL": addresses.application,
            "LISTEN_DATABASE_URL": addresses.listen,
            "REDIS_URL": addresses.redis,
            "SECRET_KEY": os.environ.get("SECRET_KEY") or keep_secret(self.data / "secret-key"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": os.pathsep.join([*roots, *filter(None, [inherited.get("PYTHONPATH")])]),
            "PYTHONUNBUFFERED": "1",
            "TESSERA_BASE": self.base,
            "TESSERA_DATA": str(self.data),
            "TESSERA_LIVE_PORT": str(self.live_port),
            "TESSERA_MODE": "demo",
        }
        if not self.external.stripe:
            known |= {
                "STRIPE_SECRET_KEY": f"sk_test_{self._hex_of('stripe-key')}",
                "STRIPE_WEBHOOK_SECRET": f"whsec_{self._hex_of('stripe-webhook-secret')}",
                "STRIPE_API_BASE": f"http://127.0.0.1:{self.stripe_port}",
            }
        owners = {"OWNER_DATABASE_URL": addresses.owner} if access == "owner" else {}
        return inherited | known | owners

    def _hex_of(self, name: str) -> str:
        """Letters and digits of a secret that is kept in the data folder."""
        return hashlib.sha256(keep_secret(self.data / name).encode()).hexdigest()


def data_folder(given: str | None, *, project: Path = PROJECT) -> Path:
    """The data folder: `var/demo` in the project's folder unless told otherwise; relative to the caller's folder."""
    return Path(given).expanduser().resolve() if given else project / "var" / "demo"


def external_servers(environment: Mapping[str, str]) -> External:
    """The external servers that the environment names.

    DATABASE_URL and OWNER_DATABASE_URL belong together (MissingSetting otherwise); LISTEN_DATABASE_URL is
    the application's unless given, as it must be where DATABASE_URL leads through PgBouncer.
    """
    application, owner = environment.get("DATABASE_URL"), environment.get("OWNER_DATABASE_URL")
    listen = environment.get("LISTEN_DATABASE_URL")
    if bool(application) != bool(owner) or (listen and not application):
        raise MissingSetting(
            "For an external PostgreSQL set both DATABASE_URL (the application's login) and OWNER_DATABASE_URL (the "
            "owner's), and LISTEN_DATABASE_URL too where DATABASE_URL leads through a pooler. "
            "For the embedded one set none of them."
        )
    return External(
        application or None,
        owner or None,
        listen or application or None,
        environment.get("REDIS_URL") or None,
        bool(environment.get("STRIPE_SECRET_KEY")),
    )
