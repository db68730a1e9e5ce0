"""A pretix that stands beside ours and is asked for orders and check-ins, by its own public API.

The same PostgreSQL, the same kind of web server and the same load. pretix is set up as its documentation says for a
server: no debugging, its cache in Valkey, and its background work only handed to a queue, where nobody works meanwhile.
An order is the cheapest that holds a ticket: one position that is not paid yet (as our booking, to be paid at the store),
no e-mail, invoice, plugin or idempotency key. A check-in is of one paid ticket by its secret.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from bench.beside import beside_python
from bench.ground import HOME, ROOT, Ground, say
from bench.load import CLIENTS, Measured, Request, Side, measure_load
from bench.serving import serving

DATABASE, HOST = "beside_pretix", "pretix.test"
# of a client in a round
EACH, WARM_UP = 8, 8


@dataclass(frozen=True)
class Pretix:
    """A pretix that has an event on sale and paid tickets. Each takes the number of a round."""

    ordered_alone: Callable[[int], Measured]
    ordered: Callable[[int], Measured]
    checked_in: Callable[[int], Measured]


@contextmanager
def standing_pretix(ground: Ground, *, rounds: int) -> Iterator[Pretix]:
    """A pretix with a database of its own until the end, warmed up for so many rounds. Raises NotThere."""
    python = beside_python("pretix", lock="bench-pretix")
    with psycopg.connect(ground.admin, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        environment = _environment(ground, admin.info)
    try:
        _make_tables(python, environment, make_conninfo(ground.admin, dbname=DATABASE))
        shop = _prepared(python, environment, tickets=CLIENTS * (rounds * EACH + WARM_UP))
        order, check_in = _orders(shop), _check_ins(shop)
        with serving(python, "pretix.wsgi:application", environment, alive="/healthcheck/") as (
            port,
            processes,
        ):
            # the first request of each worker loads pretix, which takes seconds
            measure_load(port, processes, order, each=WARM_UP)
            measure_load(port, processes, check_in, each=WARM_UP, first=rounds * EACH)
            side = Side(port, processes, each=EACH)
            yield Pretix(side.turns(order, clients=1), side.turns(order), side.turns(check_in))
    finally:
        with psycopg.connect(ground.admin, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(DATABASE)))


def _environment(ground: Ground, server: psycopg.ConnectionInfo) -> dict[str, str]:
    data = HOME / "pretix-data"
    data.mkdir(exist_ok=True)
    valkey = ground.redis.rpartition("/")[0]
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "pretix.settings",
        # no file of this machine has a say
        "PRETIX_CONFIG_FILE": os.devnull,
        "PRETIX_PRETIX_URL": f"http://{HOST}",
        "PRETIX_PRETIX_DATADIR": str(data),
        "PRETIX_PRETIX_LOGLEVEL": "ERROR",
        "PRETIX_DJANGO_SECRET": "only-for-benchmarks-only-for-benchmarks-only",
        "PRETIX_DATABASE_BACKEND": "postgresql",
        "PRETIX_DATABASE_NAME": DATABASE,
        "PRETIX_DATABASE_HOST": server.host,
        "PRETIX_DATABASE_PORT": str(server.port),
        "PRETIX_DATABASE_USER": server.user,
        "PRETIX_DATABASE_PASSWORD": server.password,
        "PRETIX_REDIS_LOCATION": f"{valkey}/1",
        "PRETIX_CELERY_BROKER": f"{valkey}/2",
        "PRETIX_CELERY_BACKEND": f"{valkey}/2",
    }


def _make_tables(python: Path, environment: dict[str, str], address: str) -> None:
    """pretix's migrations, which take minutes; what they made is kept beside the environment for the next run."""
    from embedded.wheel import postgres_program, postgres_version

    kept = python.parents[1] / f"migrated-{postgres_version()}.dump"
    if kept.exists():
        _done([str(postgres_program("pg_restore")), "--exit-on-error", "--dbname", address, str(kept)])
        return
    say("pretix: making its tables, some minutes once per lock file")
    _done([str(python), "-m", "pretix", "migrate", "--verbosity=0"], environment)
    unfinished = kept.with_suffix(".unfinished")
    _done([str(postgres_program("pg_dump")), "--format=custom", "--file", str(unfinished), address])
    unfinished.rename(kept)


def _prepared(python: Path, environment: dict[str, str], *, tickets: int) -> dict[str, Any]:
    said = _done(
        [str(python), "-W", "ignore", str(ROOT / "bench" / "pretix" / "prepare.py"), str(tickets)],
        environment,
    )
    return json.loads(said.strip().splitlines()[-1])


def _done(line: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(line, cwd=HOME, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{Path(line[0]).name}: {done.stderr[-2000:]}")
    return done.stdout


def _orders(shop: dict[str, Any]) -> Callable[[int, int], Request]:
    path = f"/api/v1/organizers/{shop['organizer']}/events/{shop['event']}/orders/"

    def request(client: int, number: int) -> Request:
        body = {
            "status": "n",
            "email": f"c{client}n{number}@beside.example",
            "locale": "en",
            "positions": [{"item": shop["item"]}],
        }
        return _request(path, body, shop["token"])

    return request


def _check_ins(shop: dict[str, Any]) -> Callable[[int, int], Request]:
    def request(client: int, number: int) -> Request:
        secret = shop["secrets"][number * CLIENTS + client]
        body = {"secret": secret, "lists": [shop["checkin_list"]]}
        return _request(f"/api/v1/organizers/{shop['organizer']}/checkinrpc/redeem/", body, shop["token"])

    return request


def _request(path: str, body: dict[str, Any], token: str) -> Request:
    headers = {"Host": HOST, "Authorization": f"Token {token}", "Content-Type": "application/json"}
    return Request("POST", path, json.dumps(body), headers)
