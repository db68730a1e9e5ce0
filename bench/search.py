"""The search box over three years × 500 bookings a day: server time of the whole answer, in process."""

from __future__ import annotations

import json
import subprocess
import sys

from bench.ground import ROOT, Ground, Row

AIM = 100.0


def run(ground: Ground) -> list[Row]:
    """p95 of every kind of search together, and of the slowest kind."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.measure_search"],
        cwd=ROOT,
        env=ground.environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found = json.loads(done.stdout.strip().splitlines()[-1])
    slowest = max(found["kinds"], key=lambda kind: found["kinds"][kind])
    return [
        Row(
            "a search in 3 years × 500 a day, p95",
            f"{found['p95']:,.1f} ms",
            f"median {found['median']:,.1f} ms",
            AIM / found["p95"],
            "< 100 ms",
            f"CPU of web and database p95 {found['work_p95']:,.0f} ms",
        ),
        Row(
            f"the slowest kind of search ({slowest}), p95",
            f"{found['kinds'][slowest]:,.1f} ms",
            "–",
            AIM / found["kinds"][slowest],
            "< 100 ms",
            "CPU p95: " + "; ".join(f"{kind} {took:,.0f}" for kind, took in found["work"].items()),
        ),
    ]
