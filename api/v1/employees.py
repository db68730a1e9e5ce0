"""Employees for who manages people, practitioners for anyone."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, ListQuery, MomentField, moment_text
from api.pagination import page_of
from api.v1.forms import RoleAt, Version, id_text, read_grants, words_of
from api.views import Endpoint
from chains.hosts import ChainInfo
from tenants.catalogue.domain.practitioners import serving
from tenants.catalogue.domain.services import require_service
from tenants.people.domain import employees, shifts
from tenants.people.models import Employee as EmployeeRow
from tenants.people.models import Leave as LeaveRow

_SKILLS = "Ids of skills, or names; a new name becomes a skill."


class EmployeeBody(Body):
    """A new employee; an invitation goes to the address."""

    name = serializers.CharField(max_length=120)
    email = serializers.CharField(max_length=254)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    roles = RoleAt(many=True)
    skills = serializers.ListField(
        child=serializers.CharField(max_length=80),
        required=False,
        max_length=50,
        default=list,
        help_text=_SKILLS,
    )


class EmployeeChange(Version):
    """What is to change; the rest stays. `active: false` ends sessions and tokens at once."""

    name = serializers.CharField(max_length=120, required=False)
    title = serializers.CharField(max_length=80, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    roles = RoleAt(many=True, required=False)
    skills = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, max_length=50, help_text=_SKILLS
    )
    active = serializers.BooleanField(required=False)


class RoleHeld(serializers.Serializer[Any]):
    """A role at a store, or in the whole chain."""

    role = serializers.CharField()
    store = serializers.UUIDField(allow_null=True)
    store_name = serializers.CharField(allow_null=True)


class Employee(serializers.Serializer[Any]):
    """A person who works for the chain."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField(allow_blank=True)
    title = serializers.CharField(allow_blank=True)
    roles = RoleHeld(many=True)
    skills = serializers.ListField(child=serializers.UUIDField())
    skills_name = serializers.ListField(child=serializers.CharField())
    resource = serializers.UUIDField(allow_null=True, help_text="What bookings claim, of a practitioner.")
    active = serializers.BooleanField()
    version = serializers.IntegerField()


class EmployeeList(serializers.Serializer[Any]):
    """A page of employees."""

    results = Employee(many=True)
    next = serializers.URLField(allow_null=True)


