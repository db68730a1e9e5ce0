"""Bar 21: a marker in every text column of two chains is never seen in what the other one shows or leaves."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import sentry_sdk
import structlog
import time_machine
from django.conf import settings as django_settings
from django.core.cache import cache, caches
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path

from api.domain.tokens import issue_token
from api.schema import CHAIN, schema_document
from chains import outgoing
from chains.hosts import ChainInfo, chain_at, forget_hosts
from chains.models import Chain as ChainRow
from chains.outgoing import sent_messages
from chains.scope import PLATFORM, chain_scope, platform_scope
from config.errors import start_error_reports
from config.logs import logging_config
from tenants.members.models import Member
from tests.api.conftest import Program
from tests.bars import FULL, record
from tests.bars.canaries import hold_and_need, mark_everything, marker_of, phone_mark, text_columns
from tests.bars.rights_calls import call_api
from tests.bars.rights_pages import visit
from tests.bars.rights_registry import API
from tests.bars.rights_things import Things, fill
from tests.bars.rights_world import World, ask, routes_of, session_of, standing_in
from tests.config.test_errors import Kept
from tests.ground.cast import NOW, Cast, Chain

WHO = ("owner", "member", "nobody")


def fails(request: HttpRequest) -> HttpResponse:
    """A fault whose words quote a row."""
    raise RuntimeError(f"could not greet {Member.objects.first()!r} of {request.get_host()}")


urlpatterns = [path("api/fails", fails)]


@dataclass
class Marked:
    """A chain full of its marker, and ways into it."""

    chain: Chain
    info: ChainInfo
    things: Things
    world: World
    columns: set[str]
    codes: list[str] = field(default_factory=list)

    @property
    def secrets(self) -> list[str]:
        """What may be seen of this chain at this chain alone."""
        return [marker_of(self.info), phone_mark(self.info), *self.codes]


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture()
def marked(cast: Cast, empty_cache: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Marked]]:
    outgoing._valkey().flushdb()
    found = {
        "alpha": _mark(cast, cast.alpha, "north", "practitioner"),
        "beta": _mark(cast, cast.beta, "only", "practitioner"),
    }
    hosts = {f"{name}.tessera.test": one.info for name, one in found.items()}
    monkeypatch.setattr("chains.middleware.chain_at", hosts.get)
    yield found
    for one in found.values():
        _name(one.chain, one.chain.info.name, "", NOW)


def _mark(cast: Cast, chain: Chain, store: str, who: str) -> Marked:
    things = fill(chain, store, who, room=None, hour=0)
    with chain_scope(chain.info):
        issue_token(member_id=chain.members["su"].id, now=NOW)  # a row for the marker, and no way in after it
        hold_and_need(things)
    columns = mark_everything(chain.info)
    marker = marker_of(chain.info)
    info = _name(chain, f"{marker} name", f"{marker} tagline", NOW)
    world = World(cast, {"own": things, "other": things}, {}, {"nobody": {}})
    with chain_scope(chain.info):
        for person in (*chain.employees.values(), *chain.members.values()):
            person.refresh_from_db()
        boss = chain.employees["owner"].user
        for booking in things.bookings.values():
            booking.refresh_from_db()
        world.tokens = {
            "owner": issue_token(employee_id=chain.employees["owner"].id, now=NOW),
            "member": issue_token(member_id=chain.members["su"].id, now=NOW),
        }
    world.cookies["owner"] = session_of(chain, user=boss)
    world.cookies["member"] = session_of(chain, member=chain.members["su"].id)
    world.cookies["hold"] = {"id": str(things.booking("held"))}
    codes = [booking.code for booking in things.bookings.values()]
    return Marked(chain, info, things, world, columns, codes)


def _name(chain: Chain, name: str, tagline: str, opened_at: Any) -> ChainInfo:
    with platform_scope():
        ChainRow.objects.filter(id=chain.info.id).update(name=name, tagline=tagline, opened_at=opened_at)
    forget_hosts()
    found = chain_at(f"{chain.info.slug}.tessera.test")
    assert found is not None
    return found


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Every line of log as it is written, as JSON."""
    out = io.StringIO()
    formatter = logging_config(log_format="json", level="INFO")["formatters"]["structured"]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            **{name: part for name, part in formatter.items() if name != "()"}
        )
    )
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield out
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def crawl(mine: Marked, theirs: Marked) -> dict[str, str]:
    """All that the chain's host answers to three of its people, asked for its own ids and the other's."""
    seen: dict[str, str] = {}
    calls = [
        f"{method.upper()} {path.removeprefix(API)}"
        for path, methods in schema_document(CHAIN)["paths"].items()
        for method in methods
        if "/auth/" not in path
    ]
    with standing_in(mine.world, mine.info):
        # who is nobody here reads no more of the other chain than of this one: asked in the full form
        asked = [("own", column) for column in WHO] + [
            ("theirs", column) for column in (WHO if FULL else WHO[:1])
        ]
        for name, column in asked:
            for at in (mine.things if name == "own" else theirs.things,):
                for route in routes_of(CHAIN):
                    if not route.startswith(API) and route != "/readyz":
                        answer = visit(mine.world, "GET", route, column, at, host=mine.info.slug)
                        seen[f"GET {route} {name} {column}"] = _said(answer)
                for endpoint in calls:
                    answer = call_api(mine.world, endpoint, column, at, host=mine.info.slug)
                    seen[f"{endpoint} {name} {column}"] = _said(answer)
        mark = marker_of(theirs.info)
        answer = ask(
            "GET",
            f"{API}/members?q={mark}",
            host=mine.info.slug,
            headers={"authorization": f"Bearer {mine.world.tokens['owner']}"},
        )
        assert answer.json() == {"results": [], "next": None}
    return seen


