"""What travels with a commit in its message: a transaction's last statements in front of it, NOTIFY behind it.

Within the transaction NOTIFY would make all commits of the database wait for each other, disk included; in a message
of its own it costs whoever waits a round trip, and so does a statement whose answer nobody waits for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
import structlog
from psycopg.pq import ExecStatus

from .prepared import prepared_on

log = structlog.get_logger("chains")

# What is told need not be on the disk.
HINT = "SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, %s)"


class Unheard(NamedTuple):
    """A statement, with a `%s` for each of its values, whose answer nobody waits for."""

    sql: str
    params: Sequence[Any]


def hint(channel: str, payload: str) -> Unheard:
    """Tell whoever listens there; ids only, for roles do not protect channels."""
    return Unheard(HINT, (channel, payload))


def commit_with(
    connection: psycopg.Connection[Any],
    *,
    ahead: Sequence[bytes] = (),
    lasts: Sequence[Unheard] = (),
    hints: Sequence[Unheard] = (),
) -> None:
    """Run what waits ahead and the last statements, commit the open transaction, then send the hints.

    Raises where anything up to the commit failed (nothing of the transaction stands then), and only then.
    """
    prepared = prepared_on(connection)
    first = [*ahead, *(prepared.written(last) for last in lasts)]
    with _Cursor(connection) as cursor:
        cursor.before = len(first)
        cursor.execute(b";".join([*first, b"COMMIT", *(prepared.written(one) for one in hints)]))


class _Cursor(psycopg.ClientCursor[Any]):
    """One for which what is committed is committed: what stands behind that cannot undo it."""

    before = 0

    def _check_results(self, results: Any) -> None:
        if len(results) <= self.before or results[self.before].status != ExecStatus.COMMAND_OK:
            super()._check_results(results)
        elif results[-1].status == ExecStatus.FATAL_ERROR:
            log.warning("hint_not_sent", error=results[-1].get_error_message())

    def _set_results(self, results: Any) -> None:
        super()._set_results(results[: self.before + 1])
