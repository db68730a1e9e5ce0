"""What the clerk's pages may do beyond the site's policy, named per page.

The day opens a stream on the live process's port (`connect-src`); the scan page compiles the QR reader
(`'wasm-unsafe-eval'`, which allows WebAssembly and no script) and shows the camera. Nothing else is widened.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from tenants.booking.domain.live import live_origin

SCAN_SOURCES = {"script-src": ["'wasm-unsafe-eval'"], "media-src": ["'self'", "blob:", "mediastream:"]}


def widen_policy(response: HttpResponse, sources: dict[str, list[str]]) -> HttpResponse:
    """Add sources to this one answer's policy; returns it."""
    update: dict[str, list[str]] = getattr(response, "_csp_update", None) or {}
    merged = {name: [*update.get(name, []), *sources.get(name, [])] for name in {**update, **sources}}
    response._csp_update = merged  # type: ignore[attr-defined]
    return response


def allow_live(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the page connect to the live stream."""
    origin = live_origin(request.get_host())
    return widen_policy(response, {"connect-src": [origin]}) if origin else response


def allow_scan(response: HttpResponse) -> HttpResponse:
    """Let the page read codes with the camera."""
    return widen_policy(response, SCAN_SOURCES)
