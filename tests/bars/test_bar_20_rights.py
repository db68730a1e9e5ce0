"""Bar 20: every endpoint and page × every role × own store, other store, other chain: as written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from api.schema import CHAIN, schema_document
from chains.hosts import ChainInfo, chain_at
from chains.scope import chain_scope
from tenants.booking.domain.live import issue_ticket, spend_ticket
from tenants.booking.models import Booking
from tenants.people.domain import rights
from tenants.people.domain.logo import remove_logo, save_logo
from tenants.stores.models import Store
from tests.bars import FULL, record
from tests.bars.rights_calls import call_api
from tests.bars.rights_pages import PAGE_COLUMNS, answer_text, hold_a_time, visit
from tests.bars.rights_registry import API, CALLS
from tests.bars.rights_world import (
    COLUMNS,
    ROLES,
    Things,
    World,
    ask,
    make_world,
    read_table,
    routes_of,
    sign_in_all,
    standing_in,
)
from tests.ground.cast import NOW, Cast

PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (256).to_bytes(4, "big") * 2 + bytes(64)
OF_NOBODY = {"/readyz"}  # says how the parts do, whoever asks
NO_SCHEMA = {"GET /schema", "GET /docs"}
Table = dict[tuple[str, str], dict[str, str]]


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    """It is Saturday noon in Shanghai."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture()
def world(cast: Cast, empty_cache: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """The cast in chains that are open, with something of everything."""
    hosts: dict[str, ChainInfo | None] = {
        f"{name}.tessera.test": chain_at(f"{name}.tessera.test") for name in ("alpha", "beta")
    }
    # the cache of hosts would run out within the one transaction in which all is asked
    monkeypatch.setattr("chains.middleware.chain_at", hosts.get)
    return make_world(cast)


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
    """One call at alpha as that column; `change` alters the body before it is sent."""
    at = world.things["own" if target == "-" else target]
    return call_api(world, endpoint, column, at, token=token, change=change)


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


def test_bar_20_a_logo_is_a_picture_of_its_own_chain_alone(world: World) -> None:
    alpha, beta = world.cast.alpha, world.cast.beta
    with chain_scope(alpha.info):
        name = save_logo(PICTURE, by=alpha.actors["owner"])
    answers = {}
    for chain in (alpha, beta):
        with standing_in(world, chain.info):
            answers[chain.info.slug] = ask("GET", f"/media/{name}", host=chain.info.slug)
    with chain_scope(alpha.info):
        remove_logo(by=alpha.actors["owner"])
    assert (answers["alpha"].status_code, answers["alpha"].content) == (200, PICTURE)
    assert answers["beta"].status_code == 404


def page_differences(world: World, table: Table) -> list[str]:
    """Where a page answers otherwise than the table says, or a stranger's cookie says anything."""
    wrong = []
    for (endpoint, target), row in table.items():
        method, route = endpoint.split()
        at = world.things["own" if target == "-" else target]
        cache.clear()  # the library counts tries at an address
        with standing_in(world, world.cast.alpha.info):
            for column, expected in {**row, "foreigner": row["nobody"]}.items():
                got = answer_text(visit(world, method, route, column, at))
                if got != expected:
                    wrong.append(f"{endpoint} {target} {column}: {got}, not {expected}")
    return wrong


def thinned(table: Table) -> Table:
    """The small form: each line once for every answer it knows, by another column in the next line, and by nobody."""
    if FULL:
        return table
    thin: Table = {}
    for number, (key, row) in enumerate(table.items()):
        by_answer: dict[str, list[str]] = {}
        for column, answer in row.items():
            by_answer.setdefault(answer, []).append(column)
        columns = {found[number % len(found)] for found in by_answer.values()} | {"nobody"}
        thin[key] = {column: row[column] for column in row if column in columns}
    return thin


def pages() -> list[str]:
    """Every route of a chain's host that is not the API's."""
    return [route for route in routes_of(CHAIN) if not route.startswith(f"{API}/") and route not in OF_NOBODY]


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
    asked = thinned(table)
    assert page_differences(world, asked) == []
    record(20, pages=len(written), page_answers=sum(len(row) for row in asked.values()))


def test_bar_20_a_booking_of_another_store_is_not_found_under_ones_own(world: World) -> None:
    sign_in_all(world)
    own, other = world.things["own"], world.things["other"]
    mixed = replace(own, bookings=other.bookings)
    wrong = []
    with standing_in(world, world.cast.alpha.info):
        for endpoint, _target in read_table("rights_pages.txt", PAGE_COLUMNS):
            method, route = endpoint.split()
            if "{store}" in route and "{booking}" in route and "/changed/" not in route:
                for column in ROLES:
                    got = answer_text(visit(world, method, route, column, mixed))
                    if got not in ("404", "403") or (column == "owner" and got != "404"):
                        wrong.append(f"{endpoint} {column}: {got}")
    assert wrong == []


def body_fields() -> set[tuple[str, str]]:
    """Every field of a body that holds an id, by the schema: (call, field), lists of objects with a dot."""
    document = schema_document(CHAIN)
    found = set()

    def walk(schema: dict[str, Any], path: str) -> Iterator[str]:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        for part in [*schema.get("oneOf", []), *schema.get("allOf", []), *schema.get("anyOf", [])]:
            yield from walk(part, path)
        if schema.get("format") == "uuid" and not schema.get("readOnly"):
            yield path
        if "items" in schema:
            yield from walk(schema["items"], path)
        for name, inner in schema.get("properties", {}).items():
            yield from walk(inner, f"{path}.{name}".lstrip("."))

    for path, calls in document["paths"].items():
        for method, operation in calls.items():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                endpoint = f"{method.upper()} {path.removeprefix(API)}"
                found |= {(endpoint, field) for field in walk(media["schema"], "")}
    return found


def with_id(field: str, at: Things) -> Any:
    """The body with that field naming something of the target."""
    several = field in ("stores", "services", "practitioners", "despite", "seen")
    # bookings that a leave is approved in spite of, and those that calling a session off was seen to cancel
    name = "booking" if field in ("despite", "seen") else field[:-1] if several else field.rpartition(".")[2]
    value = {
        "store": at.store,
        "service": at.service,
        "practitioner": at.practitioner,
        "colleague": at.practitioner,
        "member": at.member,
        "resource": at.resource,
        "booking": at.booking("today"),
        "members": at.tables[0] if at.tables else None,
        "session": at.session,
        "product": at.product,
        # no call makes one of these: any id of theirs stands for it
        **dict.fromkeys(("pickup_window", "pass"), at.service),
    }[name]

    def change(body: Any) -> Any:
        if field in ("roles.store", "offers.store"):
            rest = {"role": "clerk"} if field == "roles.store" else {}
            return {**body, field.partition(".")[0]: [{**rest, "store": str(value)}]}
        if field == "items.product":
            return {**body, "items": [{"product": str(value), "quantity": 1}]}
        if field in ("session", "pickup_window"):
            return {
                **{key: body[key] for key in body if key not in ("starts_at", "service")},
                field: str(value),
            }
        if field == "stores":
            return {**{key: part for key, part in body.items() if key != "store"}, "stores": [str(value)]}
        if field == "members":
            return {**body, "members": [body["members"][0], str(value)]}
        if "." in field:
            rows, inner = field.split(".")
            return {**body, rows: [{**row, inner: str(value)} for row in body[rows]]}
        return {**body, field: [str(value)] if several else str(value)}

    return change


def test_bar_20_an_id_of_another_store_or_chain_in_a_body_does_not_pass(world: World) -> None:
    rows = {}
    for line in (Path(__file__).parent / "rights_bodies.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            method, path, field, *answers = line.split()
            rows[f"{method} {path}", field] = dict(zip(("foreign", "other"), answers, strict=True))
    assert set(rows) == body_fields()
    wrong = []
    for (endpoint, field), row in rows.items():
        with standing_in(world, world.cast.alpha.info):
            for target, expected in row.items():
                column = "owner" if target == "foreign" else "manager"
                answer = send(world, endpoint, column, "own", change=with_id(field, world.things[target]))
                if str(answer.status_code) != expected:
                    wrong.append(
                        f"{endpoint} {field} {target}: {answer.status_code}, not {expected}: {answer.content!r:.300}"
                    )
    assert wrong == []
    record(20, body_fields=len(rows))


def test_bar_20_no_body_takes_a_field_it_does_not_know(world: World) -> None:
    wrong = []
    for path, calls in schema_document(CHAIN)["paths"].items():
        for method, operation in calls.items():
            endpoint = f"{method.upper()} {path.removeprefix(API)}"
            if "requestBody" not in operation:
                continue
            members = ("PATCH /members/me", "POST /waiting/{wish_id}/accept")
            column = "member" if endpoint in members else "owner"
            with standing_in(world, world.cast.alpha.info):
                answer = send(world, endpoint, column, "own", change=_surplus)
            codes = {row["code"] for row in answer.json().get("errors", [])}
            if answer.status_code != 400 or "unknown_field" not in codes:
                wrong.append(f"{endpoint}: {answer.status_code} {answer.content!r:.200}")
    assert wrong == []


def _surplus(body: Any) -> Any:
    surplus = {"id": "01a1d7f0-0000-7000-8000-000000000000", "version_": 9, "is_operator": True}
    return [{**row, **surplus} for row in body] if isinstance(body, list) else {**(body or {}), **surplus}


def test_bar_20_a_role_is_never_given_above_ones_own(world: World) -> None:
    """The store manager cannot make an owner, not of a new person, not of somebody else, not of themselves."""
    owner = [{"role": "owner", "store": None}]
    own_id = world.cast.alpha.employees["store_manager"].id
    with standing_in(world, world.cast.alpha.info):
        made = send(world, "POST /employees", "manager", "own", change=lambda body: {**body, "roles": owner})
        other = send(
            world,
            "PATCH /employees/{employee_id}",
            "manager",
            "own",
            change=lambda body: {**body, "roles": owner},
        )
        oneself = ask(
            "PATCH",
            f"{API}/employees/{own_id}",
            headers={"authorization": f"Bearer {world.tokens['manager']}"},
            data=json.dumps({"roles": owner}),
        )
    answers = [(answer.status_code, answer.json()["code"]) for answer in (made, other, oneself)]
    assert answers == [(403, "role_not_yours")] * 3


@pytest.mark.mutant
def test_mutant_every_employee_may_do_everything(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = dict.fromkeys(rights.RIGHTS, frozenset(rights.Action))
    monkeypatch.setattr(rights, "RIGHTS", everything)
    row = ("POST /stores/{store_id}/closures", "own")
    assert api_differences(world, {row: read_table("rights_api.txt", COLUMNS)[row]}) != []


@pytest.mark.mutant
def test_mutant_a_member_sees_every_booking(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tenants.booking.domain.day.bookings_seen_by",
        lambda actor: Booking.objects.select_related(
            "store", "service", "member", "practitioner", "resource"
        ),
    )
    row = ("GET /bookings/{booking_id}", "own")
    assert api_differences(world, {row: read_table("rights_api.txt", COLUMNS)[row]}) != []


@pytest.mark.mutant
def test_mutant_the_page_asks_nobody_who_they_are(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in_all(world)
    world.cookies["visitor"] = {}
    monkeypatch.setattr("web.workbench.access.stores_of", lambda actor: tuple(Store.objects.all()))
    row = ("GET /workbench/{store}/find/", "other")
    assert page_differences(world, {row: read_table("rights_pages.txt", PAGE_COLUMNS)[row]}) != []


@pytest.mark.mutant
def test_mutant_an_endpoint_without_a_row() -> None:
    written = {endpoint for endpoint, _target in read_table("rights_api.txt", COLUMNS)}
    written.discard("POST /live")
    assert written != endpoints()
