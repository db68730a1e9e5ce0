"""Answering a hold that was made before anything was asked: a visitor's, or that of an offer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError
from tenants.booking.models import Booking
from tenants.extension.answers import DetailsInvalid
from tenants.stores.domain.wall import local_date

from .calendar import read_calendar
from .claims import held_resources
from .offering import Offering, read_offering
from .place import take_place
from .plugged import check_details, require_plugged_rules

ANSWERED = ("note", "details", "party_size", "practitioner_id", "resource_id")


def answer_hold(
    booking: Booking, details: Mapping[str, Any], *, by_staff: bool, now: datetime
) -> dict[str, Any]:
    """Put the checked answers into the hold (not saved), hear the plug-ins' rules; the columns that may change.

    The hold has its member. Practitioner and room stay unless the answers name another number of people
    than they suit. Raises DetailsInvalid, what plug-ins' rules refuse, SlotTaken for a party that fits nowhere.
    """
    offering = read_offering(booking.store_id, booking.service_id, by_staff=True)
    answers = check_details(
        offering, details, note=booking.note, party_size=booking.party_size, by_staff=by_staff
    )
    _suit_party(booking, offering, answers.fills["party_size"], now=now)
    booking.note, booking.details = answers.fills["note"], answers.details
    require_plugged_rules(booking, offering, by_staff=by_staff, now=now)
    return {name: getattr(booking, name) for name in ANSWERED}


def _suit_party(booking: Booking, offering: Offering, party_size: int, *, now: datetime) -> None:
    """Say how many come; where the room depends on it, keep one that suits them, the same if it does."""
    if party_size == booking.party_size:
        return
    if booking.session_id is not None:
        # as many seats are held, at their price, as were asked for
        held = _("The seats that are held are for this many people: %(count)s.") % {
            "count": booking.party_size
        }
        raise DetailsInvalid(errors=[FieldError("party_size", "not_as_held", held)])
    booking.party_size = party_size
    if not offering.needs_party:
        return
    # by the clock of when the time was taken: its notice was kept then
    calendar = read_calendar(
        offering,
        [local_date(booking.starts_at, offering.zone)],
        now=booking.created_at,
        party_size=party_size,
        but=booking.id,
    )
    place = take_place(
        calendar,
        booking,
        starts_at=booking.starts_at,
        practitioner_id=booking.practitioner_id,
        now=now,
        by_staff=False,
        prefer=held_resources(booking.id),
    )
    booking.practitioner_id, booking.resource_id = place.practitioner_id, place.resource_id
