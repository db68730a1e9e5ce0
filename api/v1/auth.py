"""Signing in and out: members by phone and code, employees by e-mail and password."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.domain.sign_in import sign_in_employee
from api.domain.tokens import issue_token, revoke_token
from api.fields import Body, moment_text
from api.v1.employees import Employee, employee_document
from api.v1.members import Member, member_document
from api.views import Endpoint
from chains.addresses import client_address
from tenants.members.domain.codes import send_code
from tenants.members.domain.members import sign_in_member
from tenants.stores.domain.phones import normalise_phone
from tenants.stores.models import Store


class PhoneBody(Body):
    """A phone; a national number is read in the store's country, or the chain's."""

    phone = serializers.CharField(max_length=40)
    store = serializers.UUIDField(required=False)


class CodeSent(serializers.Serializer[Any]):
    """Until when the code is valid."""

    expires_at = serializers.DateTimeField()


class CodeBody(PhoneBody):
    """The code that was sent, and for who joins, a name."""

    code = serializers.RegexField(r"^[0-9]{6}\Z")
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


class MemberToken(serializers.Serializer[Any]):
    """A member's token; `joined` for who is new."""

    token = serializers.CharField()
    member = Member()
    joined = serializers.BooleanField()


class Credentials(Body):
    """`otp` where the account has a second factor: six digits, or a recovery code."""

    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    otp = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")


class EmployeeToken(serializers.Serializer[Any]):
    """An employee's token."""

    token = serializers.CharField()
    employee = Employee()


class MemberCode(Endpoint):
    """A one-time code to a phone."""

    who = "anyone"
    keeps_answers = False

    @extend_schema(operation_id="auth_member_code", request=PhoneBody, responses={202: CodeSent})
    def post(self, request: Request) -> Response:
        """Send a six-digit code, valid 5 minutes; one a minute to a phone."""
        body = self.body(PhoneBody)
        expires_at = send_code(
            normalise_phone(body["phone"], country=country_of(self, body.get("store"))),
            address=client_address(request._request),
            chain=self.chain,
            now=self.now,
        )
        zone = ZoneInfo(self.chain.time_zone)
        return Response({"expires_at": moment_text(expires_at, zone)}, status=202)


class MemberSignIn(Endpoint):
    """A member signs in, or joins."""

    who = "anyone"
    keeps_answers = False

    @extend_schema(operation_id="auth_member_token", request=CodeBody, responses={200: MemberToken})
    def post(self, request: Request) -> Response:
        """A token for the phone that received the code."""
        body = self.body(CodeBody)
        phone = normalise_phone(body["phone"], country=country_of(self, body.get("store")))
        member, joined = sign_in_member(phone, body["code"], name=body["name"], now=self.now)
        token = issue_token(member_id=member.id, now=self.now)
        document = member_document(member, self.chain, own=True)
        return Response({"token": token, "member": document, "joined": joined})


class EmployeeSignIn(Endpoint):
    """An employee signs in."""

    who = "anyone"
    keeps_answers = False

    @extend_schema(operation_id="auth_employee_token", request=Credentials, responses={200: EmployeeToken})
    def post(self, request: Request) -> Response:
        """A token for address, password and, where it is on, the second factor."""
        body = self.body(Credentials)
        token, employee = sign_in_employee(body["email"], body["password"], otp=body["otp"], now=self.now)
        return Response({"token": token, "employee": employee_document(employee)})


class SignOut(Endpoint):
    """The token of this call."""

    who = "person"
    keeps_answers = False

    @extend_schema(operation_id="auth_sign_out", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """End the token that this call is made with."""
        if self.bearer is not None:
            revoke_token(self.bearer.token_id)
        return Response(status=204)


def country_of(view: Endpoint, store_id: UUID | None) -> str:
    """The country in which a national number is read: the store's, else the chain's."""
    found = Store.objects.filter(id=store_id).values_list("country", flat=True).first() if store_id else None
    return found or view.chain.country


urls = [
    path("auth/member/code", MemberCode.as_view()),
    path("auth/member/token", MemberSignIn.as_view()),
    path("auth/employee/token", EmployeeSignIn.as_view()),
    path("auth/token", SignOut.as_view()),
]
