"""What a chain has written in several languages: names, addresses, descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def words_of(thing: Any, field: str, *, language: str) -> str:
    """A field of a store, service or employee in a language; as it was typed where there is no translation.

    `translations` is {language: {field: text}}; languages are compared without regard to case.
    """
    for code, texts in (thing.translations or {}).items():
        if code.lower() == language.lower() and isinstance(texts, Mapping) and texts.get(field):
            return str(texts[field])
    return str(getattr(thing, field))
