"""What a benchmark stands beside and no process of ours needs: packages in an environment of their own under var/."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from bench.ground import ROOT

LOCK = ROOT / "requirements" / "bench.txt"
HOME = ROOT / "var" / "bench-beside"


class NotThere(RuntimeError):
    """The packages could not be installed; the text says why."""


def beside_python() -> Path:
    """The interpreter of the environment, made from the lock file where it is missing or of another. Raises NotThere."""
    python, stamp = HOME / "bin" / "python", HOME / "installed"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return python
    for line in (
        [sys.executable, "-m", "venv", "--clear", str(HOME)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
         "--require-hashes", "--only-binary", ":all:", "--requirement", str(LOCK)],
    ):  # fmt: skip
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no word"]
            raise NotThere(f"django-appointment could not be installed: {said[-1][:200]}")
    stamp.write_text(digest)
    return python
