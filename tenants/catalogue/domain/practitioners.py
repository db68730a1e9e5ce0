"""Who can do a service: the one definition that search, lists, pages and warnings ask.

A practitioner *can do* a service at a store who is active and bookable, holds the role practitioner at that
store or in the whole chain, and has every skill the service needs (and those that its main role needs, where it
states needs; nobody can do what needs no practitioner). They *serve* it there, and so may be chosen,
once any shift of theirs at the store is planned; when they are free is the calendar's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from tenants.people.models import Employee, Role

# Of `e`, an employee, and `asked`, one row (store, service); null asks for any. As SQL because the calendar
# reads it within its one statement.
SERVES = """
  e.active AND EXISTS (SELECT FROM stores_resource r WHERE r.id = e.resource_id AND r.active)
  AND EXISTS (
    SELECT FROM people_rolegrant g WHERE g.employee_id = e.id AND g.role = 'practitioner'
      AND (asked.store IS NULL OR g.store_id IS NULL OR g.store_id = asked.store))
  AND NOT EXISTS (
    SELECT FROM catalogue_service_skills n WHERE n.service_id = asked.service AND NOT EXISTS (
      SELECT FROM people_employee_skills h WHERE h.employee_id = e.id AND h.skill_id = n.skill_id))
  AND NOT EXISTS (
    SELECT FROM catalogue_need d WHERE d.service_id = asked.service AND d.role = (
      SELECT m.role FROM catalogue_need m WHERE m.service_id = asked.service AND m.kind = 'practitioner'
      ORDER BY m.position LIMIT 1)
    AND EXISTS (
      SELECT FROM catalogue_need_skills n WHERE n.need_id = d.id AND NOT EXISTS (
        SELECT FROM people_employee_skills h WHERE h.employee_id = e.id AND h.skill_id = n.skill_id)))
  AND (NOT EXISTS (SELECT FROM catalogue_need d WHERE d.service_id = asked.service)
    OR EXISTS (SELECT FROM catalogue_need d WHERE d.service_id = asked.service AND d.kind = 'practitioner'))
  AND (asked.store IS NULL
    OR EXISTS (SELECT FROM people_weeklyshift w WHERE w.employee_id = e.id AND w.store_id = asked.store)
    OR EXISTS (SELECT FROM people_dayshift d WHERE d.employee_id = e.id AND d.store_id = asked.store))
"""
_SERVING = f"""SELECT e.id FROM people_employee e,
  (SELECT %s::uuid AS store, %s::uuid AS service) asked WHERE {SERVES}"""  # noqa: S608 (the constant above, nobody's input)
_SERVING_EACH = f"""SELECT asked.service, e.id, e.name FROM people_employee e,
  (SELECT %s::uuid AS store, service FROM unnest(%s::uuid[]) AS service) asked
  WHERE {SERVES} ORDER BY e.name, e.id"""  # noqa: S608 (as above)


@dataclass(frozen=True, slots=True)
class Practitioner:
    """Someone who can be booked: what they are skilled in, and where (None is every store of the chain)."""

    employee: Employee
    skills: frozenset[UUID]
    nodes: frozenset[UUID | None]

    def can_do(self, needed: Set[UUID], *, store_id: UUID) -> bool:
        """Whether they can do at the store what needs these skills, shifts or not."""
        return needed <= self.skills and not self.nodes.isdisjoint({None, store_id})


def serving(*, store_id: UUID | None = None, service_id: UUID | None = None) -> QuerySet[Employee]:
    """Who may be chosen for the service at the store; None asks for any of them. Lazy, in no order."""
    return Employee.objects.filter(id__in=RawSQL(_SERVING, [store_id, service_id]))  # noqa: S611 (a constant, with parameters)


def serving_each(store_id: UUID, service_ids: Iterable[UUID]) -> dict[UUID, list[tuple[UUID, str]]]:
    """Who may be chosen for each of the services at the store, id and name, by name; one query."""
    found: dict[UUID, list[tuple[UUID, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SERVING_EACH, [store_id, list(service_ids)])
        for service, person, name in cursor.fetchall():
            found.setdefault(service, []).append((person, name))
    return found


def read_practitioners() -> list[Practitioner]:
    """Everyone who can be booked somewhere, by name; three queries."""
    found = Employee.objects.filter(active=True, resource__active=True, grants__role=Role.PRACTITIONER)
    return [
        Practitioner(
            person,
            frozenset(skill.id for skill in person.skills.all()),
            frozenset(grant.store_id for grant in person.grants.all() if grant.role == Role.PRACTITIONER),
        )
        for person in found.distinct().order_by("name", "id").prefetch_related("skills", "grants")
    ]
