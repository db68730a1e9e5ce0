"""Bar 20: every endpoint and page × every role × own store, other store, other chain: as written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.utils import timezone

from api.schema import CHAIN, schema_document
from chains.hosts import ChainInfo, chain_at, forget_hosts
from chains.models import Chain as ChainRow
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.live import issue_ticket, spend_ticket
from tests.bars import record
from tests.bars.rights_calls import CALLS
from tests.bars.rights_pages import PAGE_COLUMNS, answer_text, hold_a_time, visit
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
from tests.ground.cast import NOW, Cast

API = "/api/v1"
NO_SCHEMA = {"GET /schema", "GET /docs"}
Table = dict[tuple[str, str], dict[str, str]]


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    """It is Saturday noon in Shanghai."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture()
def world(cast: Cast, empty_cache: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The cast in chains that are open, with something of everything."""
    _open(cast, NOW)
    hosts: dict[str, ChainInfo | None] = {
        f"{name}.tessera.test": chain_at(f"{name}.tessera.test") for name in ("alpha", "beta")
    }
    # the cache of hosts would run out within the one transaction in which all is asked
    monkeypatch.setattr("chains.middleware.chain_at", hosts.get)
    yield make_world(cast)
    _open(cast, None)


def _open(cast: Cast, at: Any) -> None:
    with platform_scope():
        ChainRow.objects.filter(id__in=[cast.alpha.info.id, cast.beta.info.id]).update(opened_at=at)
    forget_hosts()


def endpoints() -> set[str]:
    """Every call that the schema of a chain's host describes, and the two that describe it."""
    found = {
        f"{method.upper()} {path.removeprefix(API)}"
        for path, calls in schema_document(CHAIN)["paths"].items()
        for method in calls
        if method in {"get", "post", "put", "patch", "delete"}
    }
    return found | NO_SCHEMA


def send(
    world: World, endpoint: str, column: str, target: str, *, token: str = "", change: Any = None
) -> Any:
    """One call as that column; `change` alters the body before it is sent."""
    method, path = endpoint.split()
    made = CALLS[endpoint](world, column, world.things["own" if target == "-" else target])
    query = f"?{urlencode(made.query)}" if made.query else ""
    token = token or world.tokens.get(column, "")
    body = made.body if change is None else change(made.body)
    return ask(
        method,
        f"{API}{path.format(**made.ids)}{query}",
        headers={"authorization": f"Bearer {token}"} if token else {},
        data=b"" if body is None else json.dumps(body),
    )


def api_differences(world: World, table: Table) -> list[str]:
    """Where the API answers otherwise than the table says."""
    wrong = []
    for (endpoint, target), row in table.items():
        with standing_in(world, world.cast.alpha.info):
            for column, expected in row.items():
                got = str(send(world, endpoint, column, target).status_code)
                if got != expected:
                    wrong.append(f"{endpoint} {target} {column}: {got}, not {expected}")
    return wrong


def test_bar_20_every_endpoint_has_a_row() -> None:
    assert {endpoint for endpoint, _target in read_table("rights_api.txt", COLUMNS)} == endpoints()
    assert set(CALLS) == endpoints()


def test_bar_20_every_route_of_the_api_is_in_the_schema() -> None:
    described = {endpoint.split()[1] for endpoint in endpoints()}
    served = {route.removeprefix(API) for route in routes_of(CHAIN) if route.startswith(f"{API}/")}
    assert served == described


def test_bar_20_the_api_answers_every_role_as_written(world: World) -> None:
    table = read_table("rights_api.txt", COLUMNS)
    assert api_differences(world, table) == []
    record(20, endpoints=len(endpoints()), answers=sum(len(row) for row in table.values()))


def test_bar_20_a_token_of_another_chain_opens_nothing(world: World) -> None:
    token, wrong = world.tokens["foreigner"], []
    for endpoint in sorted(endpoints() - NO_SCHEMA):
        with standing_in(world, world.cast.alpha.info):
            answer = send(world, endpoint, "owner", "own", token=token)
            if (answer.status_code, answer.json().get("code")) != (401, "token_refused"):
                wrong.append((endpoint, answer.status_code))
    assert wrong == []


def test_bar_20_a_ticket_for_a_stream_opens_it_once_in_its_own_chain(world: World) -> None:
    alpha, beta = world.cast.alpha, world.cast.beta
    tickets = []
    with chain_scope(alpha.info):
        for _ in range(2):
            ticket, _until = issue_ticket(
                world.things["own"].store, by=alpha.actors["clerk"], now=timezone.now()
            )
            tickets.append(ticket)
    at_home = [spend_ticket(tickets[0], schema=alpha.info.schema_name) for _ in range(2)]
    assert (at_home[0] and at_home[0].store_id, at_home[1]) == (world.things["own"].store, None)
    assert spend_ticket(tickets[1], schema=beta.info.schema_name) is None


def page_differences(world: World, table: Table) -> list[str]:
    """Where a page answers otherwise than the table says, or a stranger's cookie says anything."""
    wrong = []
    for (endpoint, target), row in table.items():
        method, route = endpoint.split()
        at = world.things["own" if target == "-" else target]
        with standing_in(world, world.cast.alpha.info):
            for column, expected in {**row, "foreigner": row["nobody"]}.items():
                got = answer_text(visit(world, method, route, column, at))
                if got != expected:
                    wrong.append(f"{endpoint} {target} {column}: {got}, not {expected}")
    return wrong


def pages() -> list[str]:
    """Every route of a chain's host that is not the API's."""
    return [route for route in routes_of(CHAIN) if not route.startswith(f"{API}/")]


def test_bar_20_every_page_answers_every_role_as_written(world: World) -> None:
    sign_in_all(world)
    hold_a_time(world)
    table = read_table("rights_pages.txt", PAGE_COLUMNS)
    written = {endpoint for endpoint, _target in table}
    served = set()
    with standing_in(world, world.cast.alpha.info):
        for route in pages():
            for method in ("GET", "POST"):
                if visit(world, method, route, "owner", world.things["own"]).status_code != 405:
                    served.add(f"{method} {route}")
    assert served == written
    assert page_differences(world, table) == []
    record(20, pages=len(written), page_answers=sum(len(row) for row in table.values()))
