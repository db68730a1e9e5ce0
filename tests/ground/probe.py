"""A Celery app whose tasks write down where they ran: for tests with a real worker."""

from __future__ import annotations

import json
from typing import Any

import redis
from django.conf import settings

from chains.scope import current
from config.celery import app

KEY = f"{settings.ROLE_TAG}:probe"


def valkey() -> Any:
    """The broker's server."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5)


@app.task(name="probe.note")
def note(*words: object) -> str:
    """Write down the schema this runs in; in a chain the previous result comes first."""
    valkey().rpush(KEY, json.dumps([str(words[-1]), current().schema]))
    return str(words[-1])


@app.task(name="probe.calls")
def calls(word: str) -> None:
    """Call another task from within this one."""
    note.delay(f"{word} from within")
    note.delay_on_commit(f"{word} on commit")  # type: ignore[attr-defined]
