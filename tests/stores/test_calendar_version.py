"""Hours and closures have one version: who saves from an older one is refused, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

import pytest

from chains.refusals import StaleVersion
from chains.scope import chain_scope
from tenants.people.domain.places import change_store, close_days, reopen_days, set_hours
from tenants.stores.domain import stores
from tenants.stores.domain.stores import DayHours
from tenants.stores.models import Closure, OpeningHours, Store
from tests.ground.cast import Cast
from tests.ground.races import race

DAYS = {"first": date(2026, 12, 24), "end": date(2026, 12, 26), "reason": ""}


@pytest.fixture()
def alpha(cast: Cast) -> Iterator[Cast]:
    with chain_scope(cast.alpha.info):
        yield cast


def version_of(cast: Cast) -> tuple[int, int]:
    """(calendar, words) of North."""
    return Store.objects.values_list("calendar_version", "version").get(id=cast.alpha.stores["north"].id)


def monday(cast: Cast, closes: int, version: int | None) -> list[OpeningHours]:
    north, owner = cast.alpha.stores["north"].id, cast.alpha.actors["owner"]
    return set_hours(north, [DayHours(1, 540, closes)], by=owner, version=version)


def test_every_change_of_hours_or_closures_counts_and_words_do_not(alpha: Cast) -> None:
    north, owner = alpha.alpha.stores["north"].id, alpha.alpha.actors["owner"]
    monday(alpha, 1200, 1)
    assert version_of(alpha) == (2, 1)
    closure = close_days(north, by=owner, version=2, **DAYS)
    assert version_of(alpha) == (3, 1)
    reopen_days(north, closure.id, by=owner)
    assert version_of(alpha) == (4, 1)
    change_store(north, {"name": "North"}, by=owner, version=1)
    assert version_of(alpha) == (4, 2)


@pytest.mark.parametrize("version", [1, 3, 0])
def test_another_version_is_refused_with_the_current_one(alpha: Cast, version: int) -> None:
    north, owner = alpha.alpha.stores["north"].id, alpha.alpha.actors["owner"]
    monday(alpha, 1200, None)
    acts: list[Callable[[], object]] = [
        lambda: monday(alpha, 1080, version),
        lambda: close_days(north, by=owner, version=version, **DAYS),
    ]
    for act in acts:
        with pytest.raises(StaleVersion) as refused:
            act()
        assert refused.value.extra == {"version": 2}
    assert list(OpeningHours.objects.filter(store_id=north).values_list("closes", flat=True)) == [1200]
    assert (Closure.objects.count(), version_of(alpha)) == (0, (2, 1))


def _codes(answers: list[Any]) -> list[str]:
    return sorted(getattr(answer, "code", "kept") for answer in answers)


@pytest.mark.race
def test_of_six_who_save_from_the_same_version_one_does(cast: Cast) -> None:
    acts = [partial(monday, cast, 1000 + number, 1) for number in range(6)]
    assert _codes(race(cast.alpha.info, acts)) == ["kept"] + ["stale_version"] * 5
    with chain_scope(cast.alpha.info):
        assert version_of(cast) == (2, 1)


@pytest.mark.race
def test_without_the_check_all_of_them_save(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: the version is what refuses the others."""
    monkeypatch.setattr(stores, "require_version", lambda current, told: None)
    acts = [partial(monday, cast, 1000 + number, 1) for number in range(6)]
    assert _codes(race(cast.alpha.info, acts)) == ["kept"] * 6
