"""Starts servers, steps and processes in order, keeps the processes running, and stops all that it started.

A request to stop (SIGINT, SIGTERM, SIGHUP) only sets a flag; every wait looks at it several times a second.
So it never strikes between the birth of a child and the note that there is one.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol

from embedded.children import Identity, Pulse, end_stray, signal_group, spawn
from embedded.errors import NotReady, PortInUse, StartError, Stopped
from embedded.files import open_log, tail, write_secret
from embedded.lodging import Tell
from embedded.plan import Answers, Process, Stage, Stays
from embedded.ports import HOST, is_free
from embedded.stages import run_stage
from embedded.surroundings import Addresses, Surroundings

READY_SECONDS = 90
GRACE_SECONDS = 15
CALM_SECONDS = 60
"""A process that ran so long without ending starts its back-off afresh."""


class Server(Protocol):
    """An embedded server, as the supervisor sees it."""

    def start(self, *, pulse: Pulse) -> None:
        """Bring it up, or raise StartError."""

    def stop(self) -> None:
        """Stop it; nothing to stop is fine."""

    def is_alive(self) -> bool:
        """Whether its process runs."""


@dataclass(slots=True)
class Watched:
    """A process of the table and what became of it."""

    process: Process
    child: subprocess.Popen[bytes]
    started: float
    deaths: int = 0
    due: float | None = None
    """When to start it again (monotonic); None while it runs."""


def pause_after(deaths: int) -> float:
    """Seconds before a process that died so many times in a row is started again: 1, 2, 4, … 30."""
    return min(30.0, 2.0 ** (deaths - 1))


class Supervisor:
    """One run of the demo; `run` is called once, with the lock on the data folder held."""

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        servers: Sequence[tuple[str, Server]],
        addresses: Callable[[], Addresses],
        stages: Sequence[Stage],
        processes: Sequence[Process],
        tell: Tell,
    ) -> None:
        self._surroundings = surroundings
        self._servers = servers
        self._addresses = addresses
        self._stages = stages
        self._processes = processes
        self._tell = tell
        self._stop_asked = False
        self._watched: list[Watched] = []
        self._logs = surroundings.data / "logs"
        self._notes = surroundings.data / "running.json"

    def run(self, *, when_ready: Callable[[], None]) -> None:
        """Start everything, call `when_ready`, and stay until asked to stop; then stop everything.

        Raises StartError where the start cannot go on; what was started until then is stopped first.
        """
        with self._listening_for_signals():
            try:
                self._start()
                when_ready()
                while True:
                    self._pulse()
                    self._look_after_servers()
                    self._look_after_processes()
                    time.sleep(0.2)
            except Stopped:
                self._tell("Stopping.")
            finally:
                self._stop()

    # Starting

    def _start(self) -> None:
        self._end_strays()
        self._check_ports()
        for name, server in self._servers:
            self._pulse()
            begun = time.monotonic()
            server.start(pulse=self._pulse)
            self._tell(f"{name} … {time.monotonic() - begun:.1f} s")
        for stage in self._stages:
            run_stage(
                stage,
                surroundings=self._surroundings,
                environment=self._surroundings.environment("owner", self._addresses()),
                tell=self._tell,
                pulse=self._pulse,
            )
        for process in self._processes:
            self._pulse()
            self._watched.append(Watched(process, self._spawn(process), time.monotonic()))
        self._note()
        for watched in self._watched:
            self._await_health(watched)

    def _check_ports(self) -> None:
        wanted = {each.health.port for each in self._processes if isinstance(each.health, Answers)}
        for name in sorted(wanted, reverse=True):
            port = getattr(self._surroundings, name)
            if not is_free(port):
                raise PortInUse(
                    f"Port {port} of {HOST} is in use. Stop what listens there, or choose another "
                    "(the live stream and the fake Stripe take the two after it): make demo PORT=8100"
                )

    def _spawn(self, process: Process) -> subprocess.Popen[bytes]:
        with open_log(self._log_of(process)) as log:
            return spawn(
                self._surroundings.command(process.argv),
                env=self._surroundings.environment(process.access, self._addresses()),
                cwd=self._surroundings.project,
                stdout=log,
            )

    def _await_health(self, watched: Watched) -> None:
        name, log = watched.process.name, self._log_of(watched.process)
        deadline = watched.started + READY_SECONDS
        while not self._is_healthy(watched):
            self._pulse()
            if watched.child.poll() is not None:
                raise NotReady(f"{name} ended while starting. The end of {log}:\n{tail(log)}")
            if time.monotonic() > deadline:
                raise NotReady(
                    f"{name} did not answer within {READY_SECONDS} s. The end of {log}:\n{tail(log)}"
                )
            time.sleep(0.1)
        self._tell(f"{name} … {time.monotonic() - watched.started:.1f} s")

    def _is_healthy(self, watched: Watched) -> bool:
        match watched.process.health:
            case Stays(seconds):
                return watched.child.poll() is None and time.monotonic() - watched.started >= seconds
            case Answers(port, path):
                return answers_ok(getattr(self._surroundings, port), path, host=self._surroundings.base)

    # Staying

    def _look_after_servers(self) -> None:
        for name, server in self._servers:
            if server.is_alive():
                continue
            self._tell(f"{name} ended by itself; starting it again.")
            try:
                server.start(pulse=self._pulse)
                self._tell(f"{name} runs again.")
            except StartError as error:
                self._tell(f"{name} could not be started: {error}")
                self._wait(5)

    def _look_after_processes(self) -> None:
        now = time.monotonic()
        for watched in self._watched:
            name = watched.process.name
            if watched.due is not None:
                if now >= watched.due:
                    watched.child, watched.started, watched.due = self._spawn(watched.process), now, None
                    self._note()
                    self._tell(f"{name} runs again.")
                continue
            code = watched.child.poll()
            if code is None:
                continue
            signal_group(watched.child.pid, signal.SIGKILL)
            watched.deaths = 1 if now - watched.started > CALM_SECONDS else watched.deaths + 1
            pause = pause_after(watched.deaths)
            watched.due = now + pause
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            self._tell(
                f"{name} ended by itself ({how}); starting it again in {pause:.0f} s. See {self._log_of(watched.process)}"
            )

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._pulse()
            time.sleep(0.1)

    # Stopping

    def _stop(self) -> None:
        for watched in self._watched:
            if watched.child.poll() is None:
                watched.child.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for watched in self._watched:
            with contextlib.suppress(subprocess.TimeoutExpired):
                watched.child.wait(timeout=max(0.0, deadline - time.monotonic()))
        for watched in self._watched:
            signal_group(watched.child.pid, signal.SIGKILL)
            watched.child.wait()
        self._notes.unlink(missing_ok=True)
        for _, server in reversed(self._servers):
            server.stop()

    def _pulse(self) -> None:
        if self._stop_asked:
            raise Stopped

    @contextlib.contextmanager
    def _listening_for_signals(self) -> Iterator[None]:
        def ask(number: int, frame: FrameType | None) -> None:
            self._stop_asked = True

        before = {each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    # What a supervisor that was killed leaves to the next one

    def _note(self) -> None:
        running = {watched.process.name: Identity.of(watched.child.pid) for watched in self._watched}
        noted = {name: [who.pid, who.started] for name, who in running.items() if who is not None}
        write_secret(self._notes, json.dumps(noted))

    def _end_strays(self) -> None:
        try:
            noted = json.loads(self._notes.read_text())
        except (FileNotFoundError, ValueError):
            return
        strays = [(name, Identity(int(pid), str(started))) for name, (pid, started) in noted.items()]
        left = [(name, who) for name, who in strays if who.is_alive()]
        if left:
            self._tell(f"Ending what the last run left behind: {', '.join(name for name, _ in left)}.")
        for _, who in left:
            end_stray(who)
        self._notes.unlink(missing_ok=True)

    def _log_of(self, process: Process) -> Path:
        return self._logs / f"{process.name}.log"


def answers_ok(port: int, path: str, *, host: str) -> bool:
    """Whether GET `path` on `port` of 127.0.0.1, asked for as `host`, answers 200 within 5 s."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
