"""The day of a store with 500 bookings and 40 people: server time of the page's timeline, and the work of its DOM."""

from __future__ import annotations

import json
import subprocess
import sys

from bench.ground import ROOT, Ground, Row

AIM = 400.0


def run(ground: Ground) -> list[Row]:
    """Median of the whole day, of one changed booking; how many elements the grid has."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.measure_timeline"],
        cwd=ROOT,
        env=ground.environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found = json.loads(done.stdout.strip().splitlines()[-1])
    size = f"{found['bookings']} bookings, {found['elements']:,} elements, {found['kilobytes']:,} KB"
    return [
        Row(
            "a day of 500 bookings drawn, median",
            f"{found['day']:,.0f} ms",
            f"CPU {found['cpu']:,.0f} ms",
            AIM / found["day"],
            f"≤ {AIM:.0f} ms",
            size,
        ),
        Row(
            "one changed booking in it, median",
            f"{found['changed']:,.0f} ms",
            "–",
            AIM / found["changed"],
            f"≤ {AIM:.0f} ms",
        ),
    ]
