"""Finding bookings by whatever is known of them."""

from __future__ import annotations

import random

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from bench.three_years import Years, make_bookings, make_members
from chains.scope import chain_scope
from tenants.booking.domain import find
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.codes import check_symbol
from tenants.booking.domain.day import find_bookings, first_ids
from tenants.booking.models import Booking, Status
from tenants.members.domain.members import change_member, welcome_member
from tenants.members.models import Member
from tenants.people.domain.rights import NotSeen
from tenants.people.models import Employee
from tests.booking.conftest import Desk
from tests.ground.cast import NOW, SHANGHAI, Cast, local

FORWARD, BACK = ("starts_at", "id"), ("-starts_at", "-id")


@pytest.fixture()
def day(cast: Cast, desk: Desk) -> dict[str, Booking]:
    """Four bookings at North: Su with Ya, Chen with Lin, a cancelled one of 王小雅, one of hers that stands."""
    with chain_scope(cast.alpha.info):
        wang = welcome_member("+8613900002046", name="王小雅", now=NOW)[0]
        lin = cast.alpha.employees["second"].id
        clerk = {"who": "clerk", "member": wang.id, "service": "short"}
        made = {
            "su": desk.book(local(23, 10)),
            "chen": desk.book(local(23, 10), who="chen", practitioner_id=lin),
            "gone": desk.book(local(23, 14), **clerk),
            "wang": desk.book(local(23, 16), **clerk),
        }
        cancel_booking(made["gone"].id, by=cast.alpha.actors["clerk"], now=NOW)
        Employee.objects.filter(id=cast.alpha.employees["practitioner"].id).update(name="小雅")
    return made


def _names(
    cast: Cast, day: dict[str, Booking], text: str, *, who: str = "clerk", **more: object
) -> list[str]:
    with chain_scope(cast.alpha.info):
        found = find_bookings(by=cast.alpha.actors[who], zone=SHANGHAI, text=text, now=NOW, **more)  # type: ignore[arg-type]
        ids = {booking.id for booking in found.rows}
    return [name for name, booking in day.items() if booking.id in ids]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("苏", ["su"]),
        ("苏晴", ["su"]),
        ("sq", ["su"]),
        ("suqing", ["su"]),
        ("chen ke", ["chen"]),
        ("王", ["gone", "wang"]),
        ("wxy", ["gone", "wang"]),
        ("2046", ["gone", "wang"]),
        ("139 0000 2046", ["gone", "wang"]),
        ("小雅", ["su", "gone", "wang"]),
        ("hydration", ["su", "chen"]),
        ("eye care", ["gone", "wang"]),
        ("王 eye", ["gone", "wang"]),
        ("王 hydration", []),
        ("小雅 hydration", ["su"]),
        ("cancelled", ["gone"]),
        ("已取消", ["gone"]),
        ("王 取消", ["gone"]),
        ("lin", ["chen"]),
        ("陈", []),
        ("···", []),
        ("%", []),
    ],
)
def test_bookings_are_found(cast: Cast, day: dict[str, Booking], text: str, found: list[str]) -> None:
    assert _names(cast, day, text) == found


def test_a_code_is_found_by_its_beginning_and_as_it_is_read_aloud(
    cast: Cast, day: dict[str, Booking]
) -> None:
    code = day["chen"].code
    spoken = f"{code[:4].lower()}-{code[4:].lower()}"
    found = [_names(cast, day, text) for text in (code, spoken, code[:6], f"{code[:4]}-{code[4:6]}")]
    assert found == [["chen"]] * 4


def test_a_name_that_could_be_a_code_is_found(cast: Cast, day: dict[str, Booking]) -> None:
    name = "MARGARE"
    with chain_scope(cast.alpha.info):
        wang = Member.objects.get(name="王小雅")
        change_member(wang.id, by=cast.alpha.actors["clerk"], name=f"{name}{check_symbol(name)}".capitalize())
    assert _names(cast, day, f"{name}{check_symbol(name)}".lower()) == ["gone", "wang"]


def test_the_words_and_the_filters_hold_together(cast: Cast, day: dict[str, Booking]) -> None:
    ya, short = cast.alpha.employees["practitioner"].id, cast.alpha.services["short"].id
    north, south = cast.alpha.stores["north"].id, cast.alpha.stores["south"].id
    assert _names(cast, day, "小雅", practitioner_id=ya, service_id=short) == ["gone", "wang"]
    assert _names(cast, day, "小雅", statuses=("cancelled",), store_id=north) == ["gone"]
    assert _names(cast, day, "小雅", who="owner", store_id=south) == []


def test_who_may_not_read_members_finds_nobody_by_phone(cast: Cast, day: dict[str, Booking]) -> None:
    assert _names(cast, day, "2046", who="read_only") == []


def test_other_stores_bookings_are_found_by_nobody_of_this_one(cast: Cast, day: dict[str, Booking]) -> None:
    assert _names(cast, day, "苏", who="south_clerk") == []
    with chain_scope(cast.alpha.info), pytest.raises(NotSeen):
        north = cast.alpha.stores["north"].id
        find_bookings(by=cast.alpha.actors["south_clerk"], zone=SHANGHAI, store_id=north, text="苏", now=NOW)


