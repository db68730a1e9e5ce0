"""An answer that is made when the request's scope has ended, for what may not happen within a transaction."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseBase
from django.utils import translation


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
        with translation.override(self._language):
            answer = self._finish()
        answer.cookies.update(self.cookies)
        return answer


def finished(response: HttpResponseBase) -> HttpResponseBase:
    """The answer itself, or what it is to become after the scope."""
    return response.finish() if isinstance(response, AfterScope) else response
