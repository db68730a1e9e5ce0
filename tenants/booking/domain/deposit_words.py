"""Where a deposit stands, in one sentence for its member; in the active language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tenants.booking.models import Means
from tenants.stores.domain.money import SpokenMoney

from .deposits import Deposit


def say_deposit_stands(deposit: Deposit, *, ended: bool) -> str:
    """What was paid, kept and given back; `ended`: the booking came to nothing. Empty where nothing was paid."""
    said = {
        name: SpokenMoney(minor, deposit.currency)
        for name, minor in (
            ("paid", deposit.paid),
            ("kept", deposit.kept),
            ("back", deposit.returned),
            ("waiting", deposit.waiting),
        )
    }
    if deposit.state == "waived" and not ended:
        return _("The shop asks no deposit of you.")
    if not deposit.paid:
        return ""
    if deposit.waiting:
        if deposit.kept:
            return (
                _("%(kept)s of your deposit is kept for the fee; %(waiting)s is waiting for you at the desk.")
                % said
            )
        return _("%(waiting)s of your deposit is waiting for you at the desk.") % said
    if deposit.means == Means.DESK and deposit.returned:
        if deposit.kept:
            return _("%(kept)s of your deposit is kept for the fee; you have had %(back)s back.") % said
        return _("You have had your deposit of %(paid)s back in full.") % said
    if deposit.state == "returned":
        return _("Your deposit of %(paid)s goes back to you in full.") % said
    if deposit.state == "partly_returned":
        return _("%(kept)s of your deposit is kept for the fee; %(back)s goes back to you.") % said
    if ended:
        return _("Your deposit of %(paid)s is kept for the fee.") % said
    return _("Deposit of %(paid)s paid; it counts towards the price.") % said
