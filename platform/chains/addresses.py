"""Where a request comes from: the one place that knows about proxies in front of the application."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The IP address of who asks, as limits count it; empty where the server says none.

    With TRUSTED_PROXIES = n > 0 it is the n-th entry of X-Forwarded-For from the right, which the outermost
    of our own proxies wrote: what stands left of it anybody may have written. Where that entry is missing
    or no address, and always with 0, it is the address of the connection.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    trusted: int = settings.TRUSTED_PROXIES
    if trusted == 0:
        return direct
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    if len(hops) < trusted:
        return direct
    try:
        return str(ipaddress.ip_address(hops[-trusted].strip()))
    except ValueError:
        return direct
