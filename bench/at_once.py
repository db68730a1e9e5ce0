"""Several processes that get ready, begin together and say at their end, as one line of JSON each, what they did."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from bench.ground import ROOT, Ground


def run_at_once(
    ground: Ground, code: str, arguments: Sequence[Sequence[object]], *, told: str = ""
) -> list[dict[str, Any]]:
    """What each process said. `code` reads the line `told` (where there is one), prints `ready` and waits for a line.

    Raises RuntimeError where a process did not get ready.
    """
    workers = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code, *map(str, own)],
            cwd=ROOT,
            env=ground.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for own in arguments
    ]
    if told:
        for worker in workers:
            _say(worker, told)
    for worker in workers:
        if _hear(worker) != "ready":
            raise RuntimeError("a process did not get ready")
    for worker in workers:
        _say(worker, "go")
    said = [json.loads(_hear(worker)) for worker in workers]
    for worker in workers:
        worker.wait(60)
    return said


def _say(worker: subprocess.Popen[str], line: str) -> None:
    assert worker.stdin is not None
    worker.stdin.write(line + "\n")
    worker.stdin.flush()


def _hear(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()
