"""An act on a chain's data that is begun anew where its last writes are refused.

Who waits for the answer of a write only to hear that nothing stood against it can let it travel with COMMIT, in one
message: its locks are then held for no round trip. But a refusal comes when the act is over. So whoever makes the
transaction runs the act a second time, in another one, in which every write is sent and heard at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from django.db import transaction

from .lost import Lost
from .scope import HasSchema, chain_scope

log = structlog.get_logger("chains")

T = TypeVar("T")


@dataclass(slots=True)
class _Run:
    """An act that can be begun anew; `waits` once its writes may wait."""

    waits: bool


_run: ContextVar[_Run | None] = ContextVar("tessera_anew", default=None)


def in_chain(chain: HasSchema, act: Callable[[], T], *, waits: bool = True) -> T:
    """What `act` returns, run in the chain's scope; twice where writes that waited were refused.

    What `act` changes outside of the database must bear to be changed twice. Its writes wait from the beginning, or
    once it says so (let_writes_wait). Within a transaction that another made it is run once. Raises what `act` raises.
    """
    wrapper: Any = transaction.get_connection()
    if wrapper.in_atomic_block:
        with chain_scope(chain):
            return act()
    try:
        with chain_scope(chain), _running(_Run(waits)):
            done = act()
    except Exception:
        if not isinstance(wrapper.refused, Lost):
            raise
    else:
        if wrapper.refused is None:
            return done
        if not isinstance(wrapper.refused, Lost):
            raise wrapper.refused  # whoever heard it kept it to themselves, and nothing stands
    log.info("begun_anew")
    with chain_scope(chain), _running(None):
        return act()


@contextmanager
def _running(run: _Run | None) -> Iterator[None]:
    """It ends before the commit: what happens after that is another act's."""
    token = _run.set(run)
    try:
        yield
    finally:
        _run.reset(token)


def let_writes_wait() -> None:
    """From here on to the end of the running act writes may wait, if it can be begun anew."""
    run = _run.get()
    if run is not None:
        run.waits = True


def hear_writes() -> None:
    """From here on every write is sent and heard at once: a refusal is likely, and would be told at the end."""
    run = _run.get()
    if run is not None:
        run.waits = False


def writes_may_wait() -> bool:
    """Whether what is written now may be refused later."""
    run = _run.get()
    return run is not None and run.waits
