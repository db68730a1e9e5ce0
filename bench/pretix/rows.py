"""The table's rows of ours beside pretix."""

from __future__ import annotations

from bench.ground import Row
from bench.load import CLIENTS, Asked, Measured


def rows_beside_pretix(ours: Asked, theirs: Asked | str) -> list[Row]:
    """Throughput is ours by theirs, CPU theirs by ours: more is better in both.

    A sentence in place of what pretix took says why it was not run.
    """
    one, many = "booking over HTTP, 1 client", f"booking over HTTP, {CLIENTS} clients"
    redeemed = f"redemption over HTTP, {CLIENTS} clients"
    if isinstance(theirs, str):
        alone = booking = redemption = theirs
    else:
        alone, booking, redemption = theirs.alone, theirs.booking, theirs.redemption
    return [
        *_pair(one, ours.alone, alone, "order", aims=("–", "–")),
        *_pair(many, ours.booking, booking, "order", aims=("≥ 25 ×", "≥ 30 ×")),
        *_pair(redeemed, ours.redemption, redemption, "check-in", aims=("≥ 20 ×", "≥ 25 ×")),
    ]


def _pair(what: str, own: Measured, other: Measured | str, act: str, *, aims: tuple[str, str]) -> list[Row]:
    rate, cpu = f"{what}, beside pretix", f"{what}, beside pretix, CPU"
    own_rate, own_cpu = f"{own.rate:,.0f}/s", f"{own.cpu:.1f} ms CPU"
    if isinstance(other, str):
        return [
            Row(rate, own_rate, "not run", None, aims[0], other),
            Row(cpu, own_cpu, "not run", None, aims[1], other),
        ]
    return [
        Row(rate, own_rate, f"{other.rate:,.1f}/s (pretix {act})", own.rate / other.rate, aims[0]),
        Row(cpu, own_cpu, f"{other.cpu:,.1f} ms CPU (pretix {act})", other.cpu / own.cpu, aims[1]),
    ]
