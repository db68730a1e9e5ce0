"""The port through which others say what a booking needs a person for: contraindications, unpaid bills.

Whoever knows such things registers a check when the program starts; the day asks all of them at once for
all its bookings. Nothing registered finds nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from chains.refusals import Text
from tenants.booking.models import Booking

FindingKind = Literal["contraindication", "unpaid"]
Severity = Literal["blocks", "warns"]
_ORDER: Mapping[Severity, int] = {"blocks": 0, "warns": 1}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one booking: of which kind, how bad, the fact in a few words, and what to do or was done."""

    kind: FindingKind
    severity: Severity
    title: Text
    detail: Text = ""


class Check(Protocol):
    """Looks at bookings of one store (members and services read) and says what it found, by booking."""

    def __call__(self, bookings: Sequence[Booking]) -> Mapping[UUID, Iterable[Finding]]: ...


_checks: dict[str, Check] = {}


def register_check(name: str, check: Check) -> None:
    """Add a check; a name registered twice is a programming error."""
    if name in _checks:
        raise ValueError(f"a check named {name} is registered already")
    _checks[name] = check


def forget_check(name: str) -> None:
    """Take a check out again: for whoever registered it for a while."""
    _checks.pop(name, None)


def find_findings(bookings: Sequence[Booking]) -> dict[UUID, tuple[Finding, ...]]:
    """What the checks find about these bookings, the worst first; bookings without a finding are left out."""
    found: dict[UUID, list[Finding]] = defaultdict(list)
    if bookings:
        for check in _checks.values():
            for booking_id, findings in check(bookings).items():
                found[booking_id] += findings
    return {key: tuple(sorted(every, key=lambda one: _ORDER[one.severity])) for key, every in found.items()}
