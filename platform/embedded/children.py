"""Child processes in groups of their own, so that stopping one stops all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from embedded.lodging import Account

Pulse = Callable[[], None]
"""Called while waiting; raises Stopped when the start is to be given up."""


def no_pulse() -> None:
    """For callers that nothing interrupts."""


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    account: Account | None = None,
    stdin: int | IO[Any] = subprocess.DEVNULL,
    stdout: int | IO[Any] = subprocess.DEVNULL,
    stderr: int | IO[Any] = subprocess.STDOUT,
) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own: the terminal's Ctrl-C reaches the supervisor only."""
    identity: dict[str, Any] = {}
    if account is not None:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": [], "umask": 0o077}
    return subprocess.Popen(
        list(argv),
        env=dict(env),
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        **identity,
    )


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    account: Account | None = None,
    pulse: Pulse = no_pulse,
    log: IO[bytes],
) -> int:
    """Run `argv` to its end with all output in `log`; returns its exit code.

    When `pulse` raises, the whole group is ended before the exception goes on.
    """
    child = spawn(argv, env=env, cwd=cwd, account=account, stdout=log)
    try:
        while child.poll() is None:
            pulse()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=0.1)
    finally:
        end(child, grace=5)
    return child.returncode


def signal_group(pid: int, number: int) -> None:
    """Send a signal to the group that `pid` leads; one that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def end(child: subprocess.Popen[bytes], *, first: int = signal.SIGTERM, grace: float) -> None:
    """End a child: `first` to its leader, `grace` seconds to finish, then SIGKILL to what is left of its group."""
    if child.poll() is None:
        child.send_signal(first)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=grace)
    signal_group(child.pid, signal.SIGKILL)
    if child.poll() is None:
        child.kill()
        child.wait()


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for sure: a pid alone may have gone to another program since."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """The process that has `pid` now, or None where there is none (a zombie counts as none)."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return cls._without_proc(pid)
        # The name in parentheses may hold anything; the fields after the last one are plain.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else cls(pid, fields[19])

    @classmethod
    def _without_proc(cls, pid: int) -> Identity | None:
        if Path("/proc/self/stat").exists():
            return None
        shown = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return cls(pid, shown.stdout.strip()) if shown.stdout.strip() else None

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return Identity.of(self.pid) == self


def end_stray(who: Identity, *, first: int = signal.SIGTERM, grace: float = 5.0) -> None:
    """End a process that an earlier supervisor left behind, with its group."""
    if not who.is_alive():
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(who.pid, first)
    deadline = time.monotonic() + grace
    while who.is_alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    # Also where the leader is gone: what it started may ignore SIGTERM.
    signal_group(who.pid, signal.SIGKILL)
    while who.is_alive() and time.monotonic() < deadline + 5:
        time.sleep(0.05)


def command_line(pid: int) -> str:
    """The command line of a process, or nothing where there is none."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()
