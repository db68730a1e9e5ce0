"""What is sent to PostgreSQL: whole messages, each a round trip, however many statements it carries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from chains.postgresql.kept import Kept
from chains.postgresql.prepared import Prepared, Statement


@contextmanager
def messages() -> Iterator[Callable[[], int]]:
    """How many messages this process has sent and waited for since the block began."""
    sent = 0
    wait = psycopg.Connection.wait

    def counted(self: psycopg.Connection[Any], *args: Any, **kwargs: Any) -> Any:
        nonlocal sent
        sent += 1
        return wait(self, *args, **kwargs)

    psycopg.Connection.wait = counted  # type: ignore[method-assign]
    try:
        yield lambda: sent
    finally:
        psycopg.Connection.wait = wait  # type: ignore[method-assign]


def messages_of(act: Callable[[], object]) -> int:
    """How many messages the act takes."""
    with messages() as sent:
        act()
        return sent()


@contextmanager
def questions() -> Iterator[list[str]]:
    """The texts of all questions that are asked in the block, whether PostgreSQL keeps their plans or not."""
    asked: list[str] = []
    each = Prepared.each

    def heard(
        self: Prepared, statements: Sequence[Statement], *, scope: str
    ) -> tuple[list[bytes | Kept], int]:
        asked.extend(one.sql for one in statements)
        return each(self, statements, scope=scope)

    Prepared.each = heard  # type: ignore[method-assign]
    try:
        yield asked
    finally:
        Prepared.each = each  # type: ignore[method-assign]
