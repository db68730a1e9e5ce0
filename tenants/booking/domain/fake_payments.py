"""A payment provider for tests and the demo: approves at once, and remembers by key what it was asked to do."""

from __future__ import annotations

from collections import defaultdict
from threading import Lock

from .payment_port import Authorisation


class FakePayments:
    """See payments.Payments. `slow`: answers come later; `declined`: keys that get no money."""

    def __init__(self, *, slow: bool = False) -> None:
        self.slow = slow
        self.declined: set[str] = set()
        self.authorised: dict[str, int] = {}
        self.captured: dict[str, int] = {}
        self.refunded: dict[str, int] = {}
        self.calls: dict[str, int] = defaultdict(int)
        self._refunds: set[str] = set()
        self._lock = Lock()

    def page(self, key: str) -> str:
        """Its page on the chain's own host, which only demo, development and tests have."""
        return f"/dev/pay/{key}/"

    def authorise(self, key: str, *, amount: int, currency: str) -> Authorisation | None:
        """Set aside once a key."""
        with self._lock:
            self.calls["authorise"] += 1
            self.authorised.setdefault(key, amount)
        return None if self.slow else self.answer(key)

    def answer(self, key: str) -> Authorisation:
        """What the provider says of the payment, now or later."""
        return Authorisation(reference=f"fake-{key}", approved=key not in self.declined)

    def capture(self, key: str, *, reference: str, amount: int) -> None:
        """Take once a key."""
        with self._lock:
            self.calls["capture"] += 1
            self.captured.setdefault(key, amount)

    def refund(self, key: str, *, reference: str, amount: int) -> None:
        """Let go once a key; `refunded` adds up by payment."""
        with self._lock:
            self.calls["refund"] += 1
            if key not in self._refunds:
                self._refunds.add(key)
                paid = reference.removeprefix("fake-")
                self.refunded[paid] = self.refunded.get(paid, 0) + amount
