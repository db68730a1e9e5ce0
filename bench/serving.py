"""A web server for a benchmark, asked over HTTP, and the CPU that its processes spend."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.ground import ROOT


@contextmanager
def serving(
    python: Path | str, application: str, environment: Mapping[str, str], *, alive: str
) -> Iterator[tuple[int, list[psutil.Process]]]:
    """granian as the supervisor starts it, until the end: its port and its processes. `alive` answers once it is up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    line = [
        str(python), "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "2", "--blocking-threads", "4", "--no-ws", "--log-level", "error", application,
    ]  # fmt: skip
    process = subprocess.Popen(line, cwd=ROOT, env=dict(environment))
    try:
        for _ in range(600):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", alive)
                if connection.getresponse().status < 500:
                    break
            except OSError:
                time.sleep(0.1)
        root = psutil.Process(process.pid)
        yield port, [root, *root.children(recursive=True)]
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def cpu_of(processes: list[psutil.Process]) -> float:
    """Seconds of CPU they have spent so far."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)
