"""Cache keys carry the schema whose scope is active."""

from __future__ import annotations

from chains.scope import current


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Django's KEY_FUNCTION: prefix, schema, version, key."""
    return f"{key_prefix}:{current().schema}:{version}:{key}"
