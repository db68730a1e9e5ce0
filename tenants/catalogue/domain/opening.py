"""Opening a chain for bookings: what it needs first, and the moment it opens."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils.translation import gettext_lazy as _

from chains.hosts import announce_change
from chains.refusals import Refusal
from tenants.catalogue.models import Offer
from tenants.people.domain.rights import Action, Actor, require
from tenants.people.models import DayShift, Employee, WeeklyShift
from tenants.stores.models import OpeningHours, Store

# In the order in which they are set up.
MISSING = {
    "store": _("A store that is open for business"),
    "hours": _("Opening hours"),
    "service": _("A service that a store offers"),
    "practitioner": _("Someone who serves"),
    "shifts": _("A shift of someone who serves"),
}


class NotReady(Refusal):
    """The chain cannot be booked yet; `missing` says what it lacks."""

    code = "not_ready"
    status = 422
    title = _("Not ready yet")
    detail = _("Nobody could book anything yet.")
    fix = _("Set up what is missing, then open.")


def what_is_missing() -> list[str]:
    """The keys of MISSING that the active chain lacks, in order. Five small queries."""
    offered = Offer.objects.filter(active=True, service__active=True, store__active=True)
    serving = Employee.objects.filter(active=True, resource__active=True)
    working = WeeklyShift.objects.filter(employee__in=serving, store__active=True)
    dated = DayShift.objects.filter(employee__in=serving, store__active=True, starts__isnull=False)
    present = {
        "store": Store.objects.filter(active=True).exists(),
        "hours": OpeningHours.objects.filter(store__active=True).exists(),
        "service": offered.exists(),
        "practitioner": serving.exists(),
        "shifts": working.exists() or dated.exists(),
    }
    return [code for code in MISSING if not present[code]]


def open_chain(*, by: Actor, now: datetime) -> datetime:
    """Open the active chain for bookings; when it opened first stays. Raises Forbidden, NotReady."""
    require(by, Action.MANAGE_CHAIN)
    missing = what_is_missing()
    if missing:
        told = [{"code": code, "detail": str(MISSING[code])} for code in missing]
        raise NotReady(extra={"missing": told})
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.open_own_chain(%s)", (now,))
        cursor.execute("SELECT opened_at FROM public.own_chain()")
        opened: datetime = cursor.fetchone()[0]
    announce_change()
    return opened
