"""Terms in words: the sentences a member reads before the tap, on pages, in messages and in the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tenants.booking.models import PenaltyKind
from tenants.stores.domain.money import SpokenMoney
from tenants.stores.domain.spoken import spoken

from .terms import Penance, Terms, cancellable_until, movable_until

# What cancelling late brings, what not coming brings, and one sentence for where both bring the same.
LATE: Mapping[PenaltyKind, str] = MappingProxyType(
    {
        PenaltyKind.FEE: gettext_noop("Cancelling later costs %(what)s."),
        PenaltyKind.CREDITS: gettext_noop("Cancelling later takes %(what)s visits off your pass."),
        PenaltyKind.POINTS: gettext_noop("Cancelling later costs %(what)s points."),
        PenaltyKind.PAUSE: gettext_noop("After cancelling later you cannot book online for %(what)s days."),
    }
)
NO_SHOW: Mapping[PenaltyKind, str] = MappingProxyType(
    {
        PenaltyKind.FEE: gettext_noop("Not coming costs %(what)s."),
        PenaltyKind.CREDITS: gettext_noop("Not coming takes %(what)s visits off your pass."),
        PenaltyKind.POINTS: gettext_noop("Not coming costs %(what)s points."),
        PenaltyKind.PAUSE: gettext_noop("After not coming you cannot book online for %(what)s days."),
    }
)
BOTH: Mapping[PenaltyKind, str] = MappingProxyType(
    {
        PenaltyKind.FEE: gettext_noop("Cancelling later, or not coming, costs %(what)s."),
        PenaltyKind.CREDITS: gettext_noop(
            "Cancelling later, or not coming, takes %(what)s visits off your pass."
        ),
        PenaltyKind.POINTS: gettext_noop("Cancelling later, or not coming, costs %(what)s points."),
        PenaltyKind.PAUSE: gettext_noop(
            "After cancelling later, or not coming, you cannot book online for %(what)s days."
        ),
    }
)
CANCEL_NOW: Mapping[PenaltyKind, str] = MappingProxyType(
    {
        PenaltyKind.FEE: gettext_noop("Cancelling now costs %(what)s."),
        PenaltyKind.CREDITS: gettext_noop("Cancelling now takes %(what)s visits off your pass."),
        PenaltyKind.POINTS: gettext_noop("Cancelling now costs %(what)s points."),
        PenaltyKind.PAUSE: gettext_noop("If you cancel now, you cannot book online for %(what)s days."),
    }
)


# What came about, on the booking that it came of.
CANCELLED: Mapping[PenaltyKind, str] = MappingProxyType(
    {
        PenaltyKind.FEE: gettext_noop("Cancelled late: %(what)s is due."),
        PenaltyKind.CREDITS: gettext_noop("Cancelled late: %(what)s visits were taken off your pass."),
        PenaltyKind.POINTS: gettext_noop("Cancelled late: %(what)s points were taken."),
        PenaltyKind.PAUSE: gettext_noop("Cancelled late: no online booking for %(what)s days."),
    }
)
MISSED: Mapping[PenaltyKind, str] = MappingProxyType(
    {
        PenaltyKind.FEE: gettext_noop("Missed: %(what)s is due."),
        PenaltyKind.CREDITS: gettext_noop("Missed: %(what)s visits were taken off your pass."),
        PenaltyKind.POINTS: gettext_noop("Missed: %(what)s points were taken."),
        PenaltyKind.PAUSE: gettext_noop("Missed: no online booking for %(what)s days."),
    }
)


def say_penance(words: Mapping[PenaltyKind, str], penance: Penance, *, currency: str) -> str:
    """The sentence of a table above for what it brings, in the active language."""
    fee = penance.kind == PenaltyKind.FEE
    what: object = SpokenMoney(penance.amount, currency) if fee else penance.amount
    return _(words[penance.kind]) % {"what": what}


def say_notice(terms: Terms, starts_at: datetime, *, zone: ZoneInfo, now: datetime) -> list[str]:
    """Until when it can be cancelled and moved for nothing."""
    cancel, move = cancellable_until(terms, starts_at), movable_until(terms, starts_at)
    if cancel == move:
        if cancel < now:
            return [_("This time is so soon that it can no longer be moved, or cancelled for nothing.")]
        said_until = spoken(cancel, zone=zone, now=now)
        return [_("Free to move or cancel until %(until)s.") % {"until": said_until}]
    said = []
    for until, open_, gone in (
        (cancel, _("Free to cancel until %(until)s."), _("It is too late to cancel for nothing.")),
        (move, _("Free to move until %(until)s."), _("It is too late to move it.")),
    ):
        said.append(gone if until < now else open_ % {"until": spoken(until, zone=zone, now=now)})
    return said


def say_consequences(terms: Terms, *, currency: str) -> list[str]:
    """What comes of cancelling late and of not coming; empty where nothing does."""
    said = []
    if terms.late is not None and terms.late == terms.no_show and not terms.grace:
        return [say_penance(BOTH, terms.late, currency=currency)]
    if terms.late is not None:
        said.append(say_penance(LATE, terms.late, currency=currency))
    if terms.no_show is not None:
        said.append(say_penance(NO_SHOW, terms.no_show, currency=currency))
        if terms.grace:
            said.append(
                _("%(grace)s in %(days)s days are forgiven.")
                % {"grace": terms.grace, "days": terms.grace_days}
            )
    return said


def say_deposit(terms: Terms, *, currency: str) -> list[str]:
    """What is paid ahead; empty for nothing."""
    if not terms.deposit:
        return []
    money = SpokenMoney(terms.deposit, currency)
    return [_("A deposit of %(money)s is paid when booking and counts towards the price.") % {"money": money}]


def say_terms(
    terms: Terms, starts_at: datetime, *, currency: str, zone: ZoneInfo, now: datetime
) -> list[str]:
    """All of it, in the order in which it matters to a member; in the active language."""
    return [
        *say_deposit(terms, currency=currency),
        *say_notice(terms, starts_at, zone=zone, now=now),
        *say_consequences(terms, currency=currency),
    ]
