"""Error reports to Sentry, when a DSN is set: never a body, an address, a phone, a token."""

from __future__ import annotations

from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration

from chains.refusals import Refusal
from chains.scope import PUBLIC, current
from config.scrub import scrub

_HEADERS_KEPT = {"host", "user-agent", "accept-language", "content-type", "content-length"}


def start_error_reports(*, transport: Any = None) -> bool:
    """Begin to report errors; whether a DSN is set. `transport` replaces the way out (tests)."""
    if settings.SENTRY_DSN is None:
        return False
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.MODE,
        max_request_body_size="never",
        include_local_variables=False,
        include_source_context=False,
        traces_sample_rate=0.0,
        max_breadcrumbs=20,
        before_send=clean_event,
        before_breadcrumb=clean_breadcrumb,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(),
            CeleryIntegration(),
            LoggingIntegration(event_level=None),  # what is logged is in the logs; here go exceptions
        ],
        transport=transport,
    )
    return True


def clean_event(event: Any, hint: dict[str, Any]) -> Any:
    """The event without anything of a person, tagged with the chain; None for what is no error."""
    failure = (hint.get("exc_info") or (None, None, None))[1]
    if isinstance(failure, Refusal):
        return None
    request = event.get("request")
    if request is not None:
        url = str(request.get("url", "")).partition("?")[0]
        headers = {
            name: value
            for name, value in (request.get("headers") or {}).items()
            if name.lower() in _HEADERS_KEPT
        }
        event["request"] = {"method": request.get("method"), "url": url, "headers": headers}
    user = event.pop("user", None)
    if user and user.get("id"):
        event["user"] = {"id": str(user["id"])}
    schema = current().schema
    # the id of the event is 32 hex digits and survives; texts of exceptions may quote a row
    cleaned = {key: scrub(value) for key, value in event.items()}
    cleaned["tags"] = {**(cleaned.get("tags") or {}), "chain": "platform" if schema == PUBLIC else schema}
    return cleaned


def clean_breadcrumb(crumb: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | None:
    """The breadcrumb scrubbed; queries are left out, they quote values."""
    return None if crumb.get("category") == "query" else scrub(crumb)
