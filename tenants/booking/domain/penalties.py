"""Penalties: what came of cancelling late or not coming, letting somebody off, and booking on pause."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from chains.postgresql.ask import Question, ask
from chains.refusals import Refusal
from tenants.booking.models import Booking, Cause, Penalty, PenaltyKind, PenaltyWaiver, Status
from tenants.events.domain.record import record_event
from tenants.people.domain.access import note_access
from tenants.people.domain.rights import Action, Actor, NotSeen, require
from tenants.stores.domain.spoken import spoken

from .claims import constraint_of
from .terms import Penance, Terms

REASON_LENGTH = 200

_PAUSE = """
SELECT max(until) FROM booking_penalty p WHERE member_id = %s AND kind = %s AND until > %s
  AND NOT EXISTS (SELECT FROM booking_penaltywaiver w WHERE w.penalty_id = p.id)
"""


class BookingPaused(Refusal):
    """The member may not book online for a time, after cancelling late or not coming."""

    code = "booking_paused"
    status = 422
    title = _("Online booking is on pause")
    detail = _("After a missed or late-cancelled visit, online booking is on pause until %(until)s.")
    fix = _("Call the shop: they can still book for you, or lift the pause.")


class WaivedAlready(Refusal):
    """Somebody has let it off before."""

    code = "waived_already"
    status = 409
    title = _("Waived already")
    detail = _("This penalty has been waived before.")
    fix = _("There is nothing left to waive.")


class ReasonMissing(Refusal):
    """Letting somebody off needs a reason that can be read later."""

    code = "reason_missing"
    status = 422
    title = _("A reason is needed")
    detail = _("A penalty is waived only with a reason.")
    fix = _("Write why, in a few words.")


def penalise(booking: Booking, penance: Penance, *, cause: Cause, zone: ZoneInfo, now: datetime) -> Penalty:
    """Write down what was promised for this, once a booking and cause.

    A pause lasts from now for its days, to the end of the store's day. The caller's transaction holds
    the booking.
    """
    assert booking.member_id is not None
    until = None
    if penance.kind == PenaltyKind.PAUSE:
        last = (now + timedelta(days=penance.amount)).astimezone(zone)
        until = (last + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    penalty = Penalty.objects.create(
        booking_id=booking.id,
        member_id=booking.member_id,
        cause=cause,
        kind=penance.kind,
        amount=penance.amount,
        currency=booking.currency if penance.kind == PenaltyKind.FEE else "",
        until=until,
        at=now,
    )
    record_event(
        "penalty.made",
        subject_id=booking.id,
        store_id=booking.store_id,
        version=booking.version,
        payload={"penalty": str(penalty.id), "kind": str(penance.kind), "amount": penance.amount},
        now=now,
    )
    return penalty


def no_show_penance(booking: Booking, terms: Terms, *, now: datetime) -> Penance | None:
    """What not coming brings this member now: nothing while grace is left.

    The caller has locked the member: two no-shows at once must not both be the forgiven one. `booking`
    itself counts already.
    """
    if terms.no_show is None or booking.member_id is None:
        return None
    missed = Booking.objects.filter(
        member_id=booking.member_id,
        status=Status.NO_SHOW,
        starts_at__gt=booking.starts_at - timedelta(days=terms.grace_days),
        starts_at__lte=max(booking.starts_at, now),
    ).exclude(penalties__waiver__isnull=False)
    return terms.no_show if missed.count() > terms.grace else None


def require_booking_right(member_id: UUID | None, *, by: Actor, zone: ZoneInfo, now: datetime) -> None:
    """Raise BookingPaused for a member under a pause who books for themselves; staff may book them."""
    if by.is_employee or member_id is None:
        return
    refuse_paused(paused_until(member_id, now=now), zone=zone, now=now)


def refuse_paused(until: datetime | None, *, zone: ZoneInfo, now: datetime) -> None:
    """Raise BookingPaused for a pause that lasts until then; None is no pause."""
    if until is not None:
        raise BookingPaused(
            params={"until": spoken(until, zone=zone, now=now)},
            extra={"until": until.astimezone(zone).isoformat()},
        )


def paused_until(member_id: UUID, *, now: datetime) -> datetime | None:
    """Until when the member's online booking is on pause; None where it is not."""
    return ask(pause_question(member_id, now=now))


def pause_question(member_id: UUID, *, now: datetime) -> Question[datetime | None]:
    """What paused_until reads."""
    return Question(_PAUSE, (member_id, PenaltyKind.PAUSE.value, now), lambda rows: rows[0][0])


def waive_penalty(penalty_id: UUID, *, reason: str, by: Actor, now: datetime) -> PenaltyWaiver:
    """Let the member off, with a reason; noted for the owner. Once.

    Raises NotSeen, Forbidden, ReasonMissing, WaivedAlready.
    """
    penalty = Penalty.objects.select_related("booking").filter(id=penalty_id).first()
    if penalty is None or not by.is_employee:
        raise NotSeen
    require(by, Action.WAIVE_PENALTY, store_id=penalty.booking.store_id)
    reason = reason.strip()[:REASON_LENGTH]
    if not reason:
        raise ReasonMissing
    try:
        with transaction.atomic():
            waiver = PenaltyWaiver.objects.create(
                penalty_id=penalty.id, by_id=by.employee_id, reason=reason, at=now
            )
    except IntegrityError as error:
        if constraint_of(error) == "booking_penaltywaiver_pkey":
            raise WaivedAlready from error
        raise
    note_access(by, "penalty_waived", "booking", penalty.booking_id, now=now)
    record_event(
        "penalty.waived",
        subject_id=penalty.booking_id,
        store_id=penalty.booking.store_id,
        version=penalty.booking.version,
        payload={"penalty": str(penalty.id)},
        now=now,
    )
    return waiver


def penalties_of(booking_id: UUID) -> list[Penalty]:
    """The booking's penalties with their waivers, oldest first."""
    return list(
        Penalty.objects.filter(booking_id=booking_id).select_related("waiver__by").order_by("at", "id")
    )
