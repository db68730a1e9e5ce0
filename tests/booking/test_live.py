"""The live stream, with the real process: commit → event in the browser, and nobody else's."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.utils import timezone

from chains.anew import in_chain
from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.live import issue_ticket, spend_ticket, stream_url
from tenants.events.domain.record import record_event
from tenants.people.domain.rights import Forbidden, NotSeen
from tenants.people.models import RoleGrant
from tests.ground.cast import NOW, Cast, Chain, local
from tests.ground.sweep import superuser

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


class LiveProcess:
    """A uvicorn of this test's database."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--no-access-log", "--log-level", "warning", "config.asgi_live:application"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"},
        )
        deadline = time.monotonic() + 240
        while not self._ready():
            assert self.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)

    def _ready(self) -> bool:
        try:
            return self.ask("/livez")[0] == 200
        except OSError:
            return False

    def ask(self, path: str, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    def open(self, chain: Chain, ticket: str, **headers: str) -> Stream:
        return Stream(self.port, f"{chain.info.slug}.tessera.test", ticket, headers)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


class Stream:
    """One browser's stream."""

    def __init__(self, port: int, host: str, ticket: str, headers: dict[str, str]) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.connection.request("GET", f"/live/{ticket}", headers={"Host": host, **headers})
        self.answer = self.connection.getresponse()
        if self.answer.status == 200:
            assert self.answer.readline() == b": open\n"

    def next(self) -> dict[str, Any]:
        """The data of the next event; comments are skipped."""
        while True:
            line = self.answer.readline()
            assert line, "the stream ended"
            if line.startswith(b"data: "):
                told: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
                return told

    def ended(self) -> bool:
        return self.answer.readline() in (b"", b"\n") and self.answer.readline() == b""

    def close(self) -> None:
        self.connection.close()


@pytest.fixture(scope="module")
def live() -> Iterator[LiveProcess]:
    process = LiveProcess()
    yield process
    process.stop()


def _ticket(chain: Chain, who: str, store: str) -> str:
    with chain_scope(chain.info):
        return issue_ticket(chain.stores[store].id, by=chain.actors[who], now=timezone.now())[0]


def _wanted(chain: Chain, store: str = "north", hour: int = 10) -> Any:
    return book(
        chain.services["facial"].id,
        store_id=chain.stores[store].id,
        starts_at=local(23, hour),
        by=chain.actors["su"],
        now=NOW,
    )


def _book(chain: Chain, store: str = "north", hour: int = 10) -> Any:
    with chain_scope(chain.info):
        return _wanted(chain, store, hour)


def test_committed_booking_reaches_the_stores_stream_and_a_change_follows(
    cast: Cast, live: LiveProcess
) -> None:
    stream = live.open(cast.alpha, _ticket(cast.alpha, "clerk", "north"))
    made = _book(cast.alpha)
    assert stream.next() == {"kind": "booking.confirmed", "id": str(made.id), "version": 1}
    with chain_scope(cast.alpha.info):
        cancel_booking(made.id, by=cast.alpha.actors["su"], now=NOW)
    assert stream.next() == {"kind": "booking.cancelled", "id": str(made.id), "version": 2}
    stream.close()


def test_booking_whose_writes_travel_with_its_commit_is_told_with_it(cast: Cast, live: LiveProcess) -> None:
    """Nobody has read the event's number then: PostgreSQL says it itself."""
    stream = live.open(cast.alpha, _ticket(cast.alpha, "clerk", "north"))
    for hour in (10, 12, 14):  # by the third its plans are kept
        made = in_chain(cast.alpha.info, partial(_wanted, cast.alpha, hour=hour))
        assert stream.next() == {"kind": "booking.confirmed", "id": str(made.id), "version": 1}
    stream.close()


def test_other_stores_and_other_chains_events_never_come(cast: Cast, live: LiveProcess) -> None:
    north = live.open(cast.alpha, _ticket(cast.alpha, "clerk", "north"))
    beta = live.open(cast.beta, _ticket(cast.beta, "owner", "only"))
    _book(cast.alpha, "south")
    of_beta = _book(cast.beta, "only")
    of_north = _book(cast.alpha, hour=14)
    assert north.next()["id"] == str(of_north.id)
    assert beta.next()["id"] == str(of_beta.id)
    north.close()
    beta.close()


def test_forged_hints_say_nothing(cast: Cast, live: LiveProcess) -> None:
    stream = live.open(cast.alpha, _ticket(cast.alpha, "clerk", "north"))
    schema, beta = cast.alpha.info.schema_name, cast.beta.info.schema_name
    of_beta = _book(cast.beta, "only")
    assert of_beta is not None
    with psycopg.connect(settings.LISTEN_DATABASE_URL, autocommit=True) as anyone:
        for payload in ("", "x" * 7000, f"{schema}:999999", f"{schema}:1 OR 1=1", f"{beta}:1", "t_a:1"):
            anyone.execute("SELECT pg_notify('live', %s)", (payload,))
    made = _book(cast.alpha)
    assert stream.next()["id"] == str(made.id)
    stream.close()


def test_right_is_read_again_with_every_event(cast: Cast, live: LiveProcess) -> None:
    clerk = live.open(cast.alpha, _ticket(cast.alpha, "clerk", "north"))
    owner = live.open(cast.alpha, _ticket(cast.alpha, "owner", "north"))
    with chain_scope(cast.alpha.info):
        held = RoleGrant.objects.filter(employee=cast.alpha.employees["clerk"])
        saved = list(held)
        held.delete()
    unseen = _book(cast.alpha)
    assert owner.next()["id"] == str(unseen.id)
    with chain_scope(cast.alpha.info):
        RoleGrant.objects.bulk_create(saved)
    seen = _book(cast.alpha, hour=14)
    assert clerk.next()["id"] == str(seen.id)
    clerk.close()
    owner.close()


def test_ticket_lets_in_once_at_its_own_chain_only(cast: Cast, live: LiveProcess) -> None:
    ticket = _ticket(cast.alpha, "clerk", "north")
    first = live.open(cast.alpha, ticket)
    assert first.answer.status == 200
    assert live.open(cast.alpha, ticket).answer.status == 403
    assert live.open(cast.beta, _ticket(cast.alpha, "clerk", "north")).answer.status == 403
    assert live.open(cast.alpha, "made-up").answer.status == 403
    assert live.ask("/live/x", Host="nobody.tessera.test")[0] == 403
    first.close()


def test_only_the_chains_own_pages_may_read_the_stream(cast: Cast, live: LiveProcess) -> None:
    own = "http://alpha.tessera.test"
    stream = live.open(cast.alpha, _ticket(cast.alpha, "clerk", "north"), Origin=own)
    assert stream.answer.headers["Access-Control-Allow-Origin"] == own
    stream.close()
    for foreign in ("http://beta.tessera.test", "http://alpha.tessera.test:81", "null"):
        refused = live.open(cast.alpha, _ticket(cast.alpha, "clerk", "north"), Origin=foreign)
        assert refused.answer.status == 403
        assert "Access-Control-Allow-Origin" not in refused.answer.headers


def test_streams_end_when_the_listening_connection_is_lost(cast: Cast, live: LiveProcess) -> None:
    stream = live.open(cast.alpha, _ticket(cast.alpha, "clerk", "north"))
    # this worker's alone: the other one has a live process too
    superuser().execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE query = 'LISTEN live' AND datname = current_database()"
    )
    assert stream.ended()
    deadline = time.monotonic() + PATIENCE
    while live.ask("/livez")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    again = live.open(cast.alpha, _ticket(cast.alpha, "clerk", "north"))
    made = _book(cast.alpha)
    assert again.next()["id"] == str(made.id)
    again.close()


