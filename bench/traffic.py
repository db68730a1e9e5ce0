"""Bookings, redemptions and availability over HTTP and in process, on one PostgreSQL with what stands beside them.

pgbench commits the two INSERTs (booking, claim) and nothing else, so it is the floor, not a rival; the bare Django view
is what a framework alone adds to it. pretix is the rival.
"""

from __future__ import annotations

import os
import re
import subprocess
from statistics import harmonic_mean, mean

from bench import in_process
from bench.ground import HOME, ROOT, Ground, Row
from bench.load import CLIENTS
from bench.over_http import Shop, measure_over_http
from bench.pretix.rows import rows_beside_pretix
from bench.provisioning import python

ROUNDS = 3

PREPARE = (ROOT / "bench" / "prepare_traffic.py").read_text()


def run(ground: Ground) -> list[Row]:
    """The table's rows; CPU is of the web processes, per request."""
    shop = Shop(**python(ground, PREPARE))  # type: ignore[arg-type]
    floor = {1: _pgbench(ground, shop, clients=1)}
    alone = in_process.measure(ground, shop, processes=1, threads=1, first=600)
    together, beside = _together(ground, shop)
    floor[CLIENTS] = _pgbench(ground, shop, clients=CLIENTS)
    over_http = measure_over_http(ground, shop)
    ours, bare, week = over_http.ours, over_http.bare, over_http.week
    one, many = (f"{floor[clients]:,.0f}/s (pgbench, two INSERTs)" for clients in (1, CLIENTS))
    return [
        Row("booking over HTTP, 1 client", str(ours.alone), one, ours.alone.rate / floor[1], "–"),
        Row(f"booking over HTTP, {CLIENTS} clients", str(ours.booking), many, ours.booking.rate / floor[CLIENTS], "≥ 8 %"),
        Row(f"booking over HTTP, {CLIENTS} clients, beside a bare view", str(ours.booking), f"{bare} (Django view, two INSERTs)", ours.booking.rate / bare.rate, "–"),
        Row("booking in process, 1 at once", f"{alone.rate:,.0f}/s, {alone.cpu:.1f} ms CPU", one, alone.rate / floor[1], "–"),
        Row(f"booking in process, {in_process.PROCESSES} × {in_process.THREADS} at once", f"{together.rate:,.0f}/s, {together.cpu:.1f} ms CPU", f"{beside:,.0f}/s (pgbench, two INSERTs)", together.rate / beside, "≥ 30 %"),
        Row(f"redemption over HTTP, {CLIENTS} clients", str(ours.redemption), many, ours.redemption.rate / floor[CLIENTS], "–"),
        *rows_beside_pretix(ours, over_http.pretix),
        Row("availability over HTTP, 20 practitioners, a week", f"{week.cpu:.1f} ms CPU, {week.median:.1f} ms", "6 ms CPU (aim)", 6 / week.cpu, "≤ 6 ms CPU"),
    ]  # fmt: skip


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


def _together(ground: Ground, shop: Shop) -> tuple[in_process.Rate, float]:
    """Bookings of several processes, and pgbench's transactions a second of as many clients, in turns."""
    rates, floors, each = [], [], in_process.EACH // 2
    for turn in range(ROUNDS):
        floors.append(_pgbench(ground, shop, clients=in_process.PROCESSES * in_process.THREADS))
        first = 900 + turn * (each + in_process.WARM_UP)
        rates.append(
            in_process.measure(
                ground,
                shop,
                processes=in_process.PROCESSES,
                threads=in_process.THREADS,
                first=first,
                each=each,
            )
        )
    together = in_process.Rate(harmonic_mean([one.rate for one in rates]), mean([one.cpu for one in rates]))
    return together, mean(floors)


def _pgbench(ground: Ground, shop: Shop, *, clients: int) -> float:
    """Transactions a second of the two INSERTs at so many clients."""
    quoted = ", ".join(f"'{resource}'" for resource in shop.resources)
    members = ", ".join(f"'{member}'" for member in shop.members[: len(shop.resources)])
    script = HOME / "two_inserts.sql"
    # so many slots that two of a run are hardly ever the same; the last is a date that PostgreSQL can hold
    script.write_text(
        SCRIPT.format(
            people=len(shop.resources),
            store=shop.store,
            service=shop.service,
            members=members,
            resources=quoted,
        )
    )
    from embedded.wheel import postgres_program

    program = str(postgres_program("pgbench"))
    done = subprocess.run(
        [program, "-n", "-c", str(clients), "-j", "2", "-T", "4", "-f", str(script), ground.owner],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PGOPTIONS": f"-c search_path={shop.schema},extensions"},
    )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert found, done.stdout
    return float(found.group(1))
