"""The refusals of booking: each rule that closes a time, as a person and a program hear it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal, Text

from .why import SENTENCES, Code


class TimeClosed(Refusal):
    """A rule closes the time that was asked for. `alternatives` are the nearest open ones."""

    code: ClassVar[str] = "time_closed"
    status = 422
    title = _("That time cannot be booked")
    fix = _("Choose one of the other times.")


class Past(TimeClosed):
    """The time has passed."""

    code = "past"
    detail: ClassVar[Text] = SENTENCES["past"]


class TooSoon(TimeClosed):
    """The service asks for more time between booking and start."""

    code = "too_soon"
    detail: ClassVar[Text] = SENTENCES["too_soon"]


class TooFar(TimeClosed):
    """Bookings are not open that far ahead."""

    code = "too_far"
    detail: ClassVar[Text] = SENTENCES["too_far"]


class LongerThanOpening(TimeClosed):
    """The service takes longer than the store is ever open on end."""

    code = "longer_than_opening"
    detail: ClassVar[Text] = SENTENCES["longer_than_opening"]
    fix = _("Choose another service, or another shop.")


class ClosedDay(TimeClosed):
    """The store does not open that day."""

    code = "closed_day"
    detail: ClassVar[Text] = SENTENCES["closed_day"]


class OutsideHours(TimeClosed):
    """The service would not lie within one opening of the store."""

    code = "outside_hours"
    detail: ClassVar[Text] = SENTENCES["outside_hours"]


class OffStep(TimeClosed):
    """The service begins on other minutes."""

    code = "off_step"
    detail: ClassVar[Text] = SENTENCES["off_step"]


class NoPractitioner(TimeClosed):
    """Nobody at the store can do the service."""

    code = "no_practitioner"
    detail: ClassVar[Text] = SENTENCES["no_practitioner"]
    fix = _("Choose another service, or another shop.")


class NoResource(TimeClosed):
    """The store has no such room, table or station as the service needs."""

    code = "no_resource"
    detail: ClassVar[Text] = SENTENCES["no_resource"]
    fix = _("Choose another service, or another shop.")


class PartyDoesNotFit(TimeClosed):
    """No room, table or combination of the store suits that many people."""

    code = "party_size"
    detail: ClassVar[Text] = SENTENCES["party_size"]
    fix = _("Choose another number of people, or another shop.")


class NoShift(TimeClosed):
    """Nobody (or not the person asked for) is on shift for the whole of it."""

    code = "no_shift"
    detail: ClassVar[Text] = SENTENCES["no_shift"]


class OnLeave(TimeClosed):
    """The person is away."""

    code = "on_leave"
    detail: ClassVar[Text] = SENTENCES["on_leave"]


class WrongSkill(Refusal):
    """The practitioner asked for does not do this service at this store."""

    code = "wrong_skill"
    status = 422
    title = _("Not with this person")
    detail = _("%(name)s does not offer this service here.")
    fix = _("Choose another person, or leave the choice to the shop.")


class MemberOverlap(Refusal):
    """The member has another booking at that time, anywhere in the chain."""

    code = "member_overlap"
    status = 409
    title = _("Another booking at that time")
    detail = _("There is already a booking for this person at that time (%(code)s).")
    fix = _("Cancel or move the other booking, or choose another time.")


CLOSED: Mapping[Code, type[TimeClosed]] = MappingProxyType(
    {
        "past": Past,
        "too_soon": TooSoon,
        "too_far": TooFar,
        "longer_than_opening": LongerThanOpening,
        "closed_day": ClosedDay,
        "outside_hours": OutsideHours,
        "off_step": OffStep,
        "no_practitioner": NoPractitioner,
        "no_resource": NoResource,
        "party_size": PartyDoesNotFit,
        "no_shift": NoShift,
        "on_leave": OnLeave,
    }
)


def time_closed(codes: Sequence[Code], *, alternatives: Sequence[Mapping[str, Any]]) -> TimeClosed:
    """The refusal for the first of the codes; none of them is of `why.TAKEN`."""
    return CLOSED[codes[0]](extra={"alternatives": list(alternatives), "reasons": list(codes)})
