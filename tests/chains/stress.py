"""Threads over chains, with everything that can go wrong in between; counts what saw another's rows."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import DatabaseError, OperationalError, ProgrammingError, connection, connections, transaction

from chains.hosts import ChainInfo
from chains.postgresql.ask import Question, ask
from chains.scope import chain_scope, current, platform_scope
from tenants.stores.models import Region

# What a killed connection, a time-out or an aborted transaction may raise; anything else is a failure.
_MAY_FAIL = (OperationalError, DatabaseError, transaction.TransactionManagementError)


@dataclass
class Tally:
    """What a run saw: operations by kind, honest errors, and every wrong row."""

    done: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Sum up."""
        self.done += other.done
        self.errors += other.errors
        self.wrong += other.wrong


def _names(rows: list[tuple[Any, ...]]) -> list[str]:
    return [row[0] for row in rows]


class Worker:
    """One thread's share. Every row's name begins with the schema it was written for."""

    def __init__(self, chains: Sequence[ChainInfo], seed: int, tally: Tally) -> None:
        self.chains, self.tally = chains, tally
        self.random = random.Random(seed)
        self.operations: dict[str, Callable[[ChainInfo], None]] = {
            "read": self.read,
            "asked": self.asked,
            "write": self.write,
            "exception": self.exception,
            "savepoint": self.savepoint,
            "caught": self.caught,
            "raw_rollback": self.raw_rollback,
            "killed": self.killed,
            "iterator": self.iterator,
            "nested": self.nested,
            "timeout": self.timeout,
            "platform": self.platform,
        }

    def run(self, times: int) -> None:
        """So many operations on chains at random."""
        for _ in range(times):
            name = self.random.choice(list(self.operations))
            chain = self.random.choice(self.chains)
            try:
                self.operations[name](chain)
            except ZeroDivisionError:
                pass
            except (
                ProgrammingError
            ) as error:  # no such table, no permission: another path or role than it should be
                self.tally.wrong.append((name, chain.schema_name, str(error).splitlines()[0]))
            except _MAY_FAIL as error:
                self.tally.errors[f"{name}: {type(error).__name__}"] += 1
            else:
                self.tally.done[name] += 1
            finally:
                connection.close()  # what the end of a request does with CONN_MAX_AGE=0
            assert current().chain_id is None

    def look(self, chain: ChainInfo, what: str) -> None:
        """Every row seen now must be the chain's own, and the first one must be seen."""
        names = list(Region.objects.values_list("name", flat=True)[:50])
        self.tally.wrong += [
            (what, chain.schema_name, name) for name in names if not name.startswith(chain.schema_name)
        ]
        if not names:
            self.tally.wrong.append((what, chain.schema_name, "nothing was seen"))

    def add(self, chain: ChainInfo) -> None:
        Region.objects.create(name=f"{chain.schema_name}:{self.random.getrandbits(40)}")

    def read(self, chain: ChainInfo) -> None:
        with chain_scope(chain):
            self.look(chain, "read")

    def asked(self, chain: ChainInfo) -> None:
        """Twice, so that the session keeps the question's plan if it is the chain's."""
        for _time in range(2):
            with chain_scope(chain):
                names = ask(Question("SELECT name FROM stores_region LIMIT %s", (50,), _names))
            self.tally.wrong += [
                ("asked", chain.schema_name, name) for name in names if not name.startswith(chain.schema_name)
            ]
            if not names:
                self.tally.wrong.append(("asked", chain.schema_name, "nothing was seen"))

    def write(self, chain: ChainInfo) -> None:
        with chain_scope(chain):
            self.add(chain)
            self.look(chain, "write")

    def exception(self, chain: ChainInfo) -> None:
        with chain_scope(chain):
            self.add(chain)
            raise ZeroDivisionError

    def savepoint(self, chain: ChainInfo) -> None:
        with chain_scope(chain):
            try:
                with transaction.atomic():
                    self.add(chain)
                    raise ZeroDivisionError
            except ZeroDivisionError:
                pass
            self.look(chain, "savepoint")

    def caught(self, chain: ChainInfo) -> None:
        with chain_scope(chain):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SELECT 1 / 0")
            except DatabaseError:
                pass
            self.look(chain, "caught")

    def raw_rollback(self, chain: ChainInfo) -> None:
        with chain_scope(chain):
            self.look(chain, "before raw rollback")
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
            self.look(chain, "after raw rollback")
            self.add(chain)

    def killed(self, chain: ChainInfo) -> None:
        with chain_scope(chain):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                (pid,) = cursor.fetchone()
            if self.random.random() < 0.2:
                with psycopg.connect(os.environ["TESSERA_TEST_ADMIN"], autocommit=True) as admin:
                    admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
            self.look(chain, "killed")
            self.add(chain)

    def iterator(self, chain: ChainInfo) -> None:
        with chain_scope(chain):
            for name in Region.objects.values_list("name", flat=True).iterator(chunk_size=3):
                if not name.startswith(chain.schema_name):
                    self.tally.wrong.append(("iterator", chain.schema_name, name))

    def nested(self, chain: ChainInfo) -> None:
        with chain_scope(chain):
            with chain_scope(chain):
                self.add(chain)
            other = self.random.choice(self.chains)
            if other.id != chain.id:
                try:
                    with chain_scope(other):
                        self.tally.wrong.append(("nested", chain.schema_name, "another scope was entered"))
                except RuntimeError:
                    pass
            self.look(chain, "nested")

    def timeout(self, chain: ChainInfo) -> None:
        with chain_scope(chain):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SET LOCAL statement_timeout = '5ms'")
                    cursor.execute("SELECT pg_sleep(1)")
            except OperationalError:
                pass
            self.look(chain, "timeout")

    def platform(self, chain: ChainInfo) -> None:
        with platform_scope(), connection.cursor() as cursor:
            cursor.execute("SELECT current_schema(), current_user::text, (SELECT count(*) FROM chains_chain)")
            schema, role, _count = cursor.fetchone()
        if schema != "public" or not role.endswith("_platform"):
            self.tally.wrong.append(("platform", schema, role))


def mark(chains: Sequence[ChainInfo]) -> None:
    """The first row of each chain."""
    for chain in chains:
        with chain_scope(chain):
            Region.objects.create(name=f"{chain.schema_name}:first")


def stress(
    chains: Sequence[ChainInfo],
    *,
    threads: int,
    times: int,
    seed: int,
    connect: Callable[[], Any] | None = None,
) -> Tally:
    """Run `times` operations in each of `threads` threads; `connect` makes a thread's own connection."""

    def one(nth: int) -> Tally:
        tally = Tally()
        if connect is not None:
            connections["default"] = connect()
        try:
            Worker(chains, seed + nth, tally).run(times)
        finally:
            connection.close()
        return tally

    whole = Tally()
    with ThreadPoolExecutor(threads) as pool:
        for tally in pool.map(one, range(threads)):
            whole.add(tally)
    for chain in chains:
        with chain_scope(chain):
            foreign = Region.objects.exclude(name__startswith=chain.schema_name)
            whole.wrong += [
                ("written", chain.schema_name, name) for name in foreign.values_list("name", flat=True)
            ]
    return whole
