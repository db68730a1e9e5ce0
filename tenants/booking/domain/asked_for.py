"""Who or what was asked for by name is there, and can be asked for."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from tenants.people.domain.rights import NotSeen
from tenants.people.models import Employee
from tenants.stores.models import Resource, ResourceKind

from .calendar import Calendar
from .free_times import Alternatives
from .rules import WrongSkill


def require_practitioner(
    calendar: Calendar, practitioner_id: UUID | None, alternatives: Callable[[], Alternatives]
) -> None:
    """Raise WrongSkill, with those alternatives, for a practitioner who does not do this here, NotSeen for one who
    is not there.
    """
    if practitioner_id is None or practitioner_id in calendar.candidates:
        return
    named = Employee.objects.filter(id=practitioner_id, active=True, resource__active=True)
    name = named.values_list("name", flat=True).first()
    if name is None:
        raise NotSeen
    raise WrongSkill(params={"name": name}, extra={"alternatives": alternatives()})


def require_resource(resource_id: UUID | None, *, store_id: UUID) -> None:
    """Raise NotSeen unless the room, table or station stands in this store."""
    if resource_id is None:
        return
    here = Resource.objects.filter(id=resource_id, store_id=store_id, active=True)
    if not here.exclude(kind=ResourceKind.PRACTITIONER).exists():
        raise NotSeen
