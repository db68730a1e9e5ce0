"""`make bars`: every bar in its full size; bars.json, a table here and in the README."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
MARKS = ("<!-- bars -->", "<!-- /bars -->")
NOT_RUN = "not run"

BARS = {
    1: "10,000 attempts on 30 seats",
    2: "waiting list under 10,000 random steps",
    3: "overlapping claims: no overlapping pair",
    4: "one code redeemed 1,000 times",
    5: "idempotency keys × retries",
    6: "payments at a hold's expiry",
    7: "no deadlock, no query per row",
    8: "ledger under random sequences",
    9: "ledger and audit are append-only",
    10: "a checkout killed at each step",
    11: "Stripe events repeated and shuffled",
    12: "payment provider away",
    13: "24 months of invoices",
    14: "WeChat Pay and Alipay notices",
    15: "a worker killed: each effect once",
    16: "broker wiped and killed",
    17: "two schedulers killed",
    18: "reminders to 10,000 members",
    19: "outgoing webhooks",
    20: "every endpoint and page × every role",
    21: "markers and mixed requests of other chains",
    22: "tricks with hosts, cookies, tokens",
    23: "operators' acts are on record",
    24: "one chain at 20 × load",
    25: "1,000 guesses at one account",
    26: "schemathesis on the whole API",
    27: "static checks, CSP, inert input",
    28: "one chain restored, the others untouched",
    29: "200 chains migrated; 100 sign-ups",
    30: "every part killed 20 times under load",
}


@dataclass
class Bar:
    """One bar: `state` is passed, failed or not run; a figure is what a test recorded."""

    bar: int
    what: str
    state: str = NOT_RUN
    why: str = "no test for it yet"
    tests: int = 0
    figures: list[dict[str, Any]] = field(default_factory=list)


def main() -> int:
    """Run pytest, gather, print, keep. Fails if a bar failed."""
    chosen = [int(text) for text in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        run_tests(report, Path(folder), chosen)
        bars = gather(read_report(report), read_figures(Path(folder)))
    table = table_of(bars)
    say(table)
    keep(bars)
    if not chosen:
        write_readme(table)
    return 1 if any(bar.state == "failed" for bar in bars) else 0


def run_tests(report: Path, figures: Path, chosen: list[int]) -> None:
    """The bars' tests in one process, mutants left out; `chosen` bars only, if any are named."""
    files = [
        str(path.relative_to(ROOT))
        for bar in chosen
        for path in (ROOT / "tests/bars").glob(f"test_bar_{bar:02}_*.py")
    ]
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "not mutant",
        f"--junitxml={report}",
        *(files or ["tests/bars"]),
    ]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")},
        "BARS": "full",
        "BARS_FIGURES": str(figures),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
    }
    subprocess.run(argv, cwd=ROOT, env=environment, check=False)


def read_report(report: Path) -> dict[int, list[tuple[str, str]]]:
    """What became of each test of each bar: (passed | failed | skipped, its words)."""
    found: dict[int, list[tuple[str, str]]] = {}
    if not report.exists():
        return found
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname', '')} {case.get('name', '')}"
        number = re.search(r"bar_(\d\d)_", name)
        if number is None:
            continue
        state, why = "passed", ""
        for kind in ("failure", "error", "skipped"):
            child = case.find(kind)
            if child is not None:
                state = "skipped" if kind == "skipped" else "failed"
                why = (child.get("message") or "").strip().partition("\n")[0][:200]
                break
        found.setdefault(int(number[1]), []).append((state, why))
    return found


def read_figures(folder: Path) -> dict[int, list[dict[str, Any]]]:
    """The lines that tests.bars.record() kept, by bar."""
    found: dict[int, list[dict[str, Any]]] = {}
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            found.setdefault(row.pop("bar"), []).append(row)
    return found


def gather(outcomes: dict[int, list[tuple[str, str]]], figures: dict[int, list[dict[str, Any]]]) -> list[Bar]:
    """Every bar with its state. One with a test that could not run is not run, whatever else passed."""
    bars = []
    for number, what in BARS.items():
        bar = Bar(number, what, tests=len(outcomes.get(number, [])), figures=figures.get(number, []))
        if any((ROOT / "tests/bars").glob(f"test_bar_{number:02}_*.py")):
            bar.why = "not asked for in this run"
        states = dict(outcomes.get(number, []))
        for state, word in (("failed", "failed"), ("skipped", NOT_RUN), ("passed", "passed")):
            if state in states:
                bar.state, bar.why = word, states[state]
                break
        bars.append(bar)
    return bars


def table_of(bars: Iterable[Bar]) -> str:
    """Markdown."""
    lines = ["| Bar | What | State | Figures |", "| --- | --- | --- | --- |"]
    lines += [f"| {bar.bar} | {bar.what} | {bar.state} | {words_of(bar)} |" for bar in bars]
    return "\n".join(lines)


def words_of(bar: Bar) -> str:
    """The figures in a line, or why there are none."""
    rows = [
        ", ".join(
            f"{name.replace('_', ' ')} {value}" for name, value in row.items() if name not in ("seed", "full")
        )
        for row in bar.figures
    ]
    return "; ".join(dict.fromkeys(rows)) if rows and bar.state == "passed" else bar.why.replace("|", "/")


def keep(bars: Iterable[Bar]) -> None:
    """Write bars.json: figure, seed, commit, machine."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    content = {
        "commit": commit.stdout.strip(),
        "machine": {
            "platform": platform.platform(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "bars": [asdict(bar) for bar in bars],
    }
    (ROOT / "bars.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def write_readme(table: str) -> None:
    """Put the table between the README's marks, where it has them."""
    text = README.read_text()
    if all(mark in text for mark in MARKS):
        before, _mark, rest = text.partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        README.write_text(f"{before}{MARKS[0]}\n{table}\n{MARKS[1]}{after}")


def say(line: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
