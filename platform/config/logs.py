"""Structured logs: one JSON object a line, with request id, chain and user bound by whoever knows them."""

from __future__ import annotations

from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from chains.scope import PUBLIC, current
from config.scrub import scrub


def add_chain(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The active scope's schema on every line, so that a chain's lines can be told apart."""
    schema = current().schema
    if schema != PUBLIC:
        event["chain"] = schema
    return event


def hide_people_and_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Last before a line is written: no address, phone, token in any value, tracebacks included."""
    return scrub(event)  # type: ignore[no-any-return]


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    add_chain,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_config(*, log_format: str, level: str) -> dict[str, Any]:
    """The dict for LOGGING; configures structlog on the way."""
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    hide_people_and_secrets,
                    renderer,
                ],
                "foreign_pre_chain": _SHARED,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django.server": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            "psycopg.pool": {"level": "WARNING"},
        },
    }
