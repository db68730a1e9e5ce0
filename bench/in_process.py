"""Bookings through the domain's door in process, by one process alone and by several at once, each commit durable."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from bench.at_once import run_at_once
from bench.ground import Ground

# as many threads as a process keeps connections
PROCESSES, THREADS = 2, 3
EACH = 200
# before they are measured: plans are kept by then
WARM_UP = 3

WORK = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID
import django
django.setup()
from django.db import connection
from chains.models import Chain
from chains.anew import in_chain
from chains.scope import platform_scope
from config.steady import settle
from tenants.booking.domain.book import book
from tenants.people.domain.rights import Actor
place, threads, each, first = map(int, sys.argv[1:])
shop = json.loads(sys.stdin.readline())
with platform_scope():
    chain = Chain.objects.get(slug="traffic")
connection.close()  # it is for one of the threads
def go(thread, first=first, count=each):
    who = place * threads + thread
    for slot in shop["slots"][first:first + count]:
        in_chain(chain, lambda: book(UUID(shop["service"]), store_id=UUID(shop["store"]), starts_at=datetime.fromisoformat(slot),
                practitioner_id=UUID(shop["practitioners"][who]), by=Actor(member_id=UUID(shop["members"][40 + who])),
                now=datetime.now(UTC)))
    connection.close()
with ThreadPoolExecutor(threads) as pool:
    list(pool.map(lambda thread: go(thread, first + each, WARM_UP), range(threads)))
    settle()
    print("ready", flush=True)
    sys.stdin.readline()
    begun, spent = time.perf_counter(), time.process_time()
    list(pool.map(go, range(threads)))
    print(json.dumps({"seconds": time.perf_counter() - begun, "cpu": time.process_time() - spent}))
"""


@dataclass(frozen=True)
class Rate:
    """Bookings a second, and milliseconds of our CPU for each."""

    rate: float
    cpu: float


def measure(
    ground: Ground, shop: object, *, processes: int, threads: int, first: int, each: int = EACH
) -> Rate:
    """`each` bookings of a thread; `first` is the place among the slots from which on nobody has booked yet."""
    said = run_at_once(
        ground,
        f"WARM_UP = {WARM_UP}\n{WORK}",
        [(place, threads, each, first) for place in range(processes)],
        told=json.dumps(asdict(shop)),  # type: ignore[call-overload]
    )
    count = processes * threads * each
    return Rate(count / max(one["seconds"] for one in said), sum(one["cpu"] for one in said) * 1000 / count)
