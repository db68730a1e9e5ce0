"""File locks: the kernel lets go of them when their holder ends, however it ends, so none is ever stale."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from embedded.children import Pulse
from embedded.errors import AlreadyRunning


@contextlib.contextmanager
def in_turn(path: Path, *, pulse: Pulse) -> Iterator[None]:
    """Hold the lock at `path`; wait while another holds it, calling `pulse` meanwhile."""
    with path.open("w") as lock:
        while not _try(lock.fileno()):
            pulse()
            time.sleep(0.05)
        yield


@contextlib.contextmanager
def sole_holder(path: Path, *, what: str) -> Iterator[str | None]:
    """Hold the lock at `path`, or raise AlreadyRunning at once; yields the pid of a holder that ended without release.

    `what` names the thing locked, for the sentence.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _try(handle):
            pid = os.read(handle, 32).decode().strip() or "unknown"
            raise AlreadyRunning(
                f"Another demo (process {pid}) runs on {what}. Stop it with Ctrl-C there, or kill {pid}; "
                "or choose another port and folder: make demo PORT=8100 DATA=var/second"
            )
        crashed = os.read(handle, 32).decode().strip() or None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        try:
            yield crashed
        finally:
            # Emptied whenever the holder still acts: a pid left in the file means that it could not.
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _try(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
