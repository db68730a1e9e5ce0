"""Runs one step of the start, shows what it says, and remembers what need not be repeated."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import selectors
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from embedded.children import Pulse, end, spawn
from embedded.errors import DiskFull, StageFailed
from embedded.files import open_log, tail
from embedded.lodging import Tell
from embedded.plan import Stage
from embedded.surroundings import Surroundings


def run_stage(
    stage: Stage, *, surroundings: Surroundings, environment: Mapping[str, str], tell: Tell, pulse: Pulse
) -> None:
    """Run `stage` to its end, or raise StageFailed (DiskFull where that is why) with the end of its output."""
    mark = fingerprint(surroundings.project, stage.unless_unchanged)
    done = surroundings.data / "steps-done.json"
    root = surroundings.data if stage.makes_in == "data" else surroundings.project
    made = (root / stage.makes).exists()
    if mark is not None and made and _marks(done).get(stage.label) == mark:
        return
    tell(f"{stage.label} …")
    begun = time.monotonic()
    log_path = surroundings.data / "logs" / "start.log"
    with open_log(log_path) as log:
        log.write(f"--- {stage.label}\n".encode())
        log.flush()
        child = spawn(
            surroundings.command(stage.argv),
            env=environment,
            cwd=surroundings.project,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            for line in _lines(child, pulse):
                log.write(line + b"\n")
                log.flush()
                tell(f"    {line.decode(errors='replace')}")
        finally:
            end(child, grace=10)
            assert child.stdout is not None
            child.stdout.close()
    if child.returncode != 0:
        raise _why_failed(stage, child.returncode, log_path)
    tell(f"{stage.label} … {time.monotonic() - begun:.1f} s")
    if mark is not None:
        done.write_text(json.dumps(_marks(done) | {stage.label: mark}))


def fingerprint(project: Path, patterns: tuple[str, ...]) -> str | None:
    """A digest of names, sizes and times of the files that `patterns` name; None without patterns."""
    if not patterns:
        return None
    digest = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in project.glob(pattern) if path.is_file()}):
        stat = path.stat()
        digest.update(f"{path.relative_to(project)}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _marks(done: Path) -> dict[str, str]:
    try:
        marks: dict[str, str] = json.loads(done.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return marks


def _lines(child: subprocess.Popen[bytes], pulse: Pulse) -> Iterator[bytes]:
    """The lines of a child's output as they come, `pulse` being called while none does; ends with the child."""
    assert child.stdout is not None
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            pulse()
            if not selector.select(timeout=0.2):
                # A grandchild may hold the pipe open for ever.
                if child.poll() is not None:
                    break
                continue
            chunk = os.read(child.stdout.fileno(), 65_536)
            if not chunk:
                break
            *whole, pending = (pending + chunk).split(b"\n")
            yield from whole
    if pending:
        yield pending
    while child.poll() is None:
        pulse()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=0.1)


def _why_failed(stage: Stage, code: int, log_path: Path) -> StageFailed | DiskFull:
    said = tail(log_path, lines=25)
    if "No space left on device" in said:
        return DiskFull(
            f"The disk was full during '{stage.label}'. Make room and start again, or choose a folder on another disk: "
            "make demo DATA=…"
        )
    return StageFailed(f"'{stage.label}' failed (exit code {code}). The end of {log_path}:\n{said}")
