"""Moments as PostgreSQL writes them, read by the interpreter's own parser: a page of a hundred rows reads hundreds."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg.adapt import AdaptersMap

_read = datetime.fromisoformat


class MomentLoader(BaseTzLoader):
    """As Django's, in UTC; whatever the interpreter reads otherwise, or not at all, is left to that one."""

    timezone = UTC

    def load(self, data: Any) -> datetime:
        """The aware moment. Raises what Django's does, whatever PostgreSQL writes."""
        try:
            found = _read(str(data, "ascii"))
        except ValueError:
            found = None
        if found is not None and found.tzinfo is UTC:
            return found
        told: datetime = super().load(data)
        return told


@cache
def with_moments(adapters: AdaptersMap) -> AdaptersMap:
    """The adapters of connections whose time zone is UTC, with this reader among them."""
    own = AdaptersMap(adapters)
    own.register_loader("timestamptz", MomentLoader)
    return own
