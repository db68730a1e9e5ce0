"""`make bench`: every comparison, a table at the end and in var/bench.json."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict

from bench import availability, hot_session, migration, overhead, provisioning, search, timeline, traffic
from bench.ground import ROOT, Ground, Row, say, standing_ground
from bench.machine import about, loop_ms

MARKS = ("<!-- bench -->", "<!-- /bench -->")


def main() -> int:
    """Run the parts one after the other on one fresh PostgreSQL."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true", help="also a thousand chains")
    parser.add_argument("--only", help="one part by name")
    options = parser.parse_args()
    parts: dict[str, Callable[[Ground], list[Row]]] = {
        "overhead": overhead.run,
        "traffic": traffic.run,
        "availability": availability.run,
        "hot_session": hot_session.run,
        "provisioning": provisioning.run,
        "search": search.run,
        "timeline": timeline.run,
        "migration": lambda ground: migration.run(ground, full=options.full),
    }
    rows: list[Row] = []
    before = loop_ms()
    with standing_ground() as ground:
        for name, run in parts.items():
            if options.only in (None, name):
                begun = time.monotonic()
                rows += run(ground)
                say(f"{name}: {time.monotonic() - begun:.0f} s")
    line = about(before, loop_ms(), commit=_commit())
    say(f"{line}\n\n{table(rows)}")
    keep(rows, line)
    if options.only is None:
        show_in_readme(f"{line}\n\n{table(rows)}")
    return 0


def _commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| What | Ours | Beside it | Ratio | Aim |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        ratio = "not run" if row.ratio is None else f"{row.ratio:,.2f} ×"
        lines.append(
            f"| {row.what} | {row.ours} | {row.theirs} | {ratio} | {row.aim} |{' ' + row.note if row.note else ''}"
        )
    return "\n".join(lines)


def show_in_readme(text: str) -> None:
    """Put the table between the README's marks."""
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text().partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    readme.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}")


def keep(rows: list[Row], line: str) -> None:
    """Write var/bench.json: `line` tells commit, interpreter and how quickly the machine computed."""
    path = ROOT / "var" / "bench.json"
    told = {"about": line, "machine": platform.platform(), "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    sys.exit(main())
