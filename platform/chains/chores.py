"""Housekeeping: once a day each chain lets go of what is over, in small batches.

Every app registers its own chores, with a named constant that says how long its rows are kept and
why. What is append-only (events, transitions, access notes, operators' acts) is no chore of anybody:
no role may delete it.
"""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import QuerySet

from chains.due import mark_due
from chains.scope import current

KIND = "housekeeping"
# Rows a chore deletes at once: a round stays well under a second, and nobody waits behind it.
BATCH = 500
# Between two rounds of a chain that has more to let go of than one batch.
PAUSE = timedelta(seconds=1)
_MINUTES_A_DAY = 24 * 60


class Chore(Protocol):
    """Lets go of one kind of row in the active scope; whether there may be more to do at once."""

    def __call__(self, *, now: datetime) -> bool: ...


_chores: dict[str, Chore] = {}
_platform_chores: dict[str, Chore] = {}


def register_chore(name: str, chore: Chore) -> None:
    """Add a chore to every chain's round; a name registered twice is a programming error."""
    if name in _chores:
        raise ValueError(f"a chore named {name} is registered already")
    _chores[name] = chore


def register_platform_chore(name: str, chore: Chore) -> None:
    """Add a chore to the platform's own hourly round; a name registered twice is a programming error."""
    if name in _platform_chores:
        raise ValueError(f"a chore of the platform named {name} is registered already")
    _platform_chores[name] = chore


def platform_chores() -> list[Chore]:
    """What upper layers do in the platform's round."""
    return list(_platform_chores.values())


def keep_chain(*, now: datetime) -> None:
    """Due work `housekeeping`: every chore once, then the next round is marked.

    That is in a second where a chore was not done, else at the chain's own minute of the next day.
    """
    more = [chore(now=now) for chore in _chores.values()]
    mark_due(KIND, now + PAUSE if any(more) else next_round(current().schema, now=now))


def next_round(schema: str, *, now: datetime) -> datetime:
    """The first time after `now` (aware UTC) at the schema's own minute of the day.

    The minute follows from the schema's name: chains are spread over the day, and two rows that came
    about by a repetition fall due together and are one again.
    """
    minute = timedelta(minutes=zlib.crc32(schema.encode()) % _MINUTES_A_DAY)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0) + minute
    return today if today > now else today + timedelta(days=1)


def let_go(rows: QuerySet[Any]) -> bool:
    """Delete at most BATCH of the rows; whether there may be more."""
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    rows.model._base_manager.filter(pk__in=keys).delete()
    return len(keys) == BATCH
