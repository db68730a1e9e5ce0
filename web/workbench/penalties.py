"""What a booking brought its member, as the desk reads it, and who let it off."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from tenants.booking.domain.penalties import penalties_of
from tenants.booking.models import Booking, Cause, Penalty, PenaltyKind, Status
from tenants.people.domain.rights import Action
from web.formats import format_money
from web.workbench.access import Desk


@dataclass(frozen=True, slots=True)
class Levied:
    """A penalty in the panel: what for and what, by whom it was waived and why, whether that can be done now."""

    id: UUID
    words: str
    waived: str
    can_waive: bool

    @property
    def field_id(self) -> str:
        """The id of the reason's field."""
        return f"waive-{self.id}"


def read_levied(booking: Booking, desk: Desk) -> list[Levied]:
    """The booking's penalties, by one query; none for a booking that came about, or is still to come."""
    if booking.status not in (Status.CANCELLED, Status.NO_SHOW):
        return []
    may_waive = desk.may(Action.WAIVE_PENALTY)
    return [_levied(one, may_waive=may_waive) for one in penalties_of(booking.id)]


def _levied(penalty: Penalty, *, may_waive: bool) -> Levied:
    waiver = getattr(penalty, "waiver", None)
    cause = _("Cancelled late") if penalty.cause == Cause.LATE_CANCEL else _("Did not come")
    waived = ""
    if waiver is not None:
        waived = _("Waived by %(who)s: %(why)s") % {"who": waiver.by.name, "why": waiver.reason}
    words = _("%(cause)s: %(what)s") % {"cause": cause, "what": _what(penalty)}
    return Levied(penalty.id, words, waived, may_waive and waiver is None)


def _what(penalty: Penalty) -> str:
    amount = penalty.amount
    if penalty.kind == PenaltyKind.FEE:
        fee = format_money(amount, penalty.currency, language=get_language() or "en")
        return _("a fee of %(fee)s") % {"fee": fee}
    words = {
        PenaltyKind.CREDITS: ngettext(
            "%(count)s visit off the pass", "%(count)s visits off the pass", amount
        ),
        PenaltyKind.POINTS: ngettext("%(count)s point off", "%(count)s points off", amount),
        PenaltyKind.PAUSE: ngettext(
            "no online booking for %(count)s day", "no online booking for %(count)s days", amount
        ),
    }
    return words[PenaltyKind(penalty.kind)] % {"count": amount}
