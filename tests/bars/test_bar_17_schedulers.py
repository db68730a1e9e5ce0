"""Bar 17: two schedulers killed again and again: each chain's periodic jobs run once a period.

The clock goes by the hour through nights in which it is set forward and back, month ends and 29 February.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import redis
from django.conf import settings

from billing.models import UsageMonth
from chains.chores import next_round
from chains.domain.housekeeping import ensure_platform_round, start_missing_rounds
from chains.due import mark_due
from chains.hosts import ChainInfo
from chains.models import Chain, DueWork
from chains.schemas.owner import owner_connection
from chains.scope import PUBLIC, chain_scope, platform_scope, role_of
from tenants.booking.domain.figures import FIGURES
from tenants.events.domain.usage import BOOKINGS, count_usage
from tests.bars import FULL, SEED, record, size
from tests.bars.scheduled import AFTER, BEFORE, JOBS, RAN, set_clock
from tests.ground.chains import TwoChains, make_chain
from tests.ground.plugin import ROOT
from tests.ground.sweep import superuser
from tests.ground.workers import wait_until

pytestmark = pytest.mark.race

KILLS = size(2, 10)  # of each scheduler; as many of the worker, amid a job and right after one
CHAINS = size(0, 8)  # beside the two that stand
HOUR = timedelta(hours=1)
LEASE_OVER = timedelta(seconds=31)
PATIENCE = 300.0
ZONES = ("Europe/Dublin", "America/New_York")
# The hour (UTC) at which it happens, in a year with a 29 February and so far ahead that no message among the
# processes is out of date.
NIGHTS = {
    "29 February ends": datetime(2048, 3, 1, 0, tzinfo=UTC),
    "29 February ends in New York": datetime(2048, 3, 1, 5, tzinfo=UTC),
    "New York forward": datetime(2048, 3, 8, 7, tzinfo=UTC),
    "Dublin forward": datetime(2048, 3, 29, 1, tzinfo=UTC),
    "a month ends in Dublin's summer": datetime(2048, 4, 30, 23, tzinfo=UTC),
    "Dublin back": datetime(2048, 10, 25, 1, tzinfo=UTC),
    "New York back": datetime(2048, 11, 1, 6, tzinfo=UTC),
    "the year ends": datetime(2049, 1, 1, 0, tzinfo=UTC),
}


def stops() -> list[datetime]:
    """The hours before and after, a second late; in the full form the whole nights, and a month's noons."""
    around = range(-3, 4) if FULL else range(-1, 1)
    found = {at + number * HOUR for at in NIGHTS.values() for number in around}
    if FULL:
        found |= {datetime(2048, 2, 10, 12, tzinfo=UTC) + timedelta(days=number) for number in range(30)}
    return [at + timedelta(seconds=1) for at in sorted(found)]


