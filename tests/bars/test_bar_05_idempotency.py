"""Bar 5: keys × retries, sockets dropped: one effect each, the same answer to every retry."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest
from django.db import connection
from django.test import Client

from chains.postgresql.ask import Question
from chains.scope import chain_scope
from tenants.people.domain import places
from tenants.stores.models import Closure
from tests.api.conftest import Program, employee_program
from tests.bars import SEED, record, size
from tests.ground.cast import Cast
from tests.ground.server import web_server
from tests.ground.workers import wait_until

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("empty_cache")]


@dataclass
class Reply:
    """What came back."""

    status: int
    replayed: bool
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body).get("code", "")) if self.status >= 400 else ""


class Send(Protocol):
    """Sends a POST as a program; None when the socket was dropped before the answer."""

    def __call__(
        self, program: Program, path: str, body: dict[str, Any], key: str, *, drop: bool = False
    ) -> Reply | None: ...


@dataclass
class Seen:
    """Per key, every answer that came."""

    answers: dict[str, list[Reply]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, key: str, reply: Reply) -> None:
        with self.lock:
            self.answers.setdefault(key, []).append(reply)


def over_sockets(port: int) -> Send:
    """To a real server; a drop closes the socket while the answer is being made."""

    def send(program, path, body, key, *, drop=False):
        host = f"{program.chain.slug}.tessera.test"
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {
            "Host": host,
            "Authorization": f"Bearer {program.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        try:
            line.request("POST", f"/api/v1/{path}", json.dumps(body), headers)
            if drop:
                return None
            answer = line.getresponse()
            return Reply(answer.status, "Idempotent-Replayed" in answer.headers, answer.read())
        finally:
            line.close()

    return send


def in_process(program, path, body, key, *, drop=False):
    """Through Django's test client; each thread has its own connection to the database."""
    client = Client(HTTP_HOST=f"{program.chain.slug}.tessera.test", raise_request_exception=False)
    headers = {"Authorization": f"Bearer {program.token}", "Idempotency-Key": key}
    try:
        answer = client.post(
            f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers
        )
    finally:
        connection.close()
    return None if drop else Reply(answer.status_code, "Idempotent-Replayed" in answer, answer.content)


def closing(key: str) -> dict[str, Any]:
    """A write whose effect can be counted: one closure of a store."""
    return {"from": "2031-01-01", "to": "2031-01-02", "reason": key}


def path_of(cast: Cast, chain: str = "alpha") -> str:
    stores = getattr(cast, chain).stores
    return f"stores/{next(iter(stores.values())).id}/closures"


def effects(program: Program) -> Counter[str]:
    with chain_scope(program.chain):
        return Counter(Closure.objects.values_list("reason", flat=True))


def check_one_effect_each(send: Send, cast: Cast, *, keys: int, retries: int, threads: int = 8) -> Seen:
    """Every key is sent `retries` times by many threads, some dropped: one effect, one answer."""
    owner, path, seen = employee_program(cast.alpha, "owner"), path_of(cast), Seen()
    jobs = [f"key-{n}" for n in range(keys) for _ in range(retries)]
    dice = random.Random(SEED)
    dice.shuffle(jobs)
    drops = [dice.random() < 0.15 for _ in jobs]

    def one(key: str, drop: bool) -> None:
        for _ in range(200):
            reply = send(owner, path, closing(key), key, drop=drop)
            if reply is None:
                return
            seen.add(key, reply)
            if reply.code != "idempotency_in_flight":
                return
            time.sleep(0.02)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, jobs, drops))
    wanted = [f"key-{n}" for n in range(keys)]
    for key in wanted:  # whatever was dropped, the next retry gets the answer
        one(key, False)
    assert effects(owner) == Counter(wanted)
    for key in wanted:
        final = [reply for reply in seen.answers[key] if reply.code != "idempotency_in_flight"]
        assert {reply.status for reply in final} == {201}
        assert len({reply.body for reply in final}) == 1
        assert sum(not reply.replayed for reply in final) <= 1
    return seen


