"""What a run was made on, and how quickly that computed: cores are shared, and by the hour twice as slow."""

from __future__ import annotations

import os
import platform
import time

STEPS = 1_000_000
TRIES = 5


def loop_ms() -> float:
    """Milliseconds of a loop of a million steps of Python: the median of five, on whatever core it gets."""
    return sorted(_once() for _ in range(TRIES))[TRIES // 2]


def _once() -> float:
    begun, total = time.perf_counter(), 0
    for step in range(STEPS):
        total = total * 3 + step & 0xFFFF
    return (time.perf_counter() - begun) * 1000


def about(before: float, after: float, *, commit: str) -> str:
    """The line above the table; `before` and `after` are loop_ms at both ends of the run."""
    return (
        f"Commit {commit}, Python {platform.python_version()}, {os.cpu_count()} cores;"
        f" a loop of a million steps took {before:.0f} ms before the run and {after:.0f} ms after it."
    )
