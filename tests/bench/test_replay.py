"""The replay in small: recommended times against the soonest and the most frequent, on days held out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bench.replay.run import Result, Size, replay

FOLDER = Path(__file__).resolve().parents[2] / "bench" / "replay"
SMALL = Size(chairs=2, members=130, learned=120, held_out=40)


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {one.policy: one for one in replay(11, SMALL)}


def test_recommended_times_hit_more_than_the_soonest_and_strand_no_more(results: dict[str, Result]) -> None:
    ours, soonest = results["recommended"], results["earliest first"]
    assert ours.hit_rate > soonest.hit_rate
    assert ours.idle <= soonest.idle


def test_recommended_times_beat_the_most_frequent_slot_on_both_ends_together(
    results: dict[str, Result],
) -> None:
    assert results["recommended"].combined > results["most frequent slot"].combined


def test_every_policy_is_asked_by_every_kind_of_member(results: dict[str, Result]) -> None:
    kinds = ["drifting", "habitual", "new", "opportunistic"]
    assert [sorted(one.asked) for one in results.values()] == [kinds] * 3


def test_the_same_seed_gives_the_same_figures() -> None:
    tiny = Size(chairs=1, members=20, learned=30, held_out=20)
    assert replay(3, tiny) == replay(3, tiny)


def test_the_generator_shares_nothing_with_the_recommender() -> None:
    for name in ("shop.py", "people.py"):
        tree = ast.parse((FOLDER / name).read_text())
        modules = {
            alias.name if isinstance(node, ast.Import) else str(node.module)
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        ours = {module for module in modules if module.split(".")[0] not in {"__future__", "random"}}
        assert ours <= {"bisect", "dataclasses", "collections.abc", "bench.replay.shop"}, name
