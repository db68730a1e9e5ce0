"""The demo from one command: servers, steps, processes, addresses, and a last line that begins with Ready."""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from embedded.errors import DiskFull, ForeignData, StartError
from embedded.external import check_postgres, check_redis
from embedded.files import make_folder
from embedded.locks import sole_holder
from embedded.lodging import Tell
from embedded.plan import FAKE_STRIPE, PROCESSES, STAGES, Process, Stage
from embedded.postgres import Cluster
from embedded.supervisor import Server, Supervisor
from embedded.surroundings import (
    DEFAULT_PORT,
    Addresses,
    Surroundings,
    data_folder,
    external_servers,
)
from embedded.valkey import Valkey

DATABASE = "tessera"
LEAST_ROOM_BYTES = 50 * 2**20


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo as the command line says; the exit code: 0 after a stop that was asked for, 1 with a sentence."""
    parser = argparse.ArgumentParser(prog="python -m embedded", description="Run the Tessera demo.")
    parser.add_argument(
        "--port",
        type=int,
        default=DEFAULT_PORT,
        help="port of the pages; the live stream and the fake Stripe take the next two",
    )
    parser.add_argument("--data", help="data folder (var/demo)")
    parser.add_argument("--remove", action="store_true", help="delete the demo's data instead of running it")
    options = parser.parse_args(argv)
    data = data_folder(options.data)
    if options.remove:
        return guarded(lambda: remove_data(data, tell=tell), data)
    if not 1 <= options.port <= 65533:
        parser.error("--port must be between 1 and 65533")

    def demo() -> None:
        surroundings = Surroundings(options.port, data, external=external_servers(os.environ))
        fake = () if surroundings.external.stripe else (FAKE_STRIPE,)
        run(surroundings, stages=STAGES, processes=(*PROCESSES, *fake), tell=tell)

    return guarded(demo, data)


def tell(sentence: str) -> None:
    """Show a line at once; a terminal that is gone is no reason to stop."""
    with contextlib.suppress(OSError, ValueError):
        print(sentence, flush=True)


def guarded(action: Any, data: Path) -> int:
    """Run `action`; turn what it raises on purpose, and a full disk anywhere, into a sentence on standard error."""
    try:
        action()
    except StartError as refusal:
        sentence = str(refusal)
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sentence = f"The disk that holds {data} is full. Make room, or choose a folder on another disk: make demo DATA=…"
    else:
        return 0
    with contextlib.suppress(OSError):
        print(f"\n{sentence}", file=sys.stderr, flush=True)
    return 1


def run(
    surroundings: Surroundings, *, stages: Sequence[Stage], processes: Sequence[Process], tell: Tell
) -> None:
    """Run a demo until it is asked to stop; raises StartError where it cannot start."""
    data = surroundings.data
    check_folder(data)
    begun = time.monotonic()
    with sole_holder(data / "lock", what=str(data)) as crashed:
        if crashed:
            tell(f"The last run (process {crashed}) ended without stopping; taking over its data.")
        servers, addresses = choose_servers(surroundings, tell=tell)
        supervisor = Supervisor(
            surroundings, servers=servers, addresses=addresses, stages=stages, processes=processes, tell=tell
        )

        def announce() -> None:
            for line in summary(surroundings):
                tell(line)
            seconds = time.monotonic() - begun
            tell(f"Ready in {seconds:.0f} s: http://{surroundings.base}/ (Ctrl-C stops everything)")

        supervisor.run(when_ready=announce)
        tell("Stopped. The data is kept; the next start goes on with it.")


def check_folder(data: Path) -> None:
    """Make the data folder, or raise ForeignData or DiskFull where it cannot be used."""
    # Others may pass but not list: as root the database's user has to, and every secret in it has mode 600.
    try:
        make_folder(make_folder(data.parent) / data.name, mode=0o711)
    except PermissionError as error:
        raise ForeignData(
            f"{error.filename} cannot be made by this user. Choose another folder: make demo DATA=…"
        ) from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise ForeignData(
            f"The data folder {data} belongs to another user. Start as that user, or choose another folder: "
            "make demo DATA=var/mine"
        )
    room = shutil.disk_usage(data).free
    if room < LEAST_ROOM_BYTES:
        raise DiskFull(
            f"The disk that holds {data} has {room // 2**20} MB left. Make room, or choose a folder on another disk: "
            "make demo DATA=…"
        )


class PreparedCluster:
    """The embedded PostgreSQL with the demo's database in it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def start(self, **options: Any) -> None:
        """Start it and make the database ready for migrations."""
        self.cluster.start(**options)
        self.cluster.ensure_database(DATABASE)

    def stop(self) -> None:
        """Stop it."""
        self.cluster.stop()

    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.cluster.is_alive()


