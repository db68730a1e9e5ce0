"""An answer that is made when the request's scope has ended, for what may not happen within a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

from django.http import HttpResponse, HttpResponseBase
from django.utils import translation

# Seconds that a person waits for the outside in one request, all calls together; background work has no such end.
PATIENCE = 9.0
_given_up_at: ContextVar[float | None] = ContextVar("given_up_at", default=None)


@contextmanager
def somebody_waits() -> Iterator[None]:
    """Within the block `time_left` counts down from PATIENCE; a block within another changes nothing."""
    token = _given_up_at.set(_given_up_at.get() or monotonic() + PATIENCE)
    try:
        yield
    finally:
        _given_up_at.reset(token)


def time_left() -> float | None:
    """Seconds that somebody still waits for what is asked of the outside, never below 0; None where nobody does."""
    until = _given_up_at.get()
    return None if until is None else max(0.0, until - monotonic())


class AfterScope(HttpResponse):
    """Returned by a view that has checked all it needs to, with what is still to be done.

    The host's middleware commits the scope, then calls `finish`, in the language of the request and with
    no transaction open, and answers what it returns. `finish` opens scopes of its own, short ones, and
    turns refusals into answers itself; it may call the outside. Cookies set until then are kept.
    """

    def __init__(self, finish: Callable[[], HttpResponseBase]) -> None:
        super().__init__()
        self._finish = finish
        self._language = translation.get_language()

    def finish(self) -> HttpResponseBase:
        """The answer."""
        with translation.override(self._language), somebody_waits():
            answer = self._finish()
        answer.cookies.update(self.cookies)
        return answer


def finished(response: HttpResponseBase) -> HttpResponseBase:
    """The answer itself, or what it is to become after the scope."""
    return response.finish() if isinstance(response, AfterScope) else response
