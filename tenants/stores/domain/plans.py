"""A port: whoever must know that hours, closures, shifts or leave have changed registers here at start."""

from __future__ import annotations

from collections.abc import Callable

_listeners: list[Callable[[], None]] = []


def register_plan_listener(listener: Callable[[], None]) -> None:
    """Call `listener` in every transaction that changes when the chain works; it must be cheap."""
    _listeners.append(listener)


def tell_plan_changed() -> None:
    """Within a chain's transaction: when it works has changed."""
    for listener in _listeners:
        listener()
