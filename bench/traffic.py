"""Booking, redemption and availability over HTTP at 1 and 8 clients, beside pgbench on the same PostgreSQL.

Ours goes through the shipped server and address: token, permission, idempotency key, outbox, roles.
pgbench commits the two INSERTs (booking, claim) and nothing else, so it is the floor, not a rival.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from bench import in_process
from bench.ground import HOME, ROOT, Ground, Row
from bench.provisioning import python
from bench.serving import cpu_of, serving

CLIENTS = 8
EACH = 250
HOST = "traffic.tessera.test"

PREPARE = (ROOT / "bench" / "prepare_traffic.py").read_text()


@dataclass
class Shop:
    """What the prepared chain holds; see prepare_traffic.py."""

    schema: str
    store: str
    service: str
    practitioners: list[str]
    resources: list[str]
    members: list[str]
    tokens: list[str]
    clerk: str
    codes: list[str]
    slots: list[str]


def run(ground: Ground) -> list[Row]:
    """The table's rows; CPU is of the web processes, per request."""
    shop = Shop(**python(ground, PREPARE))  # type: ignore[arg-type]
    floor = _pgbench(ground, shop)
    alone = in_process.measure(ground, shop, processes=1, threads=1, first=600)
    together = in_process.measure(
        ground, shop, processes=in_process.PROCESSES, threads=in_process.THREADS, first=900
    )
    with serving(sys.executable, "config.wsgi:application", ground.environment(), alive="/livez") as (
        port,
        processes,
    ):
        # every worker has loaded its views before anything is measured
        _load(port, processes, _availability(shop, days=1), clients=CLIENTS, each=8)
        one = _load(port, processes, _bookings(shop, offset=0), clients=1)
        many = _load(port, processes, _bookings(shop, offset=8), clients=CLIENTS)
        redeemed = _load(port, processes, _redemptions(shop), clients=CLIENTS)
        week = _load(port, processes, _availability(shop, days=7), clients=1, each=60)
    return [
        Row("booking over HTTP, 1 client", f"{one.rate:,.0f}/s, {one.cpu:.1f} ms CPU", f"{floor[1]:,.0f}/s (pgbench, two INSERTs)", one.rate / floor[1], "–"),
        Row("booking over HTTP, 8 clients", f"{many.rate:,.0f}/s, {many.cpu:.1f} ms CPU", f"{floor[CLIENTS]:,.0f}/s (pgbench, two INSERTs)", many.rate / floor[CLIENTS], "≥ 8 %"),
        Row("booking in process, 1 at once", f"{alone.rate:,.0f}/s, {alone.cpu:.1f} ms CPU", f"{floor[1]:,.0f}/s (pgbench, two INSERTs)", alone.rate / floor[1], "–"),
        Row(f"booking in process, {in_process.PROCESSES} × {in_process.THREADS} at once", f"{together.rate:,.0f}/s, {together.cpu:.1f} ms CPU", f"{floor[CLIENTS]:,.0f}/s (pgbench, two INSERTs)", together.rate / floor[CLIENTS], "≥ 30 %"),
        Row("redemption over HTTP, 8 clients", f"{redeemed.rate:,.0f}/s, {redeemed.cpu:.1f} ms CPU", f"{floor[CLIENTS]:,.0f}/s (pgbench, two INSERTs)", redeemed.rate / floor[CLIENTS], "–"),
        Row("availability over HTTP, 20 practitioners, a week", f"{week.cpu:.1f} ms CPU, {week.median:.1f} ms", "6 ms CPU (aim)", 6 / week.cpu, "≤ 6 ms CPU"),
    ]  # fmt: skip


Request = tuple[str, str, str | None, str]


@dataclass
class Measured:
    """Requests a second, milliseconds of CPU a request, median milliseconds."""

    rate: float
    cpu: float
    median: float


def _bookings(shop: Shop, *, offset: int) -> Callable[[int, int], Request]:
    def request(client: int, number: int) -> Request:
        who = client + offset
        body = {
            "store": shop.store,
            "service": shop.service,
            "starts_at": shop.slots[number],
            "practitioner": shop.practitioners[who],
        }
        return "POST", "/api/v1/bookings", json.dumps(body), shop.tokens[who]

    return request


