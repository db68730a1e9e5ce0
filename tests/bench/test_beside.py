"""What the table says of a benchmark beside somebody else's program."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import beside
from bench.beside import NotThere, beside_python
from bench.load import Asked, Measured, in_turns
from bench.pretix.rows import rows_beside_pretix


def took(rate: int, cpu: int) -> Measured:
    """So many requests in a second, each with so many milliseconds of CPU."""
    return Measured(1.0, rate * cpu / 1000, (0.01,) * rate)


OURS = Asked(alone=took(80, 5), booking=took(120, 4), redemption=took(300, 3))
THEIRS = Asked(alone=took(8, 100), booking=took(10, 100), redemption=took(30, 60))


def test_throughput_is_ours_by_theirs_and_cpu_theirs_by_ours() -> None:
    assert [(row.what, round(row.ratio or 0, 6), row.aim) for row in rows_beside_pretix(OURS, THEIRS)] == [
        ("booking over HTTP, 1 client, beside pretix", 10, "–"),
        ("booking over HTTP, 1 client, beside pretix, CPU", 20, "–"),
        ("booking over HTTP, 8 clients, beside pretix", 12, "≥ 25 ×"),
        ("booking over HTTP, 8 clients, beside pretix, CPU", 25, "≥ 30 ×"),
        ("redemption over HTTP, 8 clients, beside pretix", 10, "≥ 20 ×"),
        ("redemption over HTTP, 8 clients, beside pretix, CPU", 20, "≥ 25 ×"),
    ]


def test_what_could_not_be_installed_is_not_run_and_says_why() -> None:
    rows = rows_beside_pretix(OURS, "no wheel for this machine")
    assert [(row.theirs, row.ratio, row.note) for row in rows] == [
        ("not run", None, "no wheel for this machine")
    ] * 6
    assert [row.what for row in rows] == [row.what for row in rows_beside_pretix(OURS, THEIRS)]


def test_sides_are_asked_in_turns_and_each_gets_all_that_its_rounds_took() -> None:
    turns: list[tuple[str, int]] = []

    def side(name: str, seconds: float) -> Callable[[int], Measured]:
        def taken(turn: int) -> Measured:
            turns.append((name, turn))
            return Measured(seconds, 0.5, (0.001 * turn, 0.002))

        return taken

    ours, theirs = in_turns(side("ours", 1), side("theirs", 4), rounds=2)
    assert turns == [("ours", 0), ("theirs", 0), ("ours", 1), ("theirs", 1)]
    assert ours == Measured(2, 1.0, (0.0, 0.002, 0.001, 0.002))
    assert (ours.rate, ours.cpu, ours.median) == (2, 250, 2)
    assert (theirs.rate, theirs.cpu) == (0.5, 250)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with a lock file of its own, and a Python that can make no environment."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "rival.txt").write_text("rival==1\n")
    monkeypatch.setattr(beside, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    return tmp_path


def test_an_environment_that_cannot_be_made_leaves_no_stamp_and_is_tried_again(root: Path) -> None:
    for _time in range(2):
        with pytest.raises(NotThere, match="the rival could not be installed: no word"):
            beside_python("the rival", lock="rival")
    assert not (root / "var" / "rival-beside" / "installed").exists()


def test_an_environment_of_the_same_lock_file_is_taken_as_it_is(root: Path) -> None:
    home = root / "var" / "rival-beside"
    home.mkdir(parents=True)
    digest = hashlib.sha256((root / "requirements" / "rival.txt").read_bytes()).hexdigest()
    (home / "installed").write_text(digest)
    assert beside_python("the rival", lock="rival") == home / "bin" / "python"
