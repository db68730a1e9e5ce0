"""A copy of the environment with a vertical installed into it, on a database of its own."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ground.plugin import ROOT, _copy_database, _settings
from tests.ground.server import free_port, web_server
from tests.ground.workers import provisioner

EXAMPLE = ROOT / "docs" / "examples" / "escape_room"
# a digit of its own: it names the Valkey database too
DATABASE = "tessera_fifth11"


def digest_of_ours() -> str:
    """One hash over every file of ours that git would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    digest = hashlib.sha256()
    for name in sorted(filter(None, listed.decode().split("\0"))):
        path = ROOT / name
        if path.is_file():
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def build_wheel(folder: Path) -> Path:
    """The example as a wheel, from a copy of its source and without an index."""
    source = shutil.copytree(EXAMPLE, folder / "source")
    _pip("wheel", "--no-index", "--no-build-isolation", "--no-deps", "-w", str(folder), str(source))
    (wheel,) = folder.glob("*.whl")
    return wheel


def copy_environment(folder: Path) -> str:
    """An environment that sees all of this one's packages and can be given more; its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    theirs = subprocess.run([str(python), "-c", asked], capture_output=True, text=True, check=True).stdout
    ours = sysconfig.get_path("purelib")
    (Path(theirs.strip()) / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    return str(python)


def install(python: str, wheel: Path) -> None:
    """Put a wheel into the environment of `python`, without an index."""
    _pip("--python", python, "install", "--no-index", "--no-deps", str(wheel))


def uninstall(python: str, name: str) -> None:
    """Take a distribution out of the environment of `python`."""
    _pip("--python", python, "uninstall", "--yes", name)


def _pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass
class House:
    """The platform as it runs in that environment."""

    python: str
    port: int = field(default_factory=free_port)

    @property
    def surroundings(self) -> dict[str, str]:
        """What its processes are told."""
        return {**_settings(DATABASE), "TESSERA_BASE": f"tessera.test:{self.port}", "POOL_TARGET": "0"}

    def make_database(self) -> None:
        """A database of its own, as everybody's begins: without the vertical."""
        _copy_database(DATABASE)

    def upgrade(self) -> None:
        """What an operator runs after installing or taking out a package."""
        done = subprocess.run(
            [self.python, "manage.py", "upgrade"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", **self.surroundings},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    @contextmanager
    def runs(self, *, provisions: bool = False) -> Iterator[None]:
        """Web, and the provisioner if wanted, until the end of the block."""
        setting_up = provisioner(python=self.python, **self.surroundings) if provisions else nullcontext()
        with setting_up, web_server(python=self.python, threads=4, port=self.port, **self.surroundings):
            yield

    def url(self, slug: str, path: str = "/") -> str:
        """An address on a chain's host, or on the platform's."""
        host = f"{slug}.tessera.test" if slug else "tessera.test"
        return f"http://{host}:{self.port}{path}"

    def call(self, slug: str, method: str, path: str, body: Any = None, *, token: str = "") -> Any:
        """One call of the API: (status, document)."""
        host = f"{slug}.tessera.test" if slug else "tessera.test"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Host": f"{host}:{self.port}", "Accept-Language": "en"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        address = path if path.startswith("/") else f"/api/v1/{path}"
        connection.request(method, address, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        is_json = "json" in (answer.headers.get("Content-Type") or "")
        return answer.status, json.loads(text) if is_json and text else text.decode()

    def newest_code(self, to: str) -> str:
        """The one-time code in the newest message to somebody, once it was sent."""
        for _ in range(600):
            messages = self.call("", "GET", "/dev/outbox.json")[1]
            found = next((row["code"] for row in messages if row["to"] == to and row["code"]), None)
            if found:
                return str(found)
            time.sleep(0.05)
        raise AssertionError(f"no code was sent to {to}")
