"""When a service can begin: one practitioner's four weeks beside django-appointment, and any of fifty stores.

Both calendars hold the same practitioners, hours and bookings on the same PostgreSQL, behind the same web server.
django-appointment answers a day at a time, so its four weeks are 28 calls, as its own calendar makes them.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import psycopg
from psycopg import sql

from bench.beside import NotThere, beside_python
from bench.ground import ROOT, Ground, Row
from bench.serving import cpu_of, serving

HOST = "many.tessera.test"
STORES, PEOPLE, DAYS = 50, 100, 28
HOURS = (9, 10, 11, 14, 15, 17)
ONE = "availability, one practitioner, 4 weeks"
ANY = f"availability, any store of {STORES}"


def run(ground: Ground) -> list[Row]:
    """Milliseconds of the asking or answering processes' CPU."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    size = {
        "first": tomorrow.isoformat(), "days": DAYS, "hours": HOURS, "stores": STORES, "people": PEOPLE, "host": HOST,
    }  # fmt: skip
    shop = _ours(ground, "prepare_availability.py", BENCH_SIZE=json.dumps(size))
    inside = _ours(
        ground, "measure_availability.py", BENCH_SIZE=json.dumps(size), BENCH_SHOP=json.dumps(shop)
    )
    if inside["few"]["queries"] != inside["week"]["queries"]:
        raise RuntimeError(f"statements grow with the stores: {inside}")
    until = (tomorrow + timedelta(days=DAYS)).isoformat()
    asked = f"/api/v1/availability?store={shop['store']}&service={shop['service']}&from={size['first']}"
    near = f"/api/v1/availability/nearby?service={shop['service']}&from={size['first']}&limit={STORES}"
    day, week = ((tomorrow + timedelta(days=n)).isoformat() for n in (1, 7))
    headers = {"Host": HOST, "Authorization": f"Bearer {shop['token']}"}
    with serving(sys.executable, "config.wsgi:application", ground.environment(), alive="/livez") as (
        port,
        processes,
    ):
        month = _asked(port, processes, [f"{asked}&to={until}&practitioner={shop['practitioner']}"], headers)
        one_day = _asked(port, processes, [f"{asked}&to={day}"], headers)
        one_week = _asked(port, processes, [f"{asked}&to={week}"], headers)
        near_day = _asked(port, processes, [f"{near}&to={day}"], headers, times=20)
        near_week = _asked(port, processes, [f"{near}&to={week}"], headers, times=10)
    return [
        *_beside_appointment(ground, size, inside["month"], month),
        _of_stores("a day", inside["day"], near_day, one_day),
        _of_stores("a week", inside["week"], near_week, one_week),
    ]


@dataclass
class Beside:
    """What django-appointment took for the four weeks: milliseconds in process and over HTTP, queries, slots."""

    inside: float
    queries: int
    slots: int
    http: float


def _beside_appointment(
    ground: Ground, size: dict[str, Any], inside: dict[str, Any], http: float
) -> list[Row]:
    own = (f"{inside['ms']:.2f} ms CPU, {inside['queries']} queries", f"{http:.2f} ms CPU")
    try:
        theirs = _appointment(ground, size)
    except NotThere as why:
        return [
            Row(f"{ONE}, in process", own[0], "not run", None, "≥ 100 ×", str(why)),
            Row(f"{ONE}, over HTTP", own[1], "not run", None, "≥ 50 ×", str(why)),
        ]
    if theirs.slots != inside["slots"]:
        raise RuntimeError(f"not the same calendar: {theirs.slots} free times there, {inside['slots']} here")
    there = f"{theirs.inside:,.0f} ms CPU, {theirs.queries} queries (django-appointment)"
    over = f"{theirs.http:,.0f} ms CPU, {DAYS} requests (django-appointment)"
    return [
        Row(f"{ONE}, in process", own[0], there, theirs.inside / inside["ms"], "≥ 100 ×"),
        Row(f"{ONE}, over HTTP", own[1], over, theirs.http / http, "≥ 50 ×"),
    ]


def _of_stores(span: str, inside: dict[str, Any], http: float, one: float) -> Row:
    ours = f"{http:.1f} ms CPU over HTTP, {inside['queries']} queries, {inside['slots']:,} slots"
    return Row(
        f"{ANY}, {span}", ours, f"{STORES * one:.0f} ms CPU ({STORES} requests of one)", STORES * one / http, "constant queries"
    )  # fmt: skip


def _ours(ground: Ground, script: str, **extra: str) -> dict[str, Any]:
    return _told([sys.executable, "-W", "ignore", str(ROOT / "bench" / script)], ground.environment(**extra))


def _appointment(ground: Ground, size: dict[str, Any]) -> Beside:
    python = beside_python("django-appointment", lock="bench")
    with psycopg.connect(ground.admin, autocommit=True) as admin:
        admin.execute("CREATE DATABASE beside")
        server = admin.info
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "bench.appointment.settings",
            "BESIDE_NAME": "beside", "BESIDE_HOST": server.host, "BESIDE_PORT": str(server.port),
            "BESIDE_USER": server.user, "BESIDE_PASSWORD": server.password,
        }  # fmt: skip
    told = _told([str(python), "-W", "ignore", "-m", "bench.appointment.ask", json.dumps(size)], environment)
    first = datetime.fromisoformat(size["first"]).date()
    days = [(first + timedelta(days=n)).isoformat() for n in range(DAYS)]
    paths = [
        f"/appointment/ajax/available_slots/?selected_date={day}&staff_member={told['staff']}&service_id={told['service']}"
        for day in days
    ]
    headers = {"Host": "beside.test", "X-Requested-With": "XMLHttpRequest"}
    with serving(
        python, "bench.appointment.wsgi:application", environment, alive="/appointment/ajax/available_slots/"
    ) as (port, processes):
        spent = _asked(port, processes, paths, headers, times=3)
    with psycopg.connect(ground.admin, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE beside WITH (FORCE)"))
    return Beside(told["ms"], told["queries"], told["slots"], spent)


def _told(line: list[str], environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def _asked(
    port: int,
    processes: list[psutil.Process],
    paths: Sequence[str],
    headers: dict[str, str],
    *,
    times: int = 60,
) -> float:
    """Milliseconds of CPU to answer all of the paths once, after each server process has warmed up."""
    for _ in range(max(1, 16 // len(paths))):
        _answered(port, paths, headers)
    begun = cpu_of(processes)
    for _ in range(times):
        _answered(port, paths, headers)
    return (cpu_of(processes) - begun) * 1000 / times


def _answered(port: int, paths: Sequence[str], headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for path in paths:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} to {path}: {text[:300]!r}")
    connection.close()