def test_a_member_searches_among_their_own(cast: Cast, day: dict[str, Booking]) -> None:
    assert _names(cast, day, "hydration", who="su") == ["su"]
    assert _names(cast, day, "王", who="su") == []


def test_a_common_name_is_found_as_a_rare_one_is(
    cast: Cast, day: dict[str, Booking], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "FEW", 0)
    assert _names(cast, day, "王") == ["gone", "wang"]
    assert _names(cast, day, "小雅 eye") == ["gone", "wang"]


@pytest.mark.parametrize(
    ("order", "near", "looks"),
    [
        (FORWARD, Q(), 1),
        (FORWARD, Q(starts_at__lt=local(22, 0)), 1),
        (FORWARD, Q(starts_at__lt=local(19, 10)), 2),
        (BACK, Q(), 1),
        (BACK, Q(starts_at__gte=local(23, 0)), 1),
        (BACK, Q(starts_at__gte=local(30, 0)), 2),
    ],
)
def test_the_first_of_a_common_name_are_looked_for_nearby_and_then_everywhere(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, order: tuple[str, str], near: Q, looks: int
) -> None:
    monkeypatch.setattr(find, "FEW", 10)
    with chain_scope(cast.alpha.info):
        _make_many(cast, Years(local(23, 0), days=4, ahead=2, per_day=100, members=800))
        found = find_bookings(by=cast.alpha.actors["owner"], zone=SHANGHAI, text="王", now=NOW)
        whole = [booking.id for booking in found.rows.order_by(*order)[:8]]
        with CaptureQueriesContext(connection) as queries:
            ids = first_ids(found, lambda rows: rows.order_by(*order), 8, near=near)
    assert (len(ids), ids, len(queries)) == (8, whole, looks)


@pytest.mark.parametrize(
    "text", ["王", "王 eye", "wxy", "王 2046", "2046", "cancelled", "小雅 取消", "nobody"]
)
def test_nearby_the_same_are_found_as_everywhere(
    cast: Cast, day: dict[str, Booking], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(find, "FEW", 0)
    with chain_scope(cast.alpha.info):
        found = find_bookings(by=cast.alpha.actors["clerk"], zone=SHANGHAI, text=text, now=NOW)
        everywhere = {booking.id for booking in found.rows}
        nearby = everywhere if found.near is None else {booking.id for booking in found.near}
    common = text in {"王", "王 eye", "wxy", "小雅 取消"}
    assert (nearby, found.near is not None) == (everywhere, common)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("已取消", Status.CANCELLED),
        ("no-show", Status.NO_SHOW),
        ("confirmed", Status.CONFIRMED),
        ("取", None),
        ("con", None),
        ("王小雅", None),
    ],
)
def test_statuses_are_named_in_both_languages(word: str, status: Status | None) -> None:
    assert find.status_named(word) == status


def test_a_search_asks_a_fixed_number_of_queries_and_counts_nothing(
    cast: Cast, day: dict[str, Booking]
) -> None:
    with chain_scope(cast.alpha.info), CaptureQueriesContext(connection) as queries:
        rows = list(
            find_bookings(by=cast.alpha.actors["clerk"], zone=SHANGHAI, text="小雅 eye", now=NOW).rows
        )
    asked = [query["sql"] for query in queries if " FROM " in query["sql"]]
    assert (len(rows), [sql for sql in asked if "COUNT(" in sql.upper()]) == (2, [])
    # names of services and of staff, members of each way that a member has a part in (3), the plan's history,
    # bookings, their items
    assert len(asked) == 8


INDEXES = {
    "code": ("QB7KA", ("booking_code_once",)),
    "member": ("小雅", ("booking_by_member",)),
    "initials": ("wxy", ("booking_by_member", "members_nameindex_pkey")),
    "phone": ("9193", ("booking_by_member",)),
    "staff": ("lin", ("booking_by_practitioner",)),
    "service": ("eye", ("booking_by_service",)),
    "status": ("no-show", ("booking_by_status",)),
}
BULK = Years(local(23, 0), days=60, ahead=5, per_day=200, members=4000)


def _make_many(cast: Cast, years: Years) -> None:
    members = make_members(years.members, now=NOW, rng=random.Random(3))
    make_bookings(
        years,
        store=cast.alpha.stores["north"].id,
        services=[service.id for service in cast.alpha.services.values()],
        staff=[cast.alpha.employees[key].id for key in ("practitioner", "second")],
        members=[member.id for member in members],
    )


def test_no_search_reads_all_there_is(cast: Cast, day: dict[str, Booking]) -> None:
    """EXPLAIN: each kind of word is found by an index of its own, and the table is never walked through."""
    north = cast.alpha.stores["north"].id
    plans = {}
    with chain_scope(cast.alpha.info):
        _make_many(cast, BULK)
        with connection.cursor() as cursor:
            # nobody may ANALYZE within a test: without figures the planner must still have the way
            cursor.execute("SET LOCAL enable_seqscan = off")
        for kind, (text, _indexes) in INDEXES.items():
            store = north if kind == "status" else None
            found = find_bookings(
                by=cast.alpha.actors["owner"], zone=SHANGHAI, store_id=store, text=text, now=NOW
            )
            plans[kind] = found.rows.explain()
    used = {kind: any(one in plans[kind] for one in indexes) for kind, (_text, indexes) in INDEXES.items()}
    assert used == dict.fromkeys(INDEXES, True)
