"""Seats of one hot session, booked in process by several processes at once, beside pgbench on one hot row.

Ours writes booking, transition, event, claim and seat in one transaction each; pgbench only counts one row up, with
as many clients. They take turns, so that a slow moment of the disk meets both.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from bench.at_once import run_at_once
from bench.ground import HOME, Ground, Row
from bench.provisioning import python

PROCESSES = 2  # as many as the machine has cores
# a new session each round, which takes about as long as pgbench's turn; all crowds ask for as many seats
ROUNDS, ASKED, PGBENCH_SECONDS = 3, 2560, 3
SEATS = ASKED - 40  # the last ones get a clear no


class Crowd(NamedTuple):
    """So many threads of each process that book at once, and the aim.

    A process keeps as many connections for them as it is shipped with, as in the rows of bookings.
    """

    threads: int
    aim: str


CROWDS = (
    Crowd(2, "≥ 25 %"),  # one computes while another waits for the row
    Crowd(4, "≥ 25 %"),  # eight clients, as bookings have: the two web processes of a machine of two cores
    # sixty-four, as bar 1 has; so many clients stand in each other's way in pgbench, which is not the figure that the
    # aim was set beside
    Crowd(32, "–"),
)

PREPARE = """
import json
from datetime import UTC, datetime, timedelta
import django
django.setup()
from chains.models import Chain, ChainState, Domain, new_schema_name
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema
from chains.scope import chain_scope, platform_scope
from tenants.booking.models import Pool, Session
from tenants.catalogue.models import Offer, Service
from tenants.members.models import Member
from tenants.stores.models import Store
now = datetime.now(UTC)
schema = new_schema_name()
with owner_connection() as owner:
    build_schema(owner, schema, pooled=False)
with platform_scope():
    chain = Chain.objects.create(slug="hot", name="Hot", schema_name=schema, state=ChainState.ACTIVE,
        opened_at=now, time_zone="UTC")
    Domain.objects.create(domain="hot.tessera.test", tenant=chain, is_primary=True)
with chain_scope(chain):
    store = Store.objects.create(name="Always", time_zone="UTC", currency="CNY", country="CN")
    service = Service.objects.create(name="Hour", minutes=60, price_amount=100, currency="CNY", booked_as="session")
    Offer.objects.create(service=service, store=store)
    starts_at = now + timedelta(days=3)
    def session(capacity, starts_at):
        pool = Pool.objects.create(store=store, kind="session", capacity=capacity)
        return Session.objects.create(store=store, service=service, pool=pool, starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1), created_at=now)
    rounds = [[session(SEATS, starts_at + timedelta(days=2 * n + warm)) for warm in (0, 1)] for n in range(ROUNDS)]
    Member.objects.bulk_create(Member(name=f"M{n}", created_at=now) for n in range(ASKED))
print(json.dumps({"schema": schema, "pools": [str(hot.pool_id) for hot, warm in rounds]}))
"""

WORK = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
import django
django.setup()
from django.db import connection
from chains.anew import in_chain
from chains.models import Chain
from chains.scope import chain_scope, platform_scope
from config.steady import settle
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.models import Session
from tenants.members.models import Member
from tenants.people.domain.rights import Actor
place, processes, threads, each, turn = map(int, sys.argv[1:])
with platform_scope():
    chain = Chain.objects.get(slug="hot")
with chain_scope(chain):
    hot, warm = Session.objects.order_by("starts_at")[2 * turn:2 * turn + 2]
    members = list(Member.objects.order_by("id").values_list("id", flat=True))
mine = members[place::processes]
connection.close()  # as many as are kept are for the threads
now = datetime.now(UTC)
def go(session, queue):
    done = {}
    for member in queue:  # one for all threads: whoever is free takes the next
        try:
            in_chain(chain, lambda: book_scheduled(Wish(session_id=session.id), by=Actor(member_id=member), now=now))
            answer = "booked"
        except Exception as error:
            answer = getattr(error, "code", repr(error))
        done[answer] = done.get(answer, 0) + 1
    connection.close()
    return done
with ThreadPoolExecutor(threads) as pool:
    list(pool.map(go, [warm] * threads, [iter(mine[:3 * threads])] * threads))
    settle()
    print("ready", flush=True)
    sys.stdin.readline()
    begun, spent = time.perf_counter(), time.process_time()
    answers = list(pool.map(go, [hot] * threads, [iter(mine[:each * threads])] * threads))
    print(json.dumps({"answers": answers, "seconds": time.perf_counter() - begun, "cpu": time.process_time() - spent}))
"""


def run(ground: Ground) -> list[Row]:
    """The table's rows. Raises where a seat was sold twice or an answer was none of the two."""
    rounds = ROUNDS * len(CROWDS)
    made = python(ground, f"SEATS, ASKED, ROUNDS = {SEATS}, {ASKED}, {rounds}\n{PREPARE}")
    pools: list[str] = made["pools"]  # type: ignore[assignment]
    turns = list(enumerate(pools))
    return [
        _row(ground, str(made["schema"]), turns[place :: len(CROWDS)], crowd=crowd)
        for place, crowd in enumerate(CROWDS)
    ]


def _row(ground: Ground, schema: str, turns: Sequence[tuple[int, str]], *, crowd: Crowd) -> Row:
    """A crowd beside as many clients of pgbench; a session, of that pool, for each turn."""
    seconds, cpu, floor = 0.0, 0.0, 0.0
    for turn, pool in turns:
        booked, took, spent = _book(ground, turn, crowd=crowd)
        if booked != SEATS:
            raise RuntimeError(f"{booked} of {SEATS} seats were booked")
        seconds, cpu = seconds + took, cpu + spent
        floor += _pgbench(ground, schema, pool, clients=PROCESSES * crowd.threads) / len(turns)
    total = SEATS * len(turns)
    return Row(
        f"seats of one hot session in process, {PROCESSES} × {crowd.threads} at once",
        f"{total / seconds:,.0f}/s, {cpu * 1000 / total:.1f} ms CPU",
        f"{floor:,.0f}/s (pgbench, one hot row, as many clients)",
        total / seconds / floor,
        crowd.aim,
    )


def _book(ground: Ground, turn: int, *, crowd: Crowd) -> tuple[int, float, float]:
    """How many seats were booked, the seconds of the slowest process, and the seconds of CPU of all."""
    each = ASKED // (PROCESSES * crowd.threads)
    own = [(place, PROCESSES, crowd.threads, each, turn) for place in range(PROCESSES)]
    said = run_at_once(ground, WORK, own)
    kinds = {kind for one in said for answers in one["answers"] for kind in answers}
    if not kinds <= {"booked", "session_full"}:
        raise RuntimeError(f"answers that are neither a seat nor a clear no: {kinds}")
    booked = sum(answers.get("booked", 0) for one in said for answers in one["answers"])
    return booked, max(one["seconds"] for one in said), sum(one["cpu"] for one in said)


def _pgbench(ground: Ground, schema: str, pool: str, *, clients: int) -> float:
    """Transactions a second of so many clients that count one row up."""
    from embedded.wheel import postgres_program

    script = HOME / "hot_row.sql"
    script.write_text(f"UPDATE {schema}.booking_pool SET capacity = capacity + 1 WHERE id = '{pool}';\n")
    program = str(postgres_program("pgbench"))
    how = ["-n", "-c", str(clients), "-j", "2", "-T", str(PGBENCH_SECONDS), "-f", str(script)]
    done = subprocess.run([program, *how, ground.owner], capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])
