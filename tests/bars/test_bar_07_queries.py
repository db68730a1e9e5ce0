"""Bar 7: whatever is read asks the database no more often for many rows than for ten."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from psycopg import sql

from accounts.domain.operators import create_operator
from accounts.ids import new_id
from api.schema import PLATFORM
from billing.models import RevenueChange
from chains.hosts import ChainInfo, chain_at
from chains.models import Chain, Signup
from chains.schemas.owner import owner_connection
from chains.scope import PUBLIC, chain_scope, platform_scope
from console.admin import ChainAdmin
from tenants.booking.models import PickupPlan, PickupWindow, Pool, WaitingRules
from tenants.people.models import DayShift
from tenants.stores.domain import set_up
from tenants.stores.models import SetUp, Travel
from tests.bars import record, size
from tests.bars.canaries import have_a_row, hold_and_need, tenant_models
from tests.bars.crowd import Crowd, parents_first
from tests.bars.rights_calls import call_api
from tests.bars.rights_pages import PAGE_COLUMNS, hold_a_time, visit
from tests.bars.rights_things import Things
from tests.bars.rights_world import (
    COLUMNS,
    World,
    ask,
    make_world,
    read_table,
    routes_of,
    sign_in_all,
    standing_in,
)
from tests.ground.cast import NOW, PASSWORD, Cast, fill_alpha, fill_beta, local
from tests.ground.chains import TwoChains, make_chain

FEW, MANY = 10, size(120, 1_000)
# Lists that are as long where there are many, and why.
AS_LONG = {
    "GET /usage": "one row a limit of the plan",
    "GET /steps": "one row a step of the service",
    "GET /recommendations": "three at most",
    "GET /bookings/{booking_id}/penalties": "of one booking, a cause once",
    "GET /bookings/{booking_id}/payments": "of one booking, a few tries",
}
# Of the platform's tables: what the console does not show, and the pool would hand out.
NOT_SHOWN = ("chaintemplate", "pooledschema")
# Who asks: the first of them whom the table of rights lets in.
ASKING = ("owner", "practitioner", "member", "visitor", "nobody")
Ask = Callable[[], Any]


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@dataclass
class Answer:
    """What one request came to: the status, how many rows it lists, its length, what it asked the database."""

    status: int
    rows: int | None
    length: int
    queries: list[str]


@dataclass
class Ground:
    """Something of everything, of which there may be many, and who reads it."""

    world: World
    info: ChainInfo | None
    crowd: Crowd
    reads: dict[str, Ask]


Looked = dict[str, tuple[Answer, Answer]]


def reads_of_chain(world: World, host: str) -> dict[str, Ask]:
    """Every GET of the chain's host that somebody may read, asked by one who may."""
    at = world.things["own"]
    found: dict[str, Ask] = {}
    for endpoint, column in [*_asked(read_table("rights_api.txt", COLUMNS)), ("GET /waiting", "member")]:
        found[f"{endpoint} {column}"] = lambda e=endpoint, c=column: call_api(world, e, c, at, host=host)
    for endpoint, column in _asked(read_table("rights_pages.txt", PAGE_COLUMNS)):
        route = endpoint.split()[1]
        found[f"{endpoint} {column}"] = lambda r=route, c=column: visit(world, "GET", r, c, at, host=host)
    return found


def _asked(table: dict[tuple[str, str], dict[str, str]]) -> Iterator[tuple[str, str]]:
    for (endpoint, target), row in table.items():
        if endpoint.startswith("GET ") and target in ("-", "own"):
            column = next((one for one in ASKING if row.get(one) == "200"), None)
            if column is not None:
                yield endpoint, column