def _said(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{answer.status_code} {dict(answer.headers)} {content.decode('utf-8', 'replace')}"


def send_messages(one: Marked) -> None:
    """A one-time code and an invitation, really sent."""
    program = Program(one.info)
    phone = f"+86{phone_mark(one.info)}777"
    assert program.post("auth/member/code", {"phone": phone}).status_code == 202
    owner = Program(one.info, one.world.tokens["owner"])
    employee = one.chain.employees["practitioner"]
    assert owner.post(f"employees/{employee.id}/invitation").status_code == 202


def messages_of(one: Marked) -> list[str]:
    names = {one.info.slug, one.info.schema_name}
    return [json.dumps(row, ensure_ascii=False) for row in sent_messages() if row["chain"] in names]


def kept_in_valkey() -> dict[str, str]:
    """Every key and what is under it, but for the demo's list of messages."""
    valkey = outgoing._valkey()
    found = {}
    for key in valkey.scan_iter():
        kind = valkey.type(key)
        if kind == b"string":
            found[key.decode()] = repr(valkey.get(key))
        elif kind == b"list" and not key.endswith(b"dev:outbox"):
            found[key.decode()] = repr(valkey.lrange(key, 0, -1))
        elif kind == b"hash":
            found[key.decode()] = repr(valkey.hgetall(key))
        elif kind in (b"set", b"zset"):
            found[key.decode()] = repr(
                list(valkey.sscan_iter(key) if kind == b"set" else valkey.zscan_iter(key))
            )
    return found


def leaks(texts: dict[str, str], theirs: Marked) -> list[str]:
    """Which of the texts show something of the other chain."""
    return [
        f"{name} shows {secret}"
        for name, text in texts.items()
        for secret in theirs.secrets
        if secret in text
    ]


def pairs(marked: dict[str, Marked]) -> list[tuple[Marked, Marked]]:
    alpha, beta = marked["alpha"], marked["beta"]
    return [(alpha, beta), (beta, alpha)]


def check_columns(marked: dict[str, Marked]) -> None:
    """Every text column of the program's models bears the marker."""
    for one in marked.values():
        assert set(text_columns()) - one.columns == set()


def check_answers(marked: dict[str, Marked]) -> int:
    """Pages, API and calendar files of one chain never show the other; the control: they show their own."""
    count = 0
    for mine, theirs in pairs(marked):
        seen = crawl(mine, theirs)
        count += len(seen)
        assert leaks(seen, theirs) == []
        showing = leaks({name: text for name, text in seen.items() if " own " in name}, mine)
        assert len(showing) > 40
        assert any("calendar.ics" in name for name in showing)
    return count


def check_logs(lines: str, marked: dict[str, Marked]) -> int:
    """A line that says something of a chain is that chain's."""
    rows = [json.loads(line) for line in lines.splitlines()]
    for one in marked.values():
        telling = [row for row in rows if any(secret in json.dumps(row) for secret in one.secrets)]
        assert telling != []
        assert {row.get("chain") for row in telling} == {one.info.schema_name}
    return len(rows)


def speak(marked: dict[str, Marked]) -> None:
    """Each chain writes a line of log and a cache entry of the same name."""
    for one in marked.values():
        with chain_scope(one.info):
            structlog.get_logger("shop").info("greeted", who=marker_of(one.info))
            cache.set("greeting", marker_of(one.info))


def check_cache(marked: dict[str, Marked]) -> int:
    """Each reads its own entry; whatever tells of a chain stands under a key with its schema."""
    for one in marked.values():
        with chain_scope(one.info):
            assert cache.get("greeting") == marker_of(one.info)
    entries = kept_in_valkey()
    for one in marked.values():
        telling = {key for key, value in entries.items() if leaks({key: f"{key} {value}"}, one)}
        assert telling != set()
        assert {key for key in telling if one.info.schema_name not in key} == set()
    return len(entries)


def check_messages(marked: dict[str, Marked]) -> None:
    """Two messages of each, which tell of their own chain and of no other."""
    for mine, theirs in pairs(marked):
        texts = {str(number): text for number, text in enumerate(messages_of(mine))}
        assert len(texts) == 2
        assert len(leaks(texts, mine)) >= 2
        assert leaks(texts, theirs) == []


def test_bar_21_every_text_column_of_the_program_bears_a_marker(marked: dict[str, Marked]) -> None:
    check_columns(marked)
    record(21, columns=len(text_columns()))


def test_bar_21_no_page_answer_log_line_or_cache_entry_shows_another_chain(marked: dict[str, Marked]) -> None:
    with logged() as out:
        speak(marked)
        answers = check_answers(marked)
    lines = check_logs(out.getvalue(), marked)
    record(21, canary_answers=answers, log_lines=lines, cache_entries=check_cache(marked))


def test_bar_21_no_message_of_one_chain_tells_of_another(marked: dict[str, Marked]) -> None:
    for one in marked.values():
        send_messages(one)
    check_messages(marked)


def test_bar_21_an_error_report_tells_of_its_own_chain_alone(
    marked: dict[str, Marked], settings: Any
) -> None:
    settings.SENTRY_DSN = "https://public@sentry.example/1"
    settings.CHAIN_URLCONF = __name__
    Kept.events = []
    assert start_error_reports(transport=Kept)
    try:
        for _round in range(20 if FULL else 3):
            for name in marked:
                request = RequestFactory().get("/api/fails", headers={"host": f"{name}.tessera.test"})
                list(WSGIHandler()(request.environ, lambda status, headers: None))
    finally:
        sentry_sdk.get_client().close()
        sentry_sdk.init()
    for mine, theirs in pairs(marked):
        reports = [event for event in Kept.events if event["tags"]["chain"] == mine.info.schema_name]
        texts = {str(number): json.dumps(event, default=str) for number, event in enumerate(reports)}
        assert len(texts) == (20 if FULL else 3)
        assert leaks(texts, theirs) == []
    assert len(Kept.events) == 2 * (20 if FULL else 3)
    assert __name__ == django_settings.CHAIN_URLCONF


@pytest.mark.mutant
def test_mutant_one_host_leads_to_the_other_chain(
    marked: dict[str, Marked], monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha, beta = marked["alpha"], marked["beta"]
    monkeypatch.setattr("chains.middleware.chain_at", lambda host: beta.info)
    with standing_in(beta.world, beta.info):
        seen = {"GET /": _said(visit(alpha.world, "GET", "/", "nobody", alpha.things))}
    assert leaks(seen, beta) != []


@pytest.mark.mutant
def test_mutant_a_column_without_a_marker(marked: dict[str, Marked]) -> None:
    marked["beta"].columns.discard("members.Member.name")
    with pytest.raises(AssertionError):
        check_columns(marked)


@pytest.mark.mutant
def test_mutant_log_lines_do_not_say_whose_they_are(
    marked: dict[str, Marked], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.logs.current", lambda: PLATFORM)
    with logged() as out:
        speak(marked)
    with pytest.raises(AssertionError):
        check_logs(out.getvalue(), marked)


@pytest.mark.mutant
def test_mutant_cache_keys_without_the_chain(
    marked: dict[str, Marked], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        caches["default"], "key_func", lambda key, prefix, version: f"{prefix}:{version}:{key}"
    )
    speak(marked)
    with pytest.raises(AssertionError):
        check_cache(marked)


@pytest.mark.mutant
def test_mutant_a_message_under_another_chains_name(
    marked: dict[str, Marked], monkeypatch: pytest.MonkeyPatch
) -> None:
    really = outgoing.carry_message
    monkeypatch.setattr(
        outgoing, "carry_message", lambda message, now, chain: really(message, now=now, chain="alpha")
    )
    for one in marked.values():
        send_messages(one)
    with pytest.raises(AssertionError):
        check_messages(marked)
