"""The port through which money moves: authorise, capture, refund, and the page where a member pays.

A program without a provider takes no payments online; its deposits are paid at the desk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What a provider says of a payment: its own name for it, and whether the money is set aside."""

    reference: str
    approved: bool


class Payments(Protocol):
    """A payment provider. Every call is repeatable: the same key has the same effect once. Minor units."""

    def page(self, key: str) -> str:
        """Where the member pays: a path on this host, or an address of the provider's. Calls nobody."""

    def authorise(self, key: str, *, amount: int, currency: str) -> Authorisation | None:
        """Set the money aside; None where the answer comes later, by receive_payment. Raises where unreachable."""

    def capture(self, key: str, *, reference: str, amount: int) -> None:
        """Take the money that was set aside. Raises where unreachable."""

    def refund(self, key: str, *, reference: str, amount: int) -> None:
        """Let so much of it go, set aside or taken; `key` is the refund's own. Raises where unreachable."""


_provider: list[Payments] = []


def register_payments(provider: Payments) -> None:
    """Whoever registers last is paid through."""
    _provider[:] = [provider]


def payment_provider() -> Payments:
    """Through whom is paid. Raises PaymentsClosed where nobody is registered."""
    if not _provider:
        raise PaymentsClosed
    return _provider[0]


def takes_payments() -> bool:
    """Whether anything can be paid online."""
    return bool(_provider)


class PaymentsClosed(Refusal):
    """Nothing can be paid online here."""

    code = "payments_closed"
    status = 422
    title = _("Online payment is not open")
    detail = _("This needs a deposit, and the shop takes no payment online yet.")
    fix = _("Call the shop: they can book it and take the deposit at the desk.")