class Practitioner(serializers.Serializer[Any]):
    """Someone who can be booked."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    skills = serializers.ListField(child=serializers.UUIDField())
    skills_name = serializers.ListField(child=serializers.CharField())
    resource = serializers.UUIDField()


class PractitionerList(serializers.Serializer[Any]):
    """A page of practitioners."""

    results = Practitioner(many=True)
    next = serializers.URLField(allow_null=True)


class PractitionerQuery(ListQuery):
    """Who works at a store, who can do a service."""

    store = serializers.UUIDField(required=False)
    service = serializers.UUIDField(required=False)


class LeaveBody(Body):
    """Away over `[starts_at, ends_at)`."""

    starts_at = MomentField()
    ends_at = MomentField()
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class Leave(serializers.Serializer[Any]):
    """When an employee is away."""

    id = serializers.UUIDField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = serializers.CharField(allow_blank=True)


class Employees(Endpoint):
    """The employees of the stores that the caller manages."""

    @extend_schema(operation_id="employees_list", parameters=[ListQuery], responses=EmployeeList)
    def get(self, request: Request) -> Response:
        """Those on the nodes where the caller manages people."""
        self.query(ListQuery)
        return Response(
            page_of(
                employees.find_employees(by=self.actor),
                request,
                key=["name", "id"],
                document=lambda rows: [employee_document(row) for row in rows],
            )
        )

    @extend_schema(operation_id="employees_create", request=EmployeeBody, responses={201: Employee})
    def post(self, request: Request) -> Response:
        """Add a person and send the invitation."""
        body = self.body(EmployeeBody)
        roles = read_grants(body.pop("roles"))
        employee = employees.create_employee(
            **body, roles=roles, by=self.actor, chain=self.chain, now=self.now
        )
        return Response(employee_document(employee), status=201)


class OneEmployee(Endpoint):
    """An employee with roles and skills."""

    @extend_schema(operation_id="employees_read", responses=Employee)
    def get(self, request: Request, employee_id: UUID) -> Response:
        """For who manages people there, and for oneself."""
        return Response(employee_document(employees.read_employee(employee_id, by=self.actor)))

    @extend_schema(operation_id="employees_change", request=EmployeeChange, responses=Employee)
    def patch(self, request: Request, employee_id: UUID) -> Response:
        """Change what is named."""
        body = self.body(EmployeeChange)
        roles = body.pop("roles", None)
        changed = employees.change_employee(
            employee_id,
            **body,
            roles=None if roles is None else read_grants(roles),
            by=self.actor,
            chain=self.chain,
            now=self.now,
        )
        fresh = EmployeeRow.objects.select_related("user").prefetch_related("grants__store", "skills")
        return Response(employee_document(fresh.get(id=changed.id)))


class Invitation(Endpoint):
    """The link by which an employee chooses a password."""

    @extend_schema(operation_id="employees_invite", request=None, responses={202: None})
    def post(self, request: Request, employee_id: UUID) -> Response:
        """Send another invitation; the ones before it end."""
        employees.send_invitation(employee_id, by=self.actor, chain=self.chain, now=self.now)
        return Response(status=202)


class Leaves(Endpoint):
    """When an employee is away."""

    @extend_schema(operation_id="employees_leave", request=LeaveBody, responses={201: Leave})
    def post(self, request: Request, employee_id: UUID) -> Response:
        """Away over `[starts_at, ends_at)`."""
        leave = shifts.add_leave(employee_id, **self.body(LeaveBody), by=self.actor)
        return Response(leave_document(leave, self.chain), status=201)


class OneLeave(Endpoint):
    """A leave that was entered, and can be taken back."""

    @extend_schema(operation_id="employees_leave_cancel", request=None, responses={204: None})
    def delete(self, request: Request, employee_id: UUID, leave_id: UUID) -> Response:
        """Delete the leave: its time can be booked again."""
        shifts.cancel_leave(employee_id, leave_id, by=self.actor)
        return Response(status=204)


class Practitioners(Endpoint):
    """Who can be booked."""

    who = "anyone"

    @extend_schema(
        operation_id="practitioners_list", parameters=[PractitionerQuery], responses=PractitionerList
    )
    def get(self, request: Request) -> Response:
        """Practitioners of the store with shifts there and all the skills of the service."""
        query = self.query(PractitionerQuery)
        if "service" in query:
            require_service(query["service"])
        rows = serving(store_id=query.get("store"), service_id=query.get("service"))
        return Response(
            page_of(
                rows.prefetch_related("skills"),
                request,
                key=["name", "id"],
                document=lambda found: [practitioner_document(row) for row in found],
            )
        )


def employee_document(row: EmployeeRow) -> dict[str, Any]:
    """An employee as the API writes it, for those who manage people, and for themselves."""
    return {
        **practitioner_document(row),
        "email": row.user.email,
        "phone": row.phone,
        "roles": [
            {
                "role": grant.role,
                "store": id_text(grant.store_id),
                "store_name": words_of(grant.store, "name") if grant.store else None,
            }
            for grant in sorted(row.grants.all(), key=lambda grant: (grant.role, str(grant.store_id)))
        ],
        "active": row.active,
        "version": row.version,
    }


def practitioner_document(row: EmployeeRow) -> dict[str, Any]:
    """What anyone may know of who serves."""
    skills = sorted(row.skills.all(), key=lambda skill: skill.name)
    return {
        "id": str(row.id),
        "name": words_of(row, "name"),
        "title": row.title,
        "skills": [str(skill.id) for skill in skills],
        "skills_name": [skill.name for skill in skills],
        "resource": id_text(row.resource_id),
    }


def leave_document(leave: LeaveRow, chain: ChainInfo) -> dict[str, Any]:
    """A leave as the API writes it, in the chain's zone: it holds at every store."""
    zone = ZoneInfo(chain.time_zone)
    return {
        "id": str(leave.id),
        "starts_at": moment_text(leave.starts_at, zone),
        "ends_at": moment_text(leave.ends_at, zone),
        "reason": leave.reason,
    }


urls = [
    path("employees", Employees.as_view()),
    path("employees/<uuid:employee_id>", OneEmployee.as_view()),
    path("employees/<uuid:employee_id>/invitation", Invitation.as_view()),
    path("employees/<uuid:employee_id>/leave", Leaves.as_view()),
    path("employees/<uuid:employee_id>/leave/<uuid:leave_id>", OneLeave.as_view()),
    path("practitioners", Practitioners.as_view()),
]
