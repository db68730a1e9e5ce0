"""What `make bars` says of a bar."""

from __future__ import annotations

from bench.bars import BARS, gather, table_of


def test_a_bar_with_a_test_that_could_not_run_is_not_run() -> None:
    outcomes = {
        3: [("passed", "")],
        4: [("passed", ""), ("skipped", "no PgBouncer here")],
        5: [("passed", ""), ("skipped", "x"), ("failed", "two effects")],
    }
    bars = {bar.bar: bar for bar in gather(outcomes, {3: [{"seed": 1, "full": True, "claims": 5000}]})}
    assert [(bars[number].state, bars[number].why) for number in (3, 4, 5, 8)] == [
        ("passed", ""),
        ("not run", "no PgBouncer here"),
        ("failed", "two effects"),
        ("not run", "no test for it yet"),
    ]
    assert sorted(bars) == sorted(BARS)


def test_the_table_has_a_line_a_bar_with_its_figures() -> None:
    bars = gather({3: [("passed", "")]}, {3: [{"seed": 1, "full": True, "claims": 5000}]})
    lines = table_of(bars).splitlines()
    assert len(lines) == 2 + len(BARS)
    assert lines[4] == "| 3 | overlapping claims: no overlapping pair | passed | claims 5000 |"
