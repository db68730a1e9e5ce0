"""Who must hear when an employee leaves: layers above register here what ends with the employment."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID


class Departure(Protocol):
    """Ends what an employee holds; runs in the transaction of the leaving."""

    def __call__(self, employee_id: UUID) -> object: ...


_heard: dict[str, Departure] = {}


def register_departure(name: str, run: Departure) -> None:
    """Add a listener; a name registered twice is a programming error."""
    if name in _heard:
        raise ValueError(f"{name} hears of departures already")
    _heard[name] = run


def announce_departure(employee_id: UUID) -> None:
    """Tell all of them, in the order of their names."""
    for _name, run in sorted(_heard.items()):
        run(employee_id)