def _redemptions(shop: Shop) -> Callable[[int, int], Request]:
    def request(client: int, number: int) -> Request:
        code = shop.codes[client * EACH + number]
        return "POST", "/api/v1/redemptions", json.dumps({"store": shop.store, "code": code}), shop.clerk

    return request


def _availability(shop: Shop, *, days: int) -> Callable[[int, int], Request]:
    first, last = shop.slots[0][:10], shop.slots[48 * days][:10]
    address = f"/api/v1/availability?store={shop.store}&service={shop.service}&from={first}&to={last}"

    def request(client: int, number: int) -> Request:
        return "GET", address, None, shop.tokens[0]

    return request


def _load(
    port: int,
    processes: list[psutil.Process],
    make: Callable[[int, int], Request],
    *,
    clients: int,
    each: int = EACH,
) -> Measured:
    """Each client on its own kept connection, one request after the other; every answer must be 2xx."""
    times: list[float] = []
    wrong: list[Any] = []

    def go(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for number in range(each):
            method, path, body, token = make(client, number)
            headers = {"Host": HOST, "Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            if method == "POST":
                headers["Idempotency-Key"] = f"{path}-{client}-{number}"
            begun = time.perf_counter()
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
            times.append((time.perf_counter() - begun) * 1000)
            if answer.status not in (200, 201):
                wrong.append((answer.status, text[:300]))

    before = cpu_of(processes)
    begun = time.perf_counter()
    threads = [threading.Thread(target=go, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - begun
    if wrong:
        raise RuntimeError(f"{len(wrong)} wrong answers, the first {wrong[0]}")
    count = clients * each
    return Measured(
        count / spent, (cpu_of(processes) - before) * 1000 / count, sorted(times)[len(times) // 2]
    )


SCRIPT = """
\\set person random(1, {people})
\\set slot random(1, 2000000000)
BEGIN;
WITH b AS (INSERT INTO booking_booking (id, code, status, store_id, service_id, practitioner_id, starts_at, ends_at,
  party_size, price_amount, currency, note, channel, notice, reason, details, version, created_at, member_id)
  SELECT gen_random_uuid(), substr(encode(uuid_send(gen_random_uuid()), 'base64'), 1, 8), 'confirmed', '{store}', '{service}', NULL,
  timestamptz '2030-01-01' + :slot * interval '30 minutes', timestamptz '2030-01-01' + (:slot + 1) * interval '30 minutes',
  1, 100, 'CNY', '', 'api', 0, '', '{{}}', 1, now(), (ARRAY[{members}]::uuid[])[:person] RETURNING id, starts_at, ends_at)
INSERT INTO booking_claim (id, booking_id, resource_id, during, units, active, starts_at, ends_at)
  SELECT gen_random_uuid(), id, (ARRAY[{resources}]::uuid[])[:person], tstzrange(starts_at, ends_at), 1, true, starts_at, ends_at FROM b;
END;
"""


def _pgbench(ground: Ground, shop: Shop) -> dict[int, float]:
    """Transactions a second of the two INSERTs at 1 and 8 clients."""
    quoted = ", ".join(f"'{resource}'" for resource in shop.resources)
    members = ", ".join(f"'{member}'" for member in shop.members[: len(shop.resources)])
    script = HOME / "two_inserts.sql"
    # slots far apart keep clear of the dates PostgreSQL cannot hold
    script.write_text(
        SCRIPT.format(
            people=len(shop.resources),
            store=shop.store,
            service=shop.service,
            members=members,
            resources=quoted,
        ).replace("2000000000", "400000000")
    )
    from embedded.wheel import postgres_program

    rates = {}
    for clients in (1, CLIENTS):
        done = subprocess.run(
            [
                str(postgres_program("pgbench")),
                "-n",
                "-c",
                str(clients),
                "-j",
                "2",
                "-T",
                "6",
                "-f",
                str(script),
                ground.owner,
            ],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PGOPTIONS": f"-c search_path={shop.schema},extensions"},
        )
        found = re.search(r"tps = ([0-9.]+)", done.stdout)
        assert found, done.stdout
        rates[clients] = float(found.group(1))
    return rates