@pytest.fixture()
def ground(two_chains: TwoChains, empty_cache: None, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """The cast in a chain of its own, with a row in every table, and everybody signed in."""
    info = make_chain("crowd")
    hosts: dict[str, ChainInfo | None] = {"crowd.tessera.test": chain_at("crowd.tessera.test")}
    # the cache of hosts would run out within the one transaction in which all is asked
    monkeypatch.setattr("chains.middleware.chain_at", hosts.get)
    world = make_world(Cast(alpha=fill_alpha(info), beta=fill_beta(two_chains.b)))
    sign_in_all(world)
    hold_a_time(world, host="crowd")
    with chain_scope(info):
        hold_and_need(world.things["own"])
        _add_what_has_rules(world.things["own"], world.things["other"])
    # content types are Django's own, as many as there are models; the set-up's token is one
    models = [model for model in tenant_models() if model not in (ContentType, SetUp)]
    _fill_tables(models, info.schema_name, info)
    crowd = Crowd(info.schema_name, models)
    crowd.begin()
    crowd.allow_overlaps()
    return Ground(world, info, crowd, reads_of_chain(world, "crowd"))


def _add_what_has_rules(own: Things, other: Things) -> None:
    """Rows that no arbitrary values would make."""
    Travel.objects.create(store_id=own.store, other_id=other.store, minutes=20)
    DayShift.objects.create(
        employee_id=own.practitioner, store_id=own.store, on=local(24, 0).date(), starts=540, ends=1080
    )
    WaitingRules.objects.create(store_id=own.store)
    place = {"store_id": own.store, "service_id": own.pickup}
    PickupPlan.objects.create(**place, weekday=2, starts=600, ends=720, minutes=60, cap=5)
    pool = Pool.objects.create(id=new_id(), store_id=own.store, kind="pickup", capacity=5)
    PickupWindow.objects.create(**place, pool=pool, starts_at=local(24, 10), ends_at=local(24, 11))


def _fill_tables(models: list[Any], schema: str, info: ChainInfo) -> None:
    """A row in every table that has none."""
    with owner_connection() as owner:
        owner.execute(sql.SQL("SET search_path = {}, extensions").format(sql.Identifier(schema)))
        for model in parents_first(models):
            have_a_row(owner, model, info)


def look(read: Ask) -> Answer:
    """Ask with nothing cached, and count."""
    queries: list[str] = []

    def note(execute: Any, query: str, params: Any, many: bool, context: Any) -> Any:
        queries.append(query)
        return execute(query, params, many, context)

    cache.clear()
    with connection.execute_wrapper(note):
        answer = read()
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    rows = None
    if answer.get("Content-Type", "").startswith("application/json"):
        told = answer.json()
        told = told["results"] if isinstance(told, dict) and "results" in told else told
        rows = len(told) if isinstance(told, list) else None
    return Answer(answer.status_code, rows, len(content), queries)


def look_at_all(ground: Ground) -> dict[str, Answer]:
    """Every read once, by a process that remembers nothing: the crowd comes past the triggers that would tell it."""
    set_up._kept = set_up._Kept()
    with standing_in(ground.world, ground.info):
        return {name: look(read) for name, read in ground.reads.items()}


def few_and_many(ground: Ground) -> Looked:
    """Each read with ten of everything, and with many."""
    ground.crowd.grow(FEW)
    few = look_at_all(ground)
    ground.crowd.grow(MANY)
    many = look_at_all(ground)
    return {name: (few[name], many[name]) for name in ground.reads}


def more_queries(looked: Looked) -> dict[str, Counter[str]]:
    """What is asked more often where there are many, by read; savepoints have names of their own."""
    found = {}
    for name, (few, many) in looked.items():
        more = _shapes(many.queries) - _shapes(few.queries)
        if len(many.queries) > len(few.queries):
            found[name] = more
    return found


def _shapes(queries: list[str]) -> Counter[str]:
    return Counter(re.sub(r"s\d+_x\d+", "…", query)[:400] for query in queries)


def lists_as_long(looked: Looked) -> set[str]:
    """The API's lists that did not get longer."""
    found = {name for name, (few, many) in looked.items() if many.rows is not None and few.rows == many.rows}
    return {name.rpartition(" ")[0] for name in found} - {
        name.rpartition(" ")[0] for name, (few, many) in looked.items() if few.rows != many.rows
    }


def test_bar_07_a_read_asks_no_more_often_for_many_rows_than_for_ten(ground: Ground) -> None:
    looked = few_and_many(ground)
    assert {(few.status, many.status) for few, many in looked.values()} == {(200, 200)}
    assert more_queries(looked) == {}
    assert lists_as_long(looked) == set(AS_LONG)
    counts = ground.crowd.counts()
    assert {
        table for table, rows in counts.items() if rows < 3 * max(1, len(ground.crowd.first[table]))
    } == set()
    longer = sum(many.length > few.length * 1.1 for few, many in looked.values())
    record(7, reads=len(looked), longer=longer, rows=sum(counts.values()))


@pytest.fixture()
def console(two_chains: TwoChains, empty_cache: None) -> Iterator[Ground]:
    """The platform with a row in every table that the console shows, and an operator inside."""
    labels = ("chains", "billing")
    models = [
        model
        for model in apps.get_models()
        if model._meta.app_label in labels and model._meta.managed and model._meta.model_name not in NOT_SHOWN
    ]
    with platform_scope():
        operator = create_operator("op@tessera.test", password=PASSWORD, name="Op")
        signup = Signup.objects.create(
            brand="Qi Bai", slug="qibai", email="li@qibai.test", password_hash="x", verticals=["beauty"],
            locale="zh-Hans", time_zone="Asia/Shanghai", currency="CNY",
        )  # fmt: skip
        RevenueChange.objects.create(
            chain_id=two_chains.a.id, plan="growth", interval="month", currency="CNY", amount=100, at=NOW
        )
    _fill_tables(models, PUBLIC, two_chains.a)
    inside = Client(HTTP_HOST="tessera.test")
    inside.post("/console/login/", {"email": operator.email, "password": PASSWORD})
    cookies = {name: morsel.value for name, morsel in inside.cookies.items()}
    crowd = Crowd(PUBLIC, models)
    crowd.begin()
    world = World(None, {}, {}, {})  # type: ignore[arg-type]
    reads = {}
    for route in routes_of(PLATFORM):
        ids = {"object_id": str(signup.id if "/signup/" in route else two_chains.a.id)}
        path = route.format_map({**dict.fromkeys(re.findall(r"{(\w+)}", route), "1"), **ids})
        reads[f"GET {route}"] = lambda p=path: ask("GET", p, host="", cookies=cookies)
    yield Ground(world, None, crowd, reads)
    crowd.leave()


def test_bar_07_the_console_asks_no_more_often_for_many_rows_than_for_ten(console: Ground) -> None:
    looked = {
        name: both for name, both in few_and_many(console).items() if both[0].status == both[1].status == 200
    }
    lists = {name for name in console.reads if re.fullmatch(r"GET /console/(chains|billing)/\w+/", name)}
    assert lists - set(looked) == set()
    assert more_queries(looked) == {}
    assert {name for name in lists if looked[name][1].length <= looked[name][0].length} == set()
    record(7, console_reads=len(looked), lists=len(lists))


@pytest.mark.mutant
@pytest.mark.parametrize("read", ["GET /bookings owner", "GET /workbench/{store}/day/ owner"])
def test_mutant_a_list_reads_what_its_rows_refer_to_one_by_one(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    monkeypatch.setattr(QuerySet, "select_related", lambda rows, *names: rows._chain())
    ground.reads = {read: ground.reads[read]}
    assert set(more_queries(few_and_many(ground))) == {read}


@pytest.mark.mutant
def test_mutant_the_console_reads_each_rows_chain(console: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    read = "GET /console/chains/chain/"
    shown = ChainAdmin.stores
    monkeypatch.setattr(ChainAdmin, "stores", lambda page, chain: shown(page, Chain.objects.get(id=chain.id)))
    console.reads = {read: console.reads[read]}
    assert set(more_queries(few_and_many(console))) == {read}
