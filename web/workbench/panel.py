"""The panel of one booking: who, what, where, what happened, and what can be done now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from tenants.booking.domain.history import require_shown
from tenants.booking.domain.redeem import UNDO_WITHIN
from tenants.booking.domain.transitions import Move, status_after
from tenants.booking.domain.visits import count_visits
from tenants.booking.models import Booking, Channel, Status, Transition
from tenants.extension.calls import panels_for
from tenants.extension.hooks import Panel as Plugged
from tenants.extension.hooks import PanelAsked
from tenants.extension.registry import Plugin, plugins_on
from tenants.people.domain.rights import Action, NotSeen, require
from web.workbench.access import Desk
from web.workbench.day import Row, held_claims, row_of
from web.workbench.deposits import DeskDeposit, read_deposit
from web.workbench.penalties import Levied, read_levied


@dataclass(frozen=True, slots=True)
class Past:
    """One line of a booking's history: local time and words."""

    at: datetime
    words: str
    reason: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What the panel shows of a booking, and which actions it offers to whoever looks."""

    row: Row
    visits: int
    history: list[Past]
    can_redeem: bool
    can_confirm: bool
    can_move: bool
    can_cancel: bool
    can_complete: bool
    can_no_show: bool
    can_undo: bool
    can_reveal: bool
    plugged: list[tuple[Plugin, Plugged]]
    penalties: list[Levied]
    deposit: DeskDeposit | None

    @property
    def booking(self) -> Booking:
        """The booking itself."""
        return self.row.booking


def booking_here(desk: Desk, booking_id: UUID) -> Booking:
    """A booking of the desk's store with all the panel names. Raises NotSeen for any other, BeyondHistory."""
    require(desk.actor, Action.READ_DAY, store_id=desk.store.id)
    booking = (
        Booking.objects.filter(id=booking_id, store_id=desk.store.id)
        .select_related(
            "store", "service", "member", "practitioner", "resource", "redemption__by", "deposit_waiver__by"
        )
        .prefetch_related(held_claims())
        .first()
    )
    if booking is None:
        raise NotSeen
    require_shown(booking.ends_at, by=desk.actor, now=desk.now)
    return booking


def read_panel(desk: Desk, booking_id: UUID) -> Panel:
    """The panel of a booking of this store, by four queries, one more where it came to nothing. Raises NotSeen for any other booking."""
    booking = booking_here(desk, booking_id)
    lines = Transition.objects.filter(booking_id=booking.id).select_related("by_employee", "by_member")
    may_change = desk.may(Action.CHANGE_BOOKING)
    may_complete = desk.may(Action.COMPLETE_BOOKING)
    may_redeem = desk.may(Action.REDEEM_BOOKING)
    redeemed_at = booking.redemption.at if hasattr(booking, "redemption") else None

    deposit = read_deposit(booking, desk)
    # a hold that waits for its deposit is confirmed by what settles that
    waits = booking.status == Status.HELD and deposit is not None and deposit.unpaid

    def can(move: Move) -> bool:
        return status_after(booking.status, move) is not None

    return Panel(
        row=row_of(booking, desk),
        visits=count_visits(booking.member_id),
        history=[_past(line, booking, desk) for line in lines.order_by("id")],
        can_redeem=may_redeem and can(Move.REDEEM),
        can_confirm=may_change and booking.member_id is not None and can(Move.CONFIRM) and not waits,
        can_move=may_change and can(Move.MOVE),
        can_cancel=may_change and can(Move.CANCEL),
        can_complete=may_complete and can(Move.COMPLETE),
        can_no_show=may_complete and can(Move.NO_SHOW) and booking.starts_at <= desk.now,
        can_undo=may_redeem
        and can(Move.UNDO_REDEEM)
        and redeemed_at is not None
        and desk.now - redeemed_at <= UNDO_WITHIN,
        can_reveal=booking.member is not None
        and bool(booking.member.phone)
        and desk.may(Action.REVEAL_PHONE),
        plugged=_plugged(booking, desk),
        penalties=read_levied(booking, desk),
        deposit=deposit,
    )


def _plugged(booking: Booking, desk: Desk) -> list[tuple[Plugin, Plugged]]:
    """What the core's parts and the store's verticals show of the booking."""
    asked = PanelAsked(
        booking_id=booking.id,
        store_id=booking.store_id,
        service_id=booking.service_id,
        member_id=booking.member_id,
        status=booking.status,
        may_change=desk.may(Action.CHANGE_BOOKING),
        now=desk.now,
    )
    return list(panels_for(plugins_on(desk.store.verticals), asked, details=booking.details))


def _past(line: Transition, booking: Booking, desk: Desk) -> Past:
    if line.by_employee is not None:
        who = line.by_employee.name
    else:
        who = _("the guest") if line.by_member is not None else _("the system")
    return Past(line.at.astimezone(desk.zone), _words(line, booking) % {"who": who}, _reason(line))


def _reason(line: Transition) -> str:
    """What was said of it: why it was cancelled, or booked over another booking."""
    over = line.detail.get("overbooked", {})
    return line.reason or str(over.get("reason", ""))


def _words(line: Transition, booking: Booking) -> str:
    after = Status(line.after)
    if not line.before:
        return _first_words(after, booking)
    if "paid" in line.detail:
        return _("Confirmed by the payment")
    if "awaits" in line.detail:
        return _("Kept for %(who)s until the deposit is paid")
    if line.before == line.after:
        return _("Moved by %(who)s")
    if after == Status.CONFIRMED and line.before == Status.ARRIVED:
        return _("Redemption undone by %(who)s")
    return {
        Status.CONFIRMED: _("Confirmed by %(who)s"),
        Status.ARRIVED: _("Redeemed by %(who)s"),
        Status.COMPLETED: _("Completed by %(who)s"),
        Status.CANCELLED: _("Cancelled by %(who)s"),
        Status.NO_SHOW: _("Marked a no-show by %(who)s"),
        Status.EXPIRED: _("The hold ran out"),
        Status.HELD: _("Held by %(who)s"),
    }[after]


def _first_words(after: Status, booking: Booking) -> str:
    if after == Status.HELD:
        return _("Time held by %(who)s")
    if booking.channel == Channel.WALK_IN:
        return _("Walk-in, taken in by %(who)s")
    if booking.channel == Channel.ONLINE:
        return _("Booked online by %(who)s")
    return _("Booked by %(who)s")
