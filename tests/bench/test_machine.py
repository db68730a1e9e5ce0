"""What stands above the table of figures."""

from __future__ import annotations

import os
import platform

from bench.machine import about


def test_the_line_says_how_quickly_the_machine_computed_at_both_ends_of_the_run() -> None:
    assert about(41.4, 98.6, commit="abc1234") == (
        f"Commit abc1234, Python {platform.python_version()}, {os.cpu_count()} cores;"
        " a loop of a million steps took 41 ms before the run and 99 ms after it."
    )
