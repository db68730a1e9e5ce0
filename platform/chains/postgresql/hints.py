"""A commit that tells others in the same message: NOTIFY behind COMMIT, outside the transaction.

Within the transaction it would make all commits of the database wait for each other, disk included; in a message
of its own it costs whoever waits a round trip.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
import structlog
from psycopg.pq import ExecStatus

log = structlog.get_logger("chains")

# What is told need not be on the disk.
HINT = "SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, %s)"


class Hint(NamedTuple):
    """On which channel, and what: ids only, for roles do not protect channels."""

    channel: str
    payload: str


def commit_and_hint(connection: psycopg.Connection[Any], hints: Sequence[Hint]) -> None:
    """Commit the open transaction, then send the hints; raises where the commit failed, and only then."""
    message = ";".join(["COMMIT", *[HINT] * len(hints)])
    with _Cursor(connection) as cursor:
        cursor.execute(message, [word for hint in hints for word in hint])


class _Cursor(psycopg.ClientCursor[Any]):
    """One whose first result decides: what stands behind the commit cannot undo it."""

    def _check_results(self, results: Any) -> None:
        if not results or results[0].status != ExecStatus.COMMAND_OK:
            super()._check_results(results)
        elif results[-1].status == ExecStatus.FATAL_ERROR:
            log.warning("hint_not_sent", error=results[-1].get_error_message())

    def _set_results(self, results: Any) -> None:
        super()._set_results(results[:1])
