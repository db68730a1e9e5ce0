"""Bar 1: very many attempts on the 30 seats of one session, over several web processes: exactly 30 are booked."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from itertools import count, cycle
from threading import Barrier
from typing import Any

import pytest
from django.utils import timezone

from chains.hosts import ChainInfo
from chains.postgresql.ask import Question, done
from chains.schemas.owner import owner_connection
from chains.scope import chain_scope
from tenants.booking.domain import claims, fresh
from tenants.booking.domain.book import Guest
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.domain.sessions import Plan, plan_sessions
from tenants.booking.models import Booking, Pool, Session
from tests.api.conftest import employee_program
from tests.bars import record, size
from tests.booking.counted import Counted
from tests.ground.cast import NOW, Chain, fill_alpha
from tests.ground.chains import make_chain
from tests.ground.races import race
from tests.ground.server import web_server

pytestmark = pytest.mark.race

SEATS = 30
ATTEMPTS = size(240, 10_000)
CLIENTS = size(12, 64)
PROCESSES = size(2, 3)


@pytest.fixture()
def chain(committed: None) -> Chain:
    """A chain of its own: the mutant takes its constraint away."""
    return fill_alpha(make_chain("bar1"))


def _session(chain: Chain, starts_at: datetime, *, now: datetime) -> Session:
    with chain_scope(chain.info):
        counted = Counted(chain)
        (session,) = plan_sessions(
            counted.flow.id,
            store_id=counted.store.id,
            starts_at=starts_at,
            plan=Plan(capacity=SEATS),
            by=counted.owner,
            now=now,
            outside="at whatever hour the bar is run",
        )
    return session


class Client:
    """Keeps its connections open, one a server, and asks each in turn."""

    def __init__(self, info: ChainInfo, ports: list[int], token: str) -> None:
        self.lines = cycle([http.client.HTTPConnection("127.0.0.1", port, timeout=60) for port in ports])
        self.headers = {
            "Host": f"{info.slug}.tessera.test",
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }

    def book(self, body: dict[str, Any]) -> tuple[int, str]:
        """The answer's status, and its code where it is none of success."""
        line = next(self.lines)
        line.request("POST", "/api/v1/bookings", json.dumps(body), self.headers)
        answer = line.getresponse()
        said = json.loads(answer.read())
        return answer.status, said.get("code", "") if answer.status != 201 else ""


def _work(client: Client, bodies: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [client.book(body) for body in bodies]


def test_bar_01_exactly_thirty_of_many_get_a_seat_and_all_others_a_clear_no(chain: Chain) -> None:
    now = timezone.now()
    session = _session(chain, (now + timedelta(days=3)).replace(microsecond=0), now=now)
    token = employee_program(chain, "clerk").token
    store = str(chain.stores["north"].id)
    bodies = [
        {"store": store, "session": str(session.id), "member": {"name": f"guest {n}"}}
        for n in range(ATTEMPTS)
    ]
    with ExitStack() as servers:
        ports = [servers.enter_context(web_server(threads=8)) for _process in range(PROCESSES)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            work = [
                pool.submit(_work, Client(chain.info, ports, token), bodies[number::CLIENTS])
                for number in range(CLIENTS)
            ]
            answers = Counter(answer for done in work for answer in done.result())
    record(1, attempts=ATTEMPTS, clients=CLIENTS, processes=PROCESSES, booked=answers[201, ""])
    assert answers == {(201, ""): SEATS, (409, "session_full"): ATTEMPTS - SEATS}
    with chain_scope(chain.info):
        pool_row = Pool.objects.get(id=session.pool_id)
        assert (pool_row.taken, Booking.objects.count(), check_bookings()) == (SEATS, SEATS, [])


def _in_process(chain: Chain, attempts: int) -> Counter[str]:
    session = _session(chain, NOW + timedelta(days=3), now=NOW)
    acts: list[Callable[[], Booking]] = [
        partial(
            book_scheduled,
            Wish(session_id=session.id),
            by=chain.actors["clerk"],
            member=Guest(f"guest {n}"),
            now=NOW,
        )
        for n in range(attempts)
    ]
    answers = race(chain.info, acts, threads=8)
    return Counter(
        "booked" if isinstance(one, Booking) else getattr(one, "code", repr(one)) for one in answers
    )


def test_bar_01_the_constraint_alone_holds_when_the_guard_is_gone(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh, "_take_question", _write_without_looking)
    assert _in_process(chain, 60) == {"booked": SEATS, "session_full": 60 - SEATS}
    with chain_scope(chain.info):
        assert check_bookings() == []


@pytest.mark.mutant
def test_bar_01_without_guard_and_constraint_seats_are_sold_twice(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    with owner_connection() as owner:
        owner.execute(
            f"ALTER TABLE {chain.info.schema_name}.booking_pool DROP CONSTRAINT pool_never_oversold"
        )
    monkeypatch.setattr(fresh, "_take_question", _check_then_write)
    assert _in_process(chain, 120)["booked"] > SEATS


def _write_without_looking(claim: claims.PoolClaim) -> Question[None]:
    """Only the constraint is left to say no."""
    return Question(
        "UPDATE booking_pool SET taken = taken + %s WHERE id = %s", (claim.units, claim.pool_id), done
    )


# The first two to look, whoever they are, have both looked before either writes.
_looks, _both_looked = count(), Barrier(2)


def _check_then_write(claim: claims.PoolClaim) -> Question[None]:
    """What the guard must not be: read, decide, write."""
    pool = Pool.objects.get(id=claim.pool_id)
    if next(_looks) < 2:
        _both_looked.wait(60)
    if pool.taken + claim.units > pool.capacity:
        raise claims.pool_full(claim.pool_id, claim.units)
    taken = pool.taken + claim.units
    return Question("UPDATE booking_pool SET taken = %s WHERE id = %s", (taken, claim.pool_id), done)
