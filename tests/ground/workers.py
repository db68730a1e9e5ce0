"""Real worker processes of this test's database: started, killed, and the clock of their leases moved on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from chains.schemas.owner import owner_connection

ROOT = Path(__file__).resolve().parents[2]


class CeleryProcess:
    """`celery worker` (one thread) or `celery beat`, in a process of its own."""

    def __init__(
        self, kind: str, *options: str, app: str = "config.celery", env: Mapping[str, str] | None = None
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", app, kind, "--loglevel", "ERROR", *options],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", **(env or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def children(self) -> list[int]:
        """The processes it has forked: those that run the tasks."""
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill_child(self) -> None:
        """SIGKILL to the process that runs the tasks; the worker forks another."""
        (child,) = self.children()
        os.kill(child, signal.SIGKILL)
        assert wait_until(lambda: self.children() not in ([], [child]), seconds=30)

    def kill(self) -> None:
        """SIGKILL to all of it: it gets no chance to tidy up."""
        for one in (*self.children(), self.process.pid) if self.process.poll() is None else ():
            os.kill(one, signal.SIGKILL)
        self.process.wait(10)


def start_worker(*, app: str = "config.celery", env: Mapping[str, str] | None = None) -> CeleryProcess:
    """A worker that runs one task at a time, in a process that it forks."""
    return CeleryProcess("worker", "--concurrency", "1", app=app, env=env)


def start_beat(schedule: Path, *, env: Mapping[str, str] | None = None) -> CeleryProcess:
    """The scheduler, with its file at `schedule`."""
    return CeleryProcess("beat", "--schedule", str(schedule), "--pidfile", "", env=env)


@contextmanager
def provisioner(*, python: str = sys.executable, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The process that alone holds the owner's login, waiting for sign-ups; killed at the end."""
    process = subprocess.Popen(
        [python, "manage.py", "provisioner"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "provisioner is waiting for sign-ups\n"
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


def wait_until(what: Callable[[], bool], *, seconds: float, pause: float = 0.02) -> bool:
    """Whether it came true within the time; looks every `pause` seconds."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def let_leases_run_out(schema: str) -> None:
    """Move the clock on for whoever leased work and died: half a minute that a test need not wait."""
    with owner_connection() as owner:
        owner.execute("UPDATE public.chains_duework SET due_at = now() - interval '1 second'")
        owner.execute(
            f"UPDATE {schema}.events_delivery SET leased_until = now() - interval '1 second'"
            " WHERE leased_until IS NOT NULL"
        )
