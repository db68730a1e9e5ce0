"""What bar 20 asks about: who asks, what stands at the own store, another store and in another chain.

Every request runs in a savepoint that is rolled back, so that all of them meet the same world.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import RegexPattern, URLPattern

from api.domain.tokens import issue_token
from chains.hosts import ChainInfo
from chains.scope import chain_scope, platform_scope
from tests.bars.rights_things import Things, fill
from tests.ground.cast import NOW, Cast, Chain, local

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ROLES = {
    "owner": "owner",
    "brand": "brand_manager",
    "manager": "store_manager",
    "clerk": "clerk",
    "practitioner": "practitioner",
    "cashier": "cashier",
    "reader": "read_only",
}
MEMBERS = {"member": "su", "another": "chen"}
COLUMNS = (*ROLES, *MEMBERS, "nobody")
TARGETS = ("own", "other", "foreign")


@dataclass
class World:
    """The cast with something of everything, and a way in for each column."""

    cast: Cast
    things: dict[str, Things]
    tokens: dict[str, str]
    cookies: dict[str, dict[str, str]]


def make_world(cast: Cast) -> World:
    """North is the own store, south the other, beta's only store the other chain."""
    alpha, beta = cast.alpha, cast.beta
    things = {
        "own": fill(alpha, "north", "practitioner", room=alpha.rooms["a"].id, hour=0),
        "other": fill(alpha, "south", "south_practitioner", room=None, hour=1),
        "foreign": fill(beta, "only", "practitioner", room=None, hour=0),
    }
    with chain_scope(alpha.info):
        tokens = {
            column: issue_token(employee_id=alpha.employees[name].id, now=NOW)
            for column, name in ROLES.items()
        }
        tokens |= {
            column: issue_token(member_id=alpha.members[name].id, now=NOW) for column, name in MEMBERS.items()
        }
    with chain_scope(beta.info):
        tokens["foreigner"] = issue_token(employee_id=beta.employees["owner"].id, now=NOW)
    return World(cast, things, tokens, {"nobody": {}})


def sign_in_all(world: World) -> None:
    """A session for each column on alpha's host, and one of beta's owner on beta's."""
    alpha, beta = world.cast.alpha, world.cast.beta
    for column, name in ROLES.items():
        world.cookies[column] = session_of(alpha, user=alpha.employees[name].user)
    for column, name in MEMBERS.items():
        world.cookies[column] = session_of(alpha, member=alpha.members[name].id)
    world.cookies["foreigner"] = session_of(beta, user=beta.employees["owner"].user)


def session_of(chain: Chain, *, user: Any = None, member: UUID | None = None) -> dict[str, str]:
    client = Client(HTTP_HOST=f"{chain.info.slug}.tessera.test")
    with chain_scope(chain.info):
        if user is not None:
            client.force_login(user, backend=BACKEND)
        else:
            session = client.session
            session["member_id"] = str(member)
            session.save()
    return {name: morsel.value for name, morsel in client.cookies.items()}


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is checked as a commit would check it, then rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ask(
    method: str,
    path: str,
    *,
    host: str = "alpha",
    cookies: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    data: Any = b"",
    content_type: str = "application/json",
) -> Any:
    """One request inside the open scope, undone after; a constraint broken at the commit is a 500.

    What asks the outside is admitted and judged, and stops there (200): it would go on after the commit.
    """
    name = f"{host}.tessera.test" if host else "tessera.test"
    client = _browser()
    client.cookies = SimpleCookie(cookies or {})
    with undone(), patch("chains.middleware.finished", lambda response: response):
        answer = client.generic(
            method,
            path,
            data,
            content_type=content_type,
            headers={"host": name, "accept-language": "en", **(headers or {})},
        )
        try:
            connection.check_constraints()
        except DatabaseError:
            answer.status_code = 500
    return answer


@lru_cache(maxsize=1)
def _browser() -> Client:
    """One for all requests: the middleware is loaded once."""
    return Client(raise_request_exception=False)


@contextmanager
def standing_in(world: World, host: ChainInfo | None) -> Iterator[None]:
    """One transaction for many requests at that host, which none of them commits."""
    scope = chain_scope(host) if host is not None else platform_scope()
    with scope:
        yield
        transaction.set_rollback(True)


def routes_of(urlconf: str) -> list[str]:
    """Every route that the program serves, as `stores/{store_id}`."""
    return sorted(set(_walk(get_resolver(urlconf), "/")))


def _walk(resolver: Any, prefix: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        text = str(pattern.pattern)
        if isinstance(pattern.pattern, RegexPattern):
            text = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", text).strip("^$")
        else:
            text = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text)
        if isinstance(pattern, URLPattern):
            yield prefix + text
        else:
            yield from _walk(pattern, prefix + text)


def read_table(name: str, columns: tuple[str, ...]) -> dict[tuple[str, str], dict[str, str]]:
    """The written table: (endpoint, target) → column → answer. A line without an endpoint continues."""
    table: dict[tuple[str, str], dict[str, str]] = {}
    endpoint = ""
    for number, line in enumerate((Path(__file__).parent / name).read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        words = line.split()
        if not line[0].isspace():
            endpoint, words = " ".join(words[:2]), words[2:]
        target, *answers = words
        assert len(answers) == len(columns), f"{name}:{number} has {len(answers)} answers"
        assert (endpoint, target) not in table, f"{name}:{number} stands twice"
        table[endpoint, target] = dict(zip(columns, answers, strict=True))
    return table


def free_time(hour: int) -> datetime:
    """A free time on Tuesday the 24th, at which every practitioner works."""
    return local(24, hour)
