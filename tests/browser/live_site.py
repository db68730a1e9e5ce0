"""The web process and the live process that streams to its pages."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request

from tests.ground.browser import Site
from tests.ground.plugin import ROOT
from tests.ground.server import UP_WITHIN, free_port


class LiveSite:
    """Web and live process together; the live one can be stopped and started again on its port."""

    def __init__(self) -> None:
        self.port, self.live_port = free_port(), free_port()
        self.url = Site(self.port).url
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.start("web")
        self.start("live")

    def start(self, name: str) -> None:
        """Start one of the two and wait until it answers."""
        granian = [
            "granian",
            "--interface",
            "wsgi",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--workers",
            "1",
        ]
        uvicorn = ["uvicorn", "--host", "127.0.0.1", "--port", str(self.live_port), "--no-access-log"]
        lines = {
            "web": [
                *granian,
                "--blocking-threads",
                "4",
                "--no-ws",
                "--log-level",
                "error",
                "config.wsgi:application",
            ],
            "live": [*uvicorn, "--log-level", "warning", "config.asgi_live:application"],
        }
        environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
            "TESSERA_BASE": f"tessera.test:{self.port}",
            "TESSERA_LIVE_PORT": str(self.live_port),
        }
        environment.pop("OWNER_DATABASE_URL", None)
        process = subprocess.Popen([sys.executable, "-m", *lines[name]], cwd=ROOT, env=environment)
        self.running[name] = process
        port = {"web": self.port, "live": self.live_port}[name]
        deadline = time.monotonic() + UP_WITHIN
        while time.monotonic() < deadline:
            assert process.poll() is None
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=20).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"{name} did not come up")

    def stop(self, name: str) -> None:
        """End one of the two."""
        process = self.running.pop(name)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
