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

from .ahead import error_of, send
from .kept import COMMIT, Kept
from .prepared import prepared_on

log = structlog.get_logger("chains")

# What is told need not be on the disk.
HINT = "SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, %s)"

# What it says behind its payload is known to PostgreSQL alone when it is written: see ask.Question.unread.
MARKED_HINT = (
    "SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, %s || current_setting(%s, true))"
)


class Unheard(NamedTuple):
    """A statement, with a `%s` for each of its values, whose answer nobody waits for."""

    sql: str
    params: Sequence[Any]


def hint(channel: str, payload: str) -> Unheard:
    """Tell whoever listens there; ids only, for roles do not protect channels."""
    return Unheard(HINT, (channel, payload))


def marked_hint(channel: str, payload: str, mark: str) -> Unheard:
    """As hint; behind the payload comes what a statement of the transaction has put into the setting `mark`."""
    return Unheard(MARKED_HINT, (channel, payload, mark))


def commit_with(
    connection: psycopg.Connection[Any],
    *,
    ahead: Sequence[bytes | Kept] = (),
    lasts: Sequence[Unheard] = (),
    hints: Sequence[Unheard] = (),
) -> None:
    """Run what waits ahead and the last statements, commit the open transaction, then send the hints.

    Raises where anything up to the commit failed: nothing of the transaction stands then. A hint that fails is logged
    alone. Raises too where the connection breaks, when nobody knows whether the transaction stands.
    """
    prepared = prepared_on(connection)
    first = [*ahead, *(prepared.written(last) for last in lasts)]
    behind = [prepared.scopeless(one) for one in hints]
    results = send(connection, [*first, COMMIT, *behind])
    failed = results[-1].status == ExecStatus.FATAL_ERROR
    if failed and len(results) <= len(first) + 1:
        raise error_of(connection, results[-1])
    if failed:
        prepared.failed(error_of(connection, results[-1]), behind=None)
        log.warning("hint_not_sent", error=results[-1].get_error_message())
