"""The web server as a second process, on the database of this test process."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.ground.plugin import ROOT

# Seconds a server may take to start: with many others on the machine, reading the code takes minutes.
UP_WITHIN = 240.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def web_server(
    *, threads: int = 8, port: int | None = None, python: str = sys.executable, **surroundings: str
) -> Iterator[int]:
    """Granian as it is shipped, on 127.0.0.1; its port (a free one) once it answers. `python` is its environment."""
    port = port or free_port()
    line = [
        python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--blocking-threads", str(threads), "--no-ws", "--log-level", "error",
        "config.wsgi:application",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"}
    environment.pop("DATABASE_POOL_SIZE", None)  # as many connections as it is shipped with
    environment |= surroundings
    # only the provisioner knows the owner's login
    environment.pop("OWNER_DATABASE_URL", None)
    process = subprocess.Popen(line, cwd=ROOT, env=environment)
    try:
        _wait_until_up(process, port)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_up(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + UP_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the web server ended with {process.returncode}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/livez")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("the web server did not come up")
