"""From the request's host to a scope: the platform's, a chain's, or none."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port

from chains.after_scope import finished
from chains.anew import in_chain
from chains.hosts import ChainInfo, chain_at
from chains.lost import Lost
from chains.models import ChainState
from chains.scope import platform_scope

_CLOSED_DOORS = {ChainState.SUSPENDED, ChainState.CLOSED, ChainState.PROVISIONING}


class HostMiddleware:
    """Opens the scope that the host names; the scope is the request's transaction.

    Sets `request.chain` (ChainInfo, or None on the platform's host) and the urlconf. A malformed
    host raises DisallowedHost (400); an unknown one gets the urlconf that answers 404; a suspended
    chain, or one that is being set up, the one that says so. No header but Host is read, so nothing forwarded can name a chain.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        host, _port = split_domain_port(request.get_host())
        host = host.rstrip(".").lower()
        request.chain = None  # type: ignore[attr-defined]
        if request.path in settings.HOSTLESS_PATHS:
            return self.get_response(request)
        if host == settings.BASE_HOST:
            with platform_scope():
                response = _undone_if_broken(self.get_response(request))
            return finished(response)
        chain = chain_at(host)
        if chain is None:
            request.urlconf = settings.UNKNOWN_HOST_URLCONF
            with platform_scope():
                return self.get_response(request)
        return self._within(chain, request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Nothing that anybody sees, or reads in a log, of a request that is begun anew (see _within)."""
        if not isinstance(exception, Lost):
            return None
        undone = HttpResponse(status=503)
        undone._has_been_logged = True  # type: ignore[attr-defined]
        return undone

    def _within(self, chain: ChainInfo, request: HttpRequest) -> HttpResponseBase:
        request.chain = chain  # type: ignore[attr-defined]
        request.urlconf = (
            settings.SUSPENDED_URLCONF if chain.state in _CLOSED_DOORS else settings.CHAIN_URLCONF
        )
        # a view that lets its writes wait must be able to read its request a second time
        response = in_chain(chain, lambda: _undone_if_broken(self.get_response(request)), waits=False)
        return finished(response)


def _undone_if_broken(response: HttpResponseBase) -> HttpResponseBase:
    """A 5xx changes nothing, wherever below it came from: the whole request is rolled back."""
    if response.status_code >= 500:
        transaction.set_rollback(True)
    return response
