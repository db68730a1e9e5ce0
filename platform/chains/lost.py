"""What waited to be written was refused when the act that wrote it had gone on."""

from __future__ import annotations

from django.db import DatabaseError

# What PostgreSQL says where it has certainly committed nothing, and a second time may go well: a constraint, a lock or
# deadlock, a kept plan that is useless now.
_AGAIN = ("23", "40", "55", "0A", "42")


class Lost(DatabaseError):
    """What waited to be written was refused, and nothing of its transaction stands: it is to be begun anew."""


def is_lost(error: BaseException) -> bool:
    """Whether a transaction that ended in this error is to be begun anew."""
    state = str(getattr(error.__cause__, "sqlstate", None) or "")
    return state.startswith(_AGAIN)
