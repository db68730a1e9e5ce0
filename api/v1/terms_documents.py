"""The terms of a booking as the API writes them, in sums and in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from api.fields import moment_text, money_document
from tenants.booking.domain.change import changeable_until, late_penance
from tenants.booking.domain.terms import Penance, movable_until, terms_of
from tenants.booking.domain.terms_words import (
    CANCEL_NOW,
    say_consequences,
    say_deposit,
    say_notice,
    say_penance,
)
from tenants.booking.models import Booking, PenaltyKind, Status


class PenanceOut(serializers.Serializer[Any]):
    """What something brings: `amount` is minor units of the price's currency, credits, points or days."""

    kind = serializers.ChoiceField(choices=PenaltyKind.values)
    amount = serializers.IntegerField()


class PromisedOut(serializers.Serializer[Any]):
    """What was promised at booking. Notices in minutes before the start."""

    cancel_notice = serializers.IntegerField()
    move_notice = serializers.IntegerField()
    deposit = serializers.DictField(allow_null=True, help_text="Money, or null for none.")
    late = PenanceOut(allow_null=True, help_text="Of cancelling after the notice; null: then it cannot be.")
    no_show = PenanceOut(allow_null=True)
    grace = serializers.IntegerField(help_text="No-shows that are forgiven within `grace_days`.")
    grace_days = serializers.IntegerField()


class CancelOut(serializers.Serializer[Any]):
    """Cancelling now."""

    allowed = serializers.BooleanField()
    free_until = serializers.DateTimeField()
    brings = PenanceOut(allow_null=True)
    detail = serializers.CharField(allow_null=True)


class MoveOut(serializers.Serializer[Any]):
    """Moving now."""

    allowed = serializers.BooleanField()
    until = serializers.DateTimeField()


class TermsOut(serializers.Serializer[Any]):
    """What a change would bring its member now, and all of the terms in sentences."""

    cancel = CancelOut()
    move = MoveOut()
    no_show = PenanceOut(allow_null=True)
    promised = PromisedOut()
    sentences = serializers.ListField(child=serializers.CharField())


def _penance(penance: Penance | None) -> dict[str, Any] | None:
    return {"kind": str(penance.kind), "amount": penance.amount} if penance else None


def promised_document(booking: Booking) -> dict[str, Any]:
    """The terms as they were promised; no clock is needed."""
    terms = terms_of(booking)
    return {
        "cancel_notice": terms.cancel_notice,
        "move_notice": terms.move_notice,
        "deposit": money_document(terms.deposit, booking.currency) if terms.deposit else None,
        "late": _penance(terms.late),
        "no_show": _penance(terms.no_show),
        "grace": terms.grace,
        "grace_days": terms.grace_days,
    }


def terms_document(booking: Booking, *, now: datetime) -> dict[str, Any]:
    """What cancelling and moving would bring the member at `now`."""
    terms, zone = terms_of(booking), ZoneInfo(booking.store.time_zone)
    open_ = booking.status in (Status.HELD, Status.CONFIRMED)
    free_until, until = changeable_until(booking), movable_until(terms, booking.starts_at)
    brings = late_penance(booking, now=now)
    held = booking.status == Status.HELD
    return {
        "cancel": {
            "allowed": open_ and (held or now <= free_until or brings is not None),
            "free_until": moment_text(free_until, zone),
            "brings": _penance(brings),
            "detail": say_penance(CANCEL_NOW, brings, currency=booking.currency) if brings else None,
        },
        "move": {"allowed": open_ and (held or now <= until), "until": moment_text(until, zone)},
        "no_show": _penance(terms.no_show),
        "promised": promised_document(booking),
        "sentences": [
            *say_deposit(terms, currency=booking.currency),
            *say_notice(terms, booking.starts_at, zone=zone, now=now),
            *say_consequences(terms, currency=booking.currency),
        ],
    }
