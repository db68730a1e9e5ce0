"""`make test`: the checks, then every test, with whatever of Debian's parts this machine has or may get.

Chromium, a Chinese font and PgBouncer come from Debian. A missing one is installed where that is
allowed (root, apt); else its tests are left out. The last line names those, and whatever a test skipped with its reason.
ALL=1 makes a missing part a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Part:
    """Something from Debian's packages that some tests need."""

    name: str
    package: str
    marker: str
    is_there: str


PARTS = (
    Part("the browser tests", "chromium", "browser", "/usr/bin/chromium"),
    Part("Chinese type in the browser tests", "fonts-noto-cjk", "browser", "/usr/share/fonts/opentype/noto"),
    Part("the tests through PgBouncer", "pgbouncer", "pgbouncer", "/usr/sbin/pgbouncer"),
)
# The same browser without its windows: a page costs it a fifth of the time.
SHELL = ("chromium-headless-shell", "/usr/lib/chromium/chromium-headless-shell")
CHECKS = (
    ("types", [str(BIN / "mypy"), "platform", "tenants", "verticals", "billing", "api", "web"]),
    ("format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
    ("lint", [str(BIN / "ruff"), "check", "--quiet", "."]),
    ("templates", [str(BIN / "djlint"), "--lint", "--quiet", "web/templates"]),
    ("layers", [str(BIN / "lint-imports")]),
    ("gates", [sys.executable, "-m", "tests.gates"]),
)


def say(line: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def environment() -> dict[str, str]:
    """Ours, with both source roots on the path and nothing that points at servers of somebody else.

    Whatever is compiled is kept (`make clean` deletes it): the tests start some fifty processes.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "OWNER_DATABASE_URL", "PYTHONDONTWRITEBYTECODE"}
    }
    return {**kept, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"}


def run_checks() -> bool:
    """Every check, all of them even if one fails; whether all passed."""
    # two at a time, the longest first: it has one processor for itself, the others share the second
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run_check, CHECKS))
    return all(results)


def run_check(check: tuple[str, list[str]]) -> bool:
    """Run one check, say how it went and what it said where it failed."""
    name, argv = check
    # the type checker's plugin and import-linter read the settings; no server is asked
    settings = {
        "TESSERA_MODE": "test",
        "SECRET_KEY": "only-for-checks-only-for-checks-only-for-checks",
        "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:9/tessera",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    done = subprocess.run(
        argv, cwd=ROOT, env={**environment(), **settings}, capture_output=True, text=True, check=False
    )
    passed = done.returncode == 0
    said = "" if passed else "\n" + (done.stdout + done.stderr).strip()[-8000:]
    say(f"{'ok  ' if passed else 'FAIL'} {name}{said}")
    return passed


def missing_parts() -> list[Part]:
    """What is not here, after trying to install it where that is allowed."""
    allowed = os.geteuid() == 0 and shutil.which("apt-get") is not None
    missing = [part for part in PARTS if not Path(part.is_there).exists()]
    if missing and allowed:
        packages = sorted({part.package for part in missing})
        say(f"installing {', '.join(packages)} from Debian's packages")
        failed = apt_install(packages)
        if failed:
            say(failed)
        missing = [part for part in PARTS if not Path(part.is_there).exists()]
    if allowed and not Path(SHELL[1]).exists():
        apt_install([SHELL[0]])  # where there is none, the tests are as good and take longer
    return missing


def apt_install(packages: list[str]) -> str:
    """Install Debian's packages; what the programs said where that failed, else nothing."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    said = ""
    for argv in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages],
    ):
        done = subprocess.run(
            argv, env=quiet, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            said += done.stdout[-2000:] + done.stderr[-2000:]
    return said


def run_tests(missing: list[Part], extra: list[str], report: Path) -> int:
    """pytest on two workers, without the tests of missing parts; what it did is written to `report`."""
    left_out = sorted({part.marker for part in missing})
    marks = " and ".join(f"not {marker}" for marker in left_out)
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "2",
        "--dist",
        "loadgroup",
        "-q",
        f"--junitxml={report}",
        *(["-m", marks] if marks else []),
        *extra,
    ]
    return subprocess.run(argv, cwd=ROOT, env=environment(), check=False).returncode


def read_skipped(report: Path) -> list[str]:
    """Why tests were skipped, each reason once with how many tests it kept from running."""
    if not report.exists():
        return ["what was skipped is not known: the run left no report"]
    found = Counter(
        one.get("message", "no reason given") for one in ElementTree.parse(report).iter("skipped")
    )
    return [f"{reason} ({count} test{'s' if count > 1 else ''})" for reason, count in sorted(found.items())]


def main() -> int:
    """Checks, tests, and the truth about what did not run."""
    arguments = sys.argv[1:]
    checked = True if "--no-checks" in arguments else run_checks()
    if arguments == ["--checks-only"]:
        return 0 if checked else 1
    missing = missing_parts()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        code = run_tests(missing, [each for each in arguments if each != "--no-checks"], report)
        not_run = read_skipped(report)
    if missing:
        names = ", ".join(part.name for part in missing)
        packages = " ".join(sorted({part.package for part in missing}))
        not_run.append(f"{names}; for them: apt-get install -y --no-install-recommends {packages}")
    if not checked:
        say("the checks before the tests failed, see above")
    say(f"not run: {'; '.join(not_run)}" if not_run else "everything was run")
    demanded = os.environ.get("ALL") == "1" and missing
    return 1 if code or not checked or demanded else 0


if __name__ == "__main__":
    sys.exit(main())
