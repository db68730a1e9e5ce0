"""Bar 20 on the platform's host: every page and call × nobody, a chain's owner, an operator: as written."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from accounts.domain.operators import create_operator
from api.schema import PLATFORM, schema_document
from chains.models import Signup
from chains.scope import platform_scope
from tests.bars import record
from tests.bars.rights_pages import FORM
from tests.bars.rights_world import World, ask, make_world, read_table, routes_of, session_of, standing_in
from tests.ground.cast import NOW, PASSWORD, Cast

PLATFORM_COLUMNS = ("nobody", "owner", "operator")
OF_NOBODY = {"/readyz"}  # says how the parts do, whoever asks
Table = dict[tuple[str, str], dict[str, str]]


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture()
def world(cast: Cast, empty_cache: None) -> World:
    """The cast, a sign-up that waits for its code, an operator who is inside."""
    made = make_world(cast)
    with platform_scope():
        operator = create_operator("op@tessera.test", password=PASSWORD, name="Op")
        signup = Signup.objects.create(
            brand="Qi Bai", slug="qibai", email="li@qibai.test", password_hash="x", verticals=["beauty"],
            locale="zh-Hans", time_zone="Asia/Shanghai", currency="CNY",
        )  # fmt: skip
    inside = Client(HTTP_HOST="tessera.test")
    inside.post("/console/login/", {"email": operator.email, "password": PASSWORD})
    made.cookies["operator"] = {name: morsel.value for name, morsel in inside.cookies.items()}
    # an owner's cookie of a chain's host, sent to the platform's
    made.cookies["owner"] = session_of(cast.alpha, user=cast.alpha.employees["owner"].user)
    made.cookies["ids"] = {"signup": str(signup.id), "chain": str(cast.alpha.info.id)}
    return made


def visit(world: World, method: str, route: str, column: str) -> str:
    """What one request comes to: the status, or the console's door."""
    ids = world.cookies["ids"]
    path = route.format(
        signup_id=ids["signup"], object_id=ids["signup"] if "/signup/" in route else ids["chain"],
        content_type_id="1", app_label="chains", url="nothing", slug="qibai", name="day",
    )  # fmt: skip
    data = "{}" if route.startswith("/api/") else urlencode({"next": "/"})
    kind = "application/json" if route.startswith("/api/") else FORM
    answer = ask(
        method,
        path,
        host="",
        cookies=world.cookies[column],
        data=data if method != "GET" else b"",
        content_type=kind,
    )
    if answer.status_code == 302 and answer["Location"].startswith("/console/login/"):
        return "door"
    return str(answer.status_code)


def served(world: World) -> set[str]:
    """Every method and route of the platform's host that is answered at all."""
    found = set()
    with standing_in(world, None):
        for route in routes_of(PLATFORM):
            for method in ("GET", "POST"):
                if route not in OF_NOBODY and visit(world, method, route, "operator") != "405":
                    found.add(f"{method} {route}")
    return found


def differences(world: World, table: Table) -> list[str]:
    """Where the platform answers otherwise than the table says."""
    wrong = []
    for (endpoint, _target), row in table.items():
        method, route = endpoint.split()
        cache.clear()  # sign-ups are counted by address
        with standing_in(world, None):
            for column, expected in row.items():
                got = visit(world, method, route, column)
                if got != expected:
                    wrong.append(f"{endpoint} {column}: {got}, not {expected}")
    return wrong


def test_bar_20_the_platforms_host_answers_as_written(world: World) -> None:
    table = read_table("rights_platform.txt", PLATFORM_COLUMNS)
    assert served(world) == {endpoint for endpoint, _target in table}
    assert differences(world, table) == []
    record(20, platform_routes=len(table), answers=sum(len(row) for row in table.values()))


def test_bar_20_a_chains_token_opens_nothing_on_the_platform(world: World) -> None:
    answers = set()
    with standing_in(world, None):
        for path in schema_document(PLATFORM)["paths"]:
            answer = ask(
                "GET",
                path.format(signup_id=world.cookies["ids"]["signup"], slug="qibai"),
                host="",
                headers={"authorization": f"Bearer {world.tokens['owner']}"},
            )
            answers.add((answer.status_code, answer.json()["code"]))
    assert answers == {(401, "token_refused")}


@pytest.mark.mutant
def test_mutant_the_console_lets_everybody_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.site.ConsoleSite.has_permission", lambda site, request: True)
    row = ("GET /console/", "-")
    assert differences(world, {row: read_table("rights_platform.txt", PLATFORM_COLUMNS)[row]}) != []