def test_ticket_needs_the_right_to_read_the_day_and_ends(cast: Cast) -> None:
    alpha = cast.alpha
    with chain_scope(alpha.info):
        with pytest.raises(NotSeen):
            issue_ticket(alpha.stores["north"].id, by=alpha.actors["south_clerk"], now=NOW)
        with pytest.raises((Forbidden, NotSeen)):
            issue_ticket(alpha.stores["north"].id, by=alpha.actors["su"], now=NOW)
        ticket, ends_at = issue_ticket(alpha.stores["north"].id, by=alpha.actors["clerk"], now=NOW)
    assert ends_at == NOW + timedelta(seconds=60)
    assert spend_ticket(ticket, schema=alpha.info.schema_name) is not None
    assert spend_ticket(ticket, schema=alpha.info.schema_name) is None


def test_hint_is_repeated_by_the_relay_when_the_first_was_lost(
    cast: Cast, live: LiveProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chains.due import lease_due, run_due
    from tenants.events.domain import record

    stream = live.open(cast.alpha, _ticket(cast.alpha, "clerk", "north"))
    north = cast.alpha.stores["north"]
    with monkeypatch.context() as lost, chain_scope(cast.alpha.info):
        lost.setattr(record, "hint_at_commit", lambda hint: None)
        record_event("store.renamed", subject_id=north.id, store_id=north.id, version=3, payload={}, now=NOW)
    for batch in lease_due(now=NOW):
        run_due(batch, now=NOW)
    assert stream.next() == {"kind": "store.renamed", "id": str(north.id), "version": 3}
    stream.close()


@pytest.mark.parametrize(
    ("port", "host", "url"),
    [
        (None, "qibai.tessera.test:8000", "http://qibai.tessera.test:8000/live/T"),
        (8001, "qibai.tessera.test:8000", "http://qibai.tessera.test:8001/live/T"),
        (8001, "qibai.tessera.test", "http://qibai.tessera.test:8001/live/T"),
    ],
)
def test_stream_is_at_the_chains_own_host_on_the_live_port_where_there_is_one(settings, port, host, url):
    settings.LIVE_PORT, settings.SCHEME = port, "http"
    assert stream_url("T", host=host) == url
