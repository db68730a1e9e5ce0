"""A booking's deposit as the desk reads it: where it stands, and what can be done about it now."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tenants.booking.domain.deposits import Deposit, deposit_of
from tenants.booking.domain.desk_payments import STANDING
from tenants.booking.models import Booking, Means
from tenants.people.domain.rights import Action
from web.formats import format_money
from web.workbench.access import Desk


@dataclass(frozen=True, slots=True)
class DeskDeposit:
    """The sentence of the panel and its tone; which acts it offers; `give_back` is what waits (`waiting`) in words,
    empty for nothing."""

    words: str
    tone: str
    waived: str
    can_take: bool
    can_waive: bool
    give_back: str
    waiting: int
    can_give_back: bool

    @property
    def unpaid(self) -> bool:
        """Whether somebody should look after it."""
        return self.tone == "warn"


def read_deposit(booking: Booking, desk: Desk) -> DeskDeposit | None:
    """None for a booking without one; up to four queries else."""
    deposit = deposit_of(booking)
    if deposit.state == "none":
        return None
    due = deposit.state in ("due", "asked", "declined") and booking.status in STANDING
    waiver = getattr(booking, "deposit_waiver", None) if deposit.state == "waived" else None
    waived = _("Waived by %(who)s: %(why)s") % {"who": waiver.by.name, "why": waiver.reason} if waiver else ""
    waiting = deposit.waiting
    money = format_money(waiting, deposit.currency, language=get_language() or "en") if waiting else ""
    return DeskDeposit(
        words=_words(deposit),
        tone="warn" if due else "info",
        waived=waived,
        can_take=due and booking.member_id is not None and desk.may(Action.TAKE_PAYMENT),
        can_waive=due and booking.member_id is not None and desk.may(Action.WAIVE_PENALTY),
        give_back=_("%(money)s to give back") % {"money": money} if money else "",
        waiting=waiting,
        can_give_back=bool(money) and desk.may(Action.TAKE_PAYMENT),
    )


def _words(deposit: Deposit) -> str:
    language = get_language() or "en"
    sums = {
        name: format_money(minor, deposit.currency, language=language)
        for name, minor in (
            ("sum", deposit.amount),
            ("paid", deposit.paid),
            ("back", deposit.returned),
            ("kept", deposit.kept),
        )
    }
    if deposit.state == "paid":
        where = (
            _("Deposit %(paid)s, paid at the desk")
            if deposit.means == Means.DESK
            else _("Deposit %(paid)s, paid online")
        )
        return where % sums
    return {
        "due": _("Deposit %(sum)s, unpaid"),
        "asked": _("Deposit %(sum)s, being paid online"),
        "declined": _("Deposit %(sum)s, payment declined"),
        "returned": _("Deposit %(paid)s, all goes back"),
        "partly_returned": _("Deposit %(paid)s: %(kept)s kept for the fee, %(back)s goes back"),
        "waived": _("Deposit %(sum)s, waived"),
    }[deposit.state] % sums
