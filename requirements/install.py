"""Makes .venv from a lock file, with nothing but the standard library; `make` runs it before what needs it.

    python3 requirements/install.py base|dev [--keep-interpreter]

What is already installed from the very same lock file is left as it is. Every package is checked against
its hash in the lock file and comes as a wheel, so that no compiler is needed. The project itself is
installed as editable by hatchling out of the same lock file, without build isolation: that writes the
two import roots to a .pth file and registers the verticals' entry points.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
VENV = PROJECT / ".venv"
STAMP = VENV / "installed.json"
VENV_PYTHON = VENV / "bin" / "python"

Stamp = dict[str, str]


def main() -> int:
    """Bring .venv to the state of the lock file asked for; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("lock", choices=["base", "dev"])
    parser.add_argument(
        "--keep-interpreter", action="store_true", help="take an existing .venv, whatever Python made it"
    )
    options = parser.parse_args()
    wanted = {
        "python": os.path.realpath(sys.executable) + " " + sys.version.split()[0],
        "project": f"{PROJECT} {digest(PROJECT / 'pyproject.toml')}",
        "base": digest(PROJECT / "requirements" / "base.txt"),
    }
    if options.lock == "dev":
        wanted["dev"] = digest(PROJECT / "requirements" / "dev.txt")
    found = read_stamp()
    if options.keep_interpreter and "python" in found:
        wanted["python"] = found["python"]
    if wanted.items() <= found.items():
        return 0
    try:
        install(options.lock, wanted, found)
    except Failed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


class Failed(Exception):
    """The installation cannot go on; the text says what to do."""


def install(lock: str, wanted: Stamp, found: Stamp) -> None:
    """Make the environment where it is missing or another Python's, then the packages, then the project."""
    if found.get("python") != wanted["python"] or not VENV_PYTHON.exists():
        make_venv()
        found = {"python": wanted["python"]}
        write_stamp(found)
    if found.get(lock) != wanted[lock] or found.get("base") != wanted["base"]:
        file = PROJECT / "requirements" / f"{lock}.txt"
        say(f"Installing the packages of requirements/{lock}.txt into .venv (once per lock file):")
        pip(["--require-hashes", "--only-binary", ":all:", "--requirement", str(file)])
        # A lock file that was not asked for may no longer describe what is installed.
        found = {
            "python": wanted["python"],
            **{name: wanted[name] for name in ("base", "dev") if name in wanted},
        }
    pip(["--no-deps", "--no-index", "--no-build-isolation", "--editable", str(PROJECT)])
    write_stamp(found | wanted)


def make_venv() -> None:
    """Make .venv anew with the Python that runs this, or raise Failed."""
    if sys.version_info < (3, 11):
        raise Failed(
            f"This is Python {sys.version.split()[0]}; Tessera needs 3.11 or newer. Choose one: make demo PYTHON=python3.11"
        )
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        raise Failed(
            "This Python cannot make virtual environments: Debian has that in a package of its own. Install it, "
            "then repeat:\n    apt-get install -y python3-venv"
        )
    say(f"Making .venv with Python {sys.version.split()[0]} …")
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)], check=False, capture_output=True, text=True
    )
    if made.returncode != 0:
        raise Failed(f"The virtual environment could not be made:\n{made.stdout}{made.stderr}")


def pip(arguments: list[str]) -> None:
    """Run pip in .venv, showing each package as it comes; raise Failed with the end of its output."""
    argv = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *arguments]
    # An environment asked for by the caller, such as PYTHONPATH or PIP_USER, would lead pip astray.
    astray = {"PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV"}
    env = {name: value for name, value in os.environ.items() if name not in astray}
    running = subprocess.Popen(
        argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    assert running.stdout is not None
    said: list[str] = []
    count = 0
    for line in running.stdout:
        said.append(line)
        if line.startswith(("Collecting ", "Processing ")):
            count += 1
            say(f"  {count:>3}  {Path(line.split()[1]).name}")
        elif line.startswith("Installing collected packages"):
            say("       unpacking …")
    if running.wait() != 0:
        raise Failed("pip could not install. The end of what it said:\n" + "".join(said[-15:]))


def digest(file: Path) -> str:
    """A digest of a file's content: unlike its time, it survives a fresh checkout."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read_stamp() -> Stamp:
    """What is installed, as noted; nothing where that is unknown."""
    try:
        stamp: Stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp


def write_stamp(stamp: Stamp) -> None:
    """Note what is installed."""
    STAMP.write_text(json.dumps(stamp, indent=2) + "\n")


def say(line: str) -> None:
    """Show a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
