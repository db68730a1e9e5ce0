"""Availability through the domain's own reading side; filled in by traffic's chain."""

from __future__ import annotations

from bench.ground import Ground, Row


def run(ground: Ground) -> list[Row]:
    """See bench.traffic, which measures it over HTTP too."""
    return []
