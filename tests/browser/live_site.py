"""The live process that streams to the pages of the web process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request

from tests.ground.browser import Site
from tests.ground.plugin import ROOT
from tests.ground.server import UP_WITHIN


class LiveSite:
    """Web and live process together; the live one can be stopped and started again on its port."""

    def __init__(self, site: Site) -> None:
        self.site, self.url = site, site.url
        self.start()

    def start(self) -> None:
        """Start the live process and wait until it answers."""
        port = self.site.live_port
        line = [
            sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port), "--no-access-log",
            "--log-level", "warning", "config.asgi_live:application",
        ]  # fmt: skip
        environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
            "TESSERA_BASE": f"tessera.test:{self.site.port}",
            "TESSERA_LIVE_PORT": str(port),
        }
        environment.pop("OWNER_DATABASE_URL", None)
        self.process = subprocess.Popen(line, cwd=ROOT, env=environment)
        deadline = time.monotonic() + UP_WITHIN
        while time.monotonic() < deadline:
            assert self.process.poll() is None
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=20).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the live process did not come up")

    def stop(self) -> None:
        """End the live process."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
