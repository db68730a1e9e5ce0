"""Bar 26: schemathesis on the whole API, every role: no 5xx, no undocumented status, no schema breach."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
import time_machine
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.schema import CHAIN, PLATFORM, schema_document
from api.v1 import stores
from chains.after_scope import AfterScope
from chains.hosts import ChainInfo, chain_at
from tenants.people.domain.rights import NotSeen
from tests.bars import FULL, SEED, record, size
from tests.bars.rights_calls import CALLS
from tests.bars.rights_world import COLUMNS, World, ask, make_world, standing_in
from tests.ground.cast import NOW, Cast

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# The small form asks each call as the owner and as one of the others, in turn.
OTHERS = ("clerk", "member", "nobody")
API = "/api/v1"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture()
def world(cast: Cast, empty_cache: None, monkeypatch: pytest.MonkeyPatch) -> World:
    hosts: dict[str, ChainInfo | None] = {"alpha.tessera.test": chain_at("alpha.tessera.test")}
    monkeypatch.setattr("chains.middleware.chain_at", hosts.get)
    return make_world(cast)


def operations(urlconf: str) -> list[Any]:
    """Every call of the served schema."""
    # through JSON: what a program reads, without lazy texts
    document = json.loads(json.dumps(schema_document(urlconf), default=str))
    found = schemathesis.openapi.from_dict(document)
    return [result.ok() for result in found.get_all_operations()]


def fill(case: Any, made: Any, dice: random.Random) -> None:
    """Put ids that exist in place of random ones, here and there: most rules stand behind them."""
    for name, value in made.ids.items():
        if name in case.path_parameters and dice.random() < 0.8:
            case.path_parameters[name] = str(value)
    for name, value in made.query.items():
        if name in (case.query or {}) and dice.random() < 0.7:
            case.query[name] = str(value)
    if isinstance(case.body, dict) and isinstance(made.body, dict):
        for name, value in made.body.items():
            if name in case.body and dice.random() < 0.6:
                case.body[name] = value
    if made.body is not None and dice.random() < 0.15:
        case.body = made.body


def send(case: Any, *, host: str, token: str) -> Response | None:
    """The case through Django, as an answer that schemathesis can judge.

    None for a call that was judged and would now ask the outside: its answer is not made within the request.
    """
    kwargs = case.as_transport_kwargs(base_url=f"http://{host or 'www'}.tessera.test")
    asked = requests.Request(
        **{
            name: kwargs[name]
            for name in ("method", "url", "params", "headers", "cookies", "data", "json")
            if name in kwargs
        }
    ).prepare()
    headers = {name.lower(): _text(value) for name, value in asked.headers.items()}
    content_type = headers.pop("content-type", "application/json")
    if token:
        headers["authorization"] = f"Bearer {token}"
    for name in ("content-length", "host", "user-agent"):
        headers.pop(name, None)
    body = asked.body if asked.body is not None else b""
    answer = ask(
        str(asked.method), asked.path_url, host=host, headers=headers, data=body, content_type=content_type
    )
    if isinstance(answer, AfterScope):
        return None
    return Response(
        status_code=answer.status_code,
        headers={name: [str(value)] for name, value in answer.headers.items()},
        content=answer.content,
        request=asked,
        elapsed=0.0,
        verify=True,
        encoding="utf-8",
    )


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def breaches(
    operation: Any, *, host: str, token: str, examples: int, made: Callable[[], Any] | None = None
) -> tuple[int, list[str]]:
    """How many requests were sent to the operation, and what was wrong with the answers."""
    found: list[str] = []
    sent = 0

    @seed(SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def attempt(data: Any) -> None:
        nonlocal sent
        mode = GenerationMode.NEGATIVE if data.draw(st.integers(0, 3)) == 0 else GenerationMode.POSITIVE
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if made is not None:
            fill(case, made(), data.draw(st.randoms(use_true_random=False)))
        heard = send(case, host=host, token=token)
        sent += 1
        if heard is None:
            return
        try:
            case.validate_response(heard, checks=CHECKS)
        except BaseExceptionGroup as group:
            found.extend(_line(operation, heard, failure) for failure in group.exceptions)
        except AssertionError as failure:
            found.extend([_line(operation, heard, failure)])

    attempt()
    return sent, found


def told(wrong: list[str]) -> str:
    """What was wrong, each once, a paragraph each."""
    return "\n\n".join(sorted(set(wrong)))


def _line(operation: Any, heard: Response, failure: BaseException) -> str:
    what = f"{type(failure).__name__} {str(failure)[:300]!r}"
    body = heard.request.body
    return f"{operation.label} → {heard.status_code}: {what} [{heard.request.path_url} {body!r:.300}] {heard.content[:300]!r}"


def test_bar_26_the_chains_api_keeps_its_word(world: World) -> None:
    wrong: list[str] = []
    sent: Counter[str] = Counter()
    for number, operation in enumerate(operations(CHAIN)):
        endpoint = f"{operation.method.upper()} {operation.path.removeprefix(API)}"
        for column in COLUMNS if FULL else ("owner", OTHERS[number % len(OTHERS)]):
            with standing_in(world, world.cast.alpha.info):
                count, found = breaches(
                    operation,
                    host="alpha",
                    token=world.tokens.get(column, ""),
                    examples=size(4, 60),
                    made=lambda e=endpoint, c=column: CALLS[e](world, c, world.things["own"]),
                )
            sent[column] += count
            wrong += found
    assert told(wrong) == ""
    record(26, host="chain", requests=sum(sent.values()), roles=len(sent))


def test_bar_26_the_platforms_api_keeps_its_word(world: World) -> None:
    wrong: list[str] = []
    sent = 0
    for operation in operations(PLATFORM):
        with standing_in(world, None):
            count, found = breaches(operation, host="", token="", examples=size(12, 300))
        sent += count
        wrong += found
    assert told(wrong) == ""
    record(26, host="platform", requests=sent, roles=1)


def stores_read_by_owner(world: World, *, known: bool = True) -> list[str]:
    """What is wrong with the answers of one call, asked for ids that exist, or for random ones."""
    (operation,) = [one for one in operations(CHAIN) if one.label == f"GET {API}/stores/{{store_id}}"]
    made = CALLS["GET /stores/{store_id}"]
    with standing_in(world, world.cast.alpha.info):
        return breaches(
            operation,
            host="alpha",
            token=world.tokens["owner"],
            examples=10,
            made=(lambda: made(world, "owner", world.things["own"])) if known else None,
        )[1]


def test_bar_26_the_control_finds_nothing_in_one_call(world: World) -> None:
    assert told(stores_read_by_owner(world)) == ""


@pytest.mark.mutant
def test_mutant_a_fault_is_answered_with_500(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*args: Any, **options: Any) -> Any:
        raise KeyError("name")

    monkeypatch.setattr("api.v1.stores.store_documents", breaks)
    assert "ServerError" in told(stores_read_by_owner(world))


@pytest.mark.mutant
def test_mutant_an_answer_breaks_its_schema(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    really = stores.store_documents
    monkeypatch.setattr(
        stores,
        "store_documents",
        lambda rows, today: [{**row, "version": "one"} for row in really(rows, today=today)],
    )
    assert "JsonSchemaError" in told(stores_read_by_owner(world))


@pytest.mark.mutant
def test_mutant_a_status_that_is_not_described(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotSeen, "status", 410)
    assert "UndefinedStatusCode" in told(stores_read_by_owner(world, known=False))
