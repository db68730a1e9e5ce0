"""Threads that compete in a chain's scope, each on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

from chains.anew import in_chain
from chains.hosts import ChainInfo
from chains.scope import chain_scope

T = TypeVar("T")


def race(
    chain: ChainInfo, acts: Sequence[Callable[[], T]], *, threads: int | None = None, waits: bool = False
) -> list[T | Exception]:
    """Run the acts in threads, each in one transaction of the chain; what each returned or raised, in order.

    With as many threads as acts (the default) all begin at the same moment. Where writes may wait for the commit
    (`waits`), an act that loses there is begun anew.
    """
    count = threads or len(acts)
    start = Barrier(count) if count == len(acts) else None

    def run(act: Callable[[], T]) -> T | Exception:
        try:
            if start is not None:
                start.wait(30)
            if waits:
                return in_chain(chain, act)
            with chain_scope(chain):
                return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, acts))
