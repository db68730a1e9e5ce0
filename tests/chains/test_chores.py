"""One round of housekeeping a day and chain: every chore, small batches, and the next round is marked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chains import chores
from chains.chores import BATCH, KIND, PAUSE, keep_chain, let_go, next_round, register_chore
from chains.due import lease_due, run_due
from chains.models import DueWork
from chains.scope import chain_scope
from tenants.stores.models import Region
from tests.ground.chains import TwoChains

pytestmark = pytest.mark.usefixtures("committed")
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture()
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No chore but those of the test; which of them ran."""
    monkeypatch.setattr(chores, "_chores", {})
    return []


def _chore(name: str, done: list[str], *, more: bool = False) -> None:
    def chore(*, now: datetime) -> bool:
        done.append(name)
        return more

    register_chore(name, chore)


def _marked() -> list[tuple[str, datetime]]:
    return list(DueWork.objects.order_by("due_at").values_list("schema", "due_at"))


def test_a_round_does_every_chore_and_marks_the_next_one(two_chains: TwoChains, done: list[str]) -> None:
    _chore("a", done)
    _chore("b", done)
    with chain_scope(two_chains.a):
        keep_chain(now=NOON)
    schema = two_chains.a.schema_name
    assert done == ["a", "b"]
    assert _marked() == [(schema, next_round(schema, now=NOON))]


def test_a_round_that_has_more_to_do_goes_on_after_a_pause(two_chains: TwoChains, done: list[str]) -> None:
    _chore("a", done, more=True)
    _chore("b", done)
    with chain_scope(two_chains.a):
        keep_chain(now=NOON)
    assert done == ["a", "b"]
    assert _marked() == [(two_chains.a.schema_name, NOON + PAUSE)]


def test_a_chore_registered_twice_is_refused(done: list[str]) -> None:
    _chore("a", done)
    with pytest.raises(ValueError, match="named a"):
        _chore("a", done)


def test_the_next_round_is_at_the_same_minute_within_a_day_and_differs_by_chain() -> None:
    first = next_round("t_abc", now=NOON)
    assert NOON < first <= NOON + DAY
    assert next_round("t_abc", now=first - timedelta(seconds=1)) == first
    assert next_round("t_abc", now=first) == first + DAY
    assert len({next_round(f"t_{number}", now=NOON) for number in range(50)}) > 40


def test_batches_are_let_go_one_after_the_other(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        Region.objects.bulk_create(Region(name=f"old {number}") for number in range(BATCH + 1))
        Region.objects.create(name="young")
        old = Region.objects.filter(name__startswith="old")
        assert [let_go(old), let_go(old), let_go(old)] == [True, False, False]
        assert list(Region.objects.values_list("name", flat=True)) == ["young"]


def test_two_rows_of_a_repeated_start_become_one(two_chains: TwoChains, done: list[str]) -> None:
    _chore("a", done)
    for seconds in (0, 1):
        DueWork.objects.create(
            schema=two_chains.a.schema_name, kind=KIND, due_at=NOON - timedelta(seconds=seconds)
        )
    for batch in lease_due(now=NOON):
        run_due(batch, now=NOON)
    assert done == ["a"]
    assert len(_marked()) == 1
