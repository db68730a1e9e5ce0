"""Stores: what is refused of one, and hours that never overlap."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from chains.refusals import StaleVersion
from chains.scope import chain_scope
from tenants.stores.domain.resources import add_resource
from tenants.stores.domain.stores import (
    DayHours,
    HoursOverlap,
    HoursPastMidnight,
    StoreWrong,
    _require_order,
    change_store,
    close_days,
    create_store,
    replace_hours,
)
from tenants.stores.domain.wall import RangeBackwards
from tenants.stores.models import Closure, OpeningHours, ResourceKind, Store
from tests.ground.cast import Cast

NEW = {"name": "West", "time_zone": "Asia/Shanghai", "currency": "CNY", "country": "CN"}
spans = st.tuples(st.integers(1, 3), st.integers(0, 30), st.integers(0, 30)).map(lambda row: DayHours(*row))


@given(st.lists(spans, max_size=6))
def test_hours_are_taken_exactly_when_no_minute_of_a_day_stands_twice(hours: list[DayHours]) -> None:
    minutes = [(row.weekday, minute) for row in hours for minute in range(row.opens, row.closes)]
    backwards = any(row.opens >= row.closes for row in hours)
    overlapping = len(set(minutes)) != len(minutes)
    if backwards:
        with pytest.raises(HoursPastMidnight):
            _require_order(hours)
    elif overlapping:
        with pytest.raises(HoursOverlap):
            _require_order(hours)
    else:
        _require_order(hours)


def test_a_new_store_stands_last_and_is_closed(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        store = create_store({**NEW, "phone": "010 6552 9988"})
        assert (store.position, store.phone, store.hours.count()) == (4, "+861065529988", 0)
        assert Store.objects.order_by("position").last() == store


@pytest.mark.parametrize(
    ("field", "value"),
    [("time_zone", "Asia/Nowhere"), ("currency", "XQQ"), ("country", "QQ"), ("ownership", "rented")],
)
def test_what_does_not_exist_is_named(cast: Cast, field: str, value: str) -> None:
    with chain_scope(cast.alpha.info):
        with pytest.raises(StoreWrong) as refused:
            create_store({**NEW, field: value})  # type: ignore[typeddict-item]
        assert [error.field for error in refused.value.errors] == [field]
        assert not Store.objects.filter(name="West").exists()


def test_a_change_counts_up_and_an_older_one_is_refused(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        north = cast.alpha.stores["north"]
        assert (
            change_store(north.id, {"name": "Far north"}, version=north.version).version == north.version + 1
        )
        with pytest.raises(StaleVersion):
            change_store(north.id, {"name": "Near north"}, version=north.version)
        assert Store.objects.get(id=north.id).name == "Far north"


def test_hours_replace_the_week_of_one_store_alone(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        north, south = cast.alpha.stores["north"], cast.alpha.stores["south"]
        before = list(OpeningHours.objects.filter(store=south).values_list("weekday", "opens", "closes"))
        replace_hours(north, [DayHours(2, 780, 1440), DayHours(2, 540, 720)])
        kept = OpeningHours.objects.filter(store=north).order_by("opens")
        assert list(kept.values_list("weekday", "opens", "closes")) == [(2, 540, 720), (2, 780, 1440)]
        assert (
            list(OpeningHours.objects.filter(store=south).values_list("weekday", "opens", "closes")) == before
        )
    with chain_scope(cast.beta.info):
        assert OpeningHours.objects.count() == 7


def test_hours_that_are_refused_leave_those_before(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        north = cast.alpha.stores["north"]
        with pytest.raises(HoursOverlap):
            replace_hours(north, [DayHours(1, 540, 720), DayHours(1, 719, 800)])
        assert OpeningHours.objects.filter(store=north).count() == 7


def test_a_closure_has_a_day_at_least(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        north = cast.alpha.stores["north"]
        day = date(2026, 12, 24)
        with pytest.raises(RangeBackwards):
            close_days(north, first=day, end=day, reason="")
        made = close_days(north, first=day, end=date(2026, 12, 27), reason="  Holidays ")
        assert (made.starts_on, made.ends_on, made.reason) == (day, date(2026, 12, 27), "Holidays")


def test_a_practitioner_is_no_resource_that_a_store_adds(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        north = cast.alpha.stores["north"]
        for kind in (ResourceKind.PRACTITIONER, "boat"):
            with pytest.raises(StoreWrong):
                add_resource(north, {"kind": kind, "name": "X"})
        assert add_resource(north, {"kind": ResourceKind.ROOM, "name": " B ", "capacity": 2}).name == "B"


@pytest.mark.parametrize(
    ("constraint", "row"),
    [
        ("hours_in_order", lambda store: OpeningHours(store=store, weekday=1, opens=600, closes=600)),
        ("hours_in_order", lambda store: OpeningHours(store=store, weekday=1, opens=600, closes=1441)),
        ("hours_weekday_iso", lambda store: OpeningHours(store=store, weekday=0, opens=1, closes=2)),
        (
            "closure_in_order",
            lambda store: Closure(store=store, starts_on=date(2026, 1, 2), ends_on=date(2026, 1, 2)),
        ),
    ],
)
def test_the_database_refuses_it_too(cast: Cast, constraint: str, row: object) -> None:
    with chain_scope(cast.alpha.info):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            row(cast.alpha.stores["north"]).save()  # type: ignore[operator]


def test_a_new_chain_begins_with_one_store_and_only_once(cast: Cast) -> None:
    from tenants.stores.domain.first_store import start_with_store

    chain = SimpleNamespace(
        name="Qibai", verticals=["beauty"], time_zone="Asia/Tokyo", currency="JPY", country="JP"
    )
    with chain_scope(cast.beta.info):
        start_with_store(SimpleNamespace(chain=chain))  # type: ignore[arg-type]
        assert Store.objects.count() == 1
        Store.objects.all().delete()
        for _time in range(2):
            start_with_store(SimpleNamespace(chain=chain))  # type: ignore[arg-type]
        store = Store.objects.get()
        assert (store.name, store.time_zone, store.currency, store.country) == (
            "Qibai", "Asia/Tokyo", "JPY", "JP",
        )  # fmt: skip
        assert set(store.hours.values_list("opens", "closes")) == {(600, 1260)}