def choose_servers(surroundings: Surroundings, *, tell: Tell) -> tuple[list[tuple[str, Server]], Any]:
    """The embedded servers to start, and a function that gives all addresses once they have started.

    External servers are checked here: raises what check_postgres and check_redis raise.
    """
    external = surroundings.external
    cluster = Cluster(surroundings.data / "postgres", tell=tell)
    valkey = Valkey(surroundings.data / "valkey", tell=tell)
    servers: list[tuple[str, Server]] = []
    if external.application and external.owner and external.listen:
        check_postgres(application=external.application, owner=external.owner, listen=external.listen)
        tell("PostgreSQL: the one that DATABASE_URL names.")
    else:
        servers.append(("PostgreSQL", PreparedCluster(cluster)))
    if external.redis:
        check_redis(external.redis)
        tell("Redis: the one that REDIS_URL names.")
    else:
        servers.append(("Valkey", valkey))

    def addresses() -> Addresses:
        return Addresses(
            application=external.application or cluster.app_dsn(DATABASE),
            owner=external.owner or cluster.owner_dsn(DATABASE),
            listen=external.listen or cluster.app_dsn(DATABASE),
            redis=external.redis or valkey.url,
        )

    return servers, addresses


def summary(surroundings: Surroundings) -> list[str]:
    """What to show before Ready: the addresses, and the demo's chains and logins from demo.json in the data folder."""
    base = surroundings.base
    lines = [
        "",
        f"Platform       http://{base}/",
        f"Live stream    http://localhost:{surroundings.live_port}/",
    ]
    try:
        demo = json.loads((surroundings.data / "demo.json").read_text())
    except (FileNotFoundError, ValueError):
        demo = {}
    lines += [
        f"{chain['slug']:<14} {chain['url']}  {chain['name']} ({chain['locale']}, {chain['time_zone']})"
        for chain in demo.get("chains", [])
    ]
    logins = demo.get("logins", [])
    if logins:
        lines += ["", "Logins (demo only):"]
    for login in logins:
        where = " · ".join(
            str(part) for part in (login["chain"] or "platform", login["role"], login["store"]) if part
        )
        way = (
            f"{login['email']}  {login['password']}"
            if login.get("email")
            else f"{login['phone']}  (code by SMS: see /dev/outbox)"
        )
        lines.append(f"  {where:<44} {way}  {login['url']}")
    return [*lines, f"Logs           {surroundings.data / 'logs'}", ""]


def remove_data(data: Path, *, tell: Tell) -> None:
    """Delete a demo's data, also where it stands outside its folder; raises AlreadyRunning while the demo runs."""
    if not data.exists():
        tell(f"Nothing to delete: {data} does not exist.")
        return
    if not any((data / name).exists() for name in ("lock", "postgres", "valkey")):
        raise ForeignData(f"{data} does not look like a demo's data folder; nothing was deleted.")
    with sole_holder(data / "lock", what=str(data)):
        for name in ("postgres", "valkey"):
            note = data / name / "data-stands-in"
            if note.exists():
                shutil.rmtree(note.read_text().strip(), ignore_errors=True)
        shutil.rmtree(data)
    tell(f"Deleted {data}.")