@dataclass
class Machine:
    """Two schedulers and a worker on one clock."""

    folder: Path
    launcher: subprocess.Popen[str]
    dice: random.Random
    processes: dict[str, int] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Fork it; each believes it lives in another zone."""
        zone = {"beat-0": "Europe/Dublin", "beat-1": "America/New_York"}.get(name, "Australia/Lord_Howe")
        line = f"beat {self.folder / name} {zone}" if name.startswith("beat") else f"worker {zone}"
        assert self.launcher.stdin is not None and self.launcher.stdout is not None
        self.launcher.stdin.write(f"{line}\n")
        self.launcher.stdin.flush()
        self.processes[name] = int(self.launcher.stdout.readline())

    def kill(self, name: str) -> None:
        """SIGKILL; it may be dead already."""
        with suppress(ProcessLookupError):
            os.kill(self.processes.pop(name), signal.SIGKILL)

    def restart_the_killed(self, order: str, at: datetime) -> None:
        """The worker has carried out the order to die: another one takes its place when its leases are over."""
        assert wait_until(lambda: not (self.folder / order).exists(), seconds=PATIENCE)
        self.start("worker")
        set_clock(self.folder, at + LEASE_OVER)


@contextmanager
def machine(folder: Path, at: datetime, **surroundings: str) -> Iterator[Machine]:
    """All three running, from a clock that says `at`; killed at the end."""
    set_clock(folder, at)
    launcher = subprocess.Popen(
        [sys.executable, "-m", "tests.bars.scheduled"],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
            "BAR_17": str(folder),
            **surroundings,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    made = Machine(folder, launcher, random.Random(SEED))
    try:
        for name in ("worker", "beat-0", "beat-1"):
            made.start(name)
        yield made
    finally:
        for name in list(made.processes):
            made.kill(name)
        launcher.kill()
        launcher.wait()
        for pipe in (launcher.stdin, launcher.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture()
def chains(two_chains: TwoChains) -> Iterator[list[ChainInfo]]:
    """Chains in two zones, each with a table of what ran in it; nothing in the broker."""
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    found = [
        two_chains.a,
        two_chains.b,
        *(make_chain(f"periodic{number}") for number in range(CHAINS)),
    ]
    for number, chain in enumerate(found):
        Chain.objects.filter(id=chain.id).update(time_zone=ZONES[number % 2])
    schemas = [PUBLIC, *(chain.schema_name for chain in found)]
    with owner_connection() as owner:
        for schema in schemas:
            owner.execute(f"CREATE TABLE {schema}.{RAN} (job text, at timestamptz)")
            owner.execute(f"GRANT INSERT ON {schema}.{RAN} TO {role_of(schema)}")
    yield found
    with owner_connection() as owner:
        for schema in schemas:
            owner.execute(f"DROP TABLE {schema}.{RAN}")


def begin(chains: list[ChainInfo], at: datetime) -> None:
    """The jobs are due as they are for a new chain."""
    with platform_scope():
        assert ensure_platform_round(now=at)
        assert start_missing_rounds(now=at) == len(chains)
    for chain in chains:
        with chain_scope(chain):
            mark_due(FIGURES, at)


def all_done(at: datetime) -> bool:
    """Whether nothing periodic is due or leased."""
    return not DueWork.objects.filter(kind__in=JOBS, due_at__lte=at + timedelta(seconds=30)).exists()


def live_through(
    chains: list[ChainInfo], folder: Path, whens: list[datetime], *, kills: int, **surroundings: str
) -> int:
    """Go from stop to stop, kill on the way; how many processes were killed."""
    begin(chains, whens[0])
    killed = 0
    with machine(folder, whens[0], **surroundings) as made:
        orders = [(BEFORE, AFTER)[number % 2] for number in range(kills)]
        beats = [f"beat-{number % 2}" for number in range(2 * kills)]
        made.dice.shuffle(beats)
        for number, at in enumerate(whens):
            # as many a stop as are left for those that are left
            left = len(whens) - number
            order = orders.pop() if len(orders) * 2 >= left or (orders and made.dice.random() < 0.4) else ""
            if order:
                (folder / order).touch()
            set_clock(folder, at)
            for _ in range(-(-len(beats) // left)):
                beat = beats.pop()
                wait_until(lambda: False, seconds=made.dice.random() * 0.2)
                made.kill(beat)
                made.start(beat)
                killed += 1
            if order:
                made.restart_the_killed(order, at)
                killed += 1
            for chain in chains:
                with chain_scope(chain):
                    count_usage(BOOKINGS, at=at, now=at)
            assert wait_until(lambda now=at: all_done(now + LEASE_OVER), seconds=PATIENCE, pause=0.05)
        set_clock(folder, whens[-1] + timedelta(minutes=2))
        told = UsageMonth.objects.filter(metric=BOOKINGS)
        assert wait_until(
            lambda: sum(row.count for row in told.all()) == len(whens) * len(chains), seconds=PATIENCE
        )
    return killed


def ran(schema: str) -> Counter[tuple[str, object]]:
    """How often each job ran in each of its periods, by the rows of one schema."""
    rows = superuser().execute(f"SELECT job, at FROM {schema}.{RAN}").fetchall()
    return Counter((job, period_of(job, schema, at.astimezone(UTC))) for job, at in rows)


def period_of(job: str, schema: str, at: datetime) -> datetime:
    """When the period ends in which that moment lies."""
    if job == "housekeeping":
        return next_round(schema, now=at)
    return at.replace(minute=0, second=0, microsecond=0) + HOUR


def wanted(schema: str, whens: list[datetime]) -> Counter[tuple[str, object]]:
    """Each job of the schema once in each period that the clock has been in."""
    jobs = [job for job in JOBS if job.endswith(".platform") == (schema == PUBLIC)]
    return Counter({(job, period_of(job, schema, at)): 1 for job in jobs for at in whens})


def differences(chains: list[ChainInfo], whens: list[datetime]) -> list[str]:
    """What ran otherwise than once a period."""
    wrong = []
    for schema in (PUBLIC, *(chain.schema_name for chain in chains)):
        got, right = ran(schema), wanted(schema, whens)
        wrong += [
            f"{schema} {key}: {got[key]}, not {right[key]}"
            for key in got.keys() | right.keys()
            if got[key] != right[key]
        ]
    return sorted(wrong)


def months(chains: list[ChainInfo]) -> tuple[Counter[tuple[object, date]], Counter[tuple[object, date]]]:
    """What the platform was told of each chain's months, and what happened in them by the chain's own calendar."""
    rows = UsageMonth.objects.filter(metric=BOOKINGS).values_list("chain_id", "month", "count")
    told = Counter({(chain, month): count for chain, month, count in rows})
    right: Counter[tuple[object, date]] = Counter()
    for number, chain in enumerate(chains):
        for at in stops():
            right[chain.id, at.astimezone(ZoneInfo(ZONES[number % 2])).date().replace(day=1)] += 1
    return told, right


def test_bar_17_every_periodic_job_runs_once_a_period(chains: list[ChainInfo], tmp_path: Path) -> None:
    killed = live_through(chains, tmp_path, stops(), kills=KILLS)
    told, right = months(chains)
    record(
        17, stops=len(stops()), killed=killed, jobs=sum(sum(ran(one.schema_name).values()) for one in chains)
    )
    assert killed == 3 * KILLS
    assert differences(chains, stops()) == []
    assert told == right


@pytest.mark.mutant
def test_mutant_a_job_and_its_row_apart_run_it_twice(chains: list[ChainInfo], tmp_path: Path) -> None:
    whens = stops()[:4]
    live_through(chains, tmp_path, whens, kills=2, BAR_17_MUTANT="1")
    assert any(line.endswith(": 2, not 1") for line in differences(chains, whens))
