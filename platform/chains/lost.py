"""What waited to be written was refused when the act that wrote it had gone on."""

from __future__ import annotations

from django.db import DatabaseError

# What PostgreSQL says where it has certainly committed nothing, and a second time may go well: a lock or deadlock; a kept
# plan that is not there, or that a migration made useless. So does whatever a constraint says (class 23).
_AGAIN = {"40001", "40P01", "55P03", "26000", "0A000", "42703", "42804", "42883"}
_CONSTRAINT = "23"


class Lost(DatabaseError):
    """What waited to be written was refused, and nothing of its transaction stands: it is to be begun anew."""


def is_lost(error: BaseException) -> bool:
    """Whether a transaction that ended in this error is to be begun anew."""
    state = sqlstate_of(error)
    return state in _AGAIN or state.startswith(_CONSTRAINT)


def sqlstate_of(error: BaseException) -> str:
    """PostgreSQL's code of a database error; empty where it carries none."""
    return str(getattr(error.__cause__, "sqlstate", None) or "")
