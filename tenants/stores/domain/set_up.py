"""What a process remembers of how a chain is set up, and how it knows that it is still so: by its token.

Whatever changes the set-up gives it a new token, in the same transaction and by trigger (decision 45). So what was
read under a token holds for as long as the token is read again.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from chains.postgresql.ask import Question
from chains.scope import current

# Rows of all chains together; half a kilobyte each.
_MOST = 100_000
# Those that changed it at the same time left one each: together they tell which changes are seen. NULL where none is.
SET_UP_NOW = "(SELECT string_agg(token::text, ' ' ORDER BY token) FROM stores_setup)"


@dataclass(frozen=True, slots=True)
class Remembered:
    """Something that follows from the set-up alone, and the token that it was read under; `weight` counts its rows."""

    token: str
    what: Any
    weight: int


class _Kept:
    """All that this process remembers; `weight` counts its rows."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, Hashable], Remembered] = {}
        self.weight = 0


_kept = _Kept()


def recall(key: Hashable) -> Remembered | None:
    """What this process read last of the active chain under the key. Holds if its token is read again."""
    return _kept.found.get((current().schema, key))


def remember(key: Hashable, what: Any, *, token: str | None, weight: int = 1) -> None:
    """Keep it, of so many rows, for recall; nothing is kept without a token.

    What is kept must be exactly what stood under the token: read in one statement with it, or between two readings
    of the same token in one message. (Between two messages a transaction could change the set-up and take that back.)
    """
    global _kept
    if token is None:
        return
    kept, place = _kept, (current().schema, key)
    before = kept.found.get(place)
    more = weight - before.weight if before is not None else weight
    if kept.weight + more > _MOST:
        kept, more = _Kept(), weight
        _kept = kept
    kept.weight += more
    kept.found[place] = Remembered(token, what, weight)


def set_up_question() -> Question[str | None]:
    """The token of the active chain's set-up; None where nothing tells of its changes."""
    return Question(f"SELECT {SET_UP_NOW}", (), lambda rows: rows[0][0])
