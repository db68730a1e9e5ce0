"""Asking PostgreSQL as the domain does, and seeing the rows as they come."""

from __future__ import annotations

from typing import Any

from chains.postgresql.ask import Question, ask


def rows(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """How a statement is read whose rows are looked at themselves."""
    return found


def asked(text: str, *params: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement."""
    return ask(Question(text, params, rows))
