"""A deadlock is not the caller's business: the losing attempt is undone and made again."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import NotSupportedError, OperationalError, transaction
from django.utils.translation import gettext_lazy as _

from chains.lost import sqlstate_of
from chains.refusals import Refusal

log = structlog.get_logger("booking")

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 4
# deadlock_detected, serialization_failure, lock_not_available, and a kept plan that a migration made useless
_AGAIN = {"40P01", "40001", "55P03", "0A000"}

_number: ContextVar[int] = ContextVar("tessera_attempt", default=1)


class TooBusy(Refusal):
    """The same things were changed by others again and again while we tried."""

    code = "too_busy"
    status = 409
    title = _("Busy just now")
    detail = _("Others are changing the same thing at this moment.")
    fix = _("Try again.")


class Raced(Exception):
    """What was read has been changed before it was written; reading again will tell."""


class LookAgain(Raced):
    """The quick way of a first attempt found something against it; the thorough way will tell what that is."""


def again_on_conflict(act: Callable[P, R]) -> Callable[P, R]:
    """Run `act` as a savepoint (or transaction) of its own; up to four times while it loses a race.

    `act` must be safe to repeat from its beginning: all that it changes is in the database. Raises
    TooBusy when every attempt lost.
    """

    @wraps(act)
    def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
        for number in range(1, ATTEMPTS + 1):
            token = _number.set(number)
            try:
                with transaction.atomic():
                    return act(*args, **kwargs)
            except LookAgain:
                pass  # nothing was lost but the attempt
            except Raced:
                log.info("raced", act=act.__name__, attempt=number)
            except (OperationalError, NotSupportedError) as error:
                if sqlstate_of(error) not in _AGAIN:
                    raise
                log.info("deadlock", act=act.__name__, attempt=number)
            finally:
                _number.reset(token)
        raise TooBusy

    return attempt


def first_attempt() -> bool:
    """Whether the running act has not lost a race yet: the quick way may then be tried, which may lose one."""
    return _number.get() == 1