def test_bar_05_one_effect_a_key_over_a_real_server(cast):
    keys, retries = size(12, 200), size(8, 50)
    with web_server() as port:
        seen = check_one_effect_each(over_sockets(port), cast, keys=keys, retries=retries)
    answers = [reply for rows in seen.answers.values() for reply in rows]
    in_flight = sum(reply.code == "idempotency_in_flight" for reply in answers)
    record(5, keys=keys, retries=retries, answers=len(answers), in_flight=in_flight)


def test_bar_05_another_body_is_refused(cast):
    owner, path = employee_program(cast.alpha, "owner"), path_of(cast)
    assert in_process(owner, path, closing("a"), "k").status == 201
    for _ in range(3):
        reply = in_process(owner, path, closing("b"), "k")
        assert (reply.status, reply.code) == (422, "idempotency_key_reused")
    assert effects(owner) == Counter("a")


def check_twin_waits(cast: Cast, monkeypatch: pytest.MonkeyPatch, *, patience: float = 15) -> None:
    """While the first is being answered, its twin is told so, and later gets the same answer."""
    owner, path = employee_program(cast.alpha, "owner"), path_of(cast)
    inside, go = threading.Event(), threading.Event()
    really = places.close_days

    def slowly(*args: Any, **kwargs: Any) -> Closure:
        closure = really(*args, **kwargs)
        inside.set()
        go.wait(20)
        return closure

    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(places, "close_days", slowly)
        first = pool.submit(in_process, owner, path, closing("twin"), "k")
        try:
            assert inside.wait(20)
            inside.clear()
            twin = pool.submit(in_process, owner, path, closing("twin"), "k")
            # told at once, or, where nothing holds it back, at work beside the first
            wait_until(lambda: twin.done() or inside.is_set(), seconds=patience)
            answered = twin.done()
        finally:
            go.set()
        reply = twin.result(30)
        assert (answered, reply.status, reply.code) == (True, 409, "idempotency_in_flight")
        assert first.result(30).status == 201
    again = in_process(owner, path, closing("twin"), "k")
    assert (again.status, again.replayed, again.body) == (201, True, first.result().body)
    assert effects(owner) == Counter(["twin"])


def test_bar_05_a_twin_in_flight_is_told_so(cast, monkeypatch):
    check_twin_waits(cast, monkeypatch)


def check_independent(cast: Cast) -> None:
    """The same key of another user or chain is another key."""
    callers = [
        (employee_program(cast.alpha, "owner"), path_of(cast)),
        (employee_program(cast.alpha, "brand_manager"), path_of(cast)),
        (employee_program(cast.beta, "owner"), path_of(cast, "beta")),
    ]
    for program, path in callers:
        reply = in_process(program, path, closing("same"), "k")
        assert (reply.status, reply.replayed) == (201, False)
    assert effects(callers[0][0]) == Counter({"same": 2})
    assert effects(callers[2][0]) == Counter({"same": 1})


def test_bar_05_another_user_and_another_chain_are_independent(cast):
    check_independent(cast)


@pytest.mark.mutant
def test_mutant_answers_are_not_kept(cast, monkeypatch):
    monkeypatch.setattr("api.views.keep_answer", lambda *args, **kwargs: None)
    with pytest.raises(AssertionError):
        check_one_effect_each(in_process, cast, keys=2, retries=4, threads=2)


@pytest.mark.mutant
def test_mutant_nobody_takes_the_lock(cast, monkeypatch):
    unlocked = Question("SELECT true", (), lambda rows: True)
    monkeypatch.setattr("api.idempotency._lock_question", lambda scope: unlocked)
    with pytest.raises(AssertionError):
        check_twin_waits(cast, monkeypatch, patience=3)


@pytest.mark.mutant
def test_mutant_the_caller_is_not_part_of_the_key(cast, monkeypatch):
    monkeypatch.setattr("api.idempotency.scope_of", lambda key, **_: f"{key:0>64}".replace("k", "a"))
    with pytest.raises(AssertionError):
        check_independent(cast)
