"""What a benchmark stands beside and no process of ours needs: packages in environments of their own under var/."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from bench.ground import ROOT, say


class NotThere(RuntimeError):
    """The packages could not be installed; the text says why."""


def beside_python(what: str, *, lock: str) -> Path:
    """The interpreter of the environment of requirements/{lock}.txt, in which `what` is installed.

    It is made where it is missing or of another lock file, with nothing but what that file names. Raises NotThere.
    """
    file, home = ROOT / "requirements" / f"{lock}.txt", ROOT / "var" / f"{lock}-beside"
    python, stamp = home / "bin" / "python", home / "installed"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return python
    say(f"{what}: installing, once per lock file")
    for line in (
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps",
         "--require-hashes", "--only-binary", ":all:", "--requirement", str(file)],
    ):  # fmt: skip
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no word"]
            raise NotThere(f"{what} could not be installed: {said[-1][:200]}")
    stamp.write_text(digest)
    return python
