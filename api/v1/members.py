"""Members: one's own profile, and for employees the search."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import ListQuery, moment_text
from api.pagination import page_of
from api.v1.forms import Version
from api.views import Endpoint
from chains.hosts import ChainInfo
from tenants.members.domain import members
from tenants.members.models import Member as MemberRow
from tenants.people.domain.rights import NotSeen
from tenants.stores.domain.phones import mask_phone


class Member(serializers.Serializer[Any]):
    """A member. `phone` is whole to the member alone; others see it masked, see `…/phone`."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    phone = serializers.CharField(allow_blank=True)
    phone_masked = serializers.BooleanField()
    locale = serializers.CharField(help_text="Empty: the chain's own.")
    note = serializers.CharField(required=False, help_text="For employees alone.")
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class MemberList(serializers.Serializer[Any]):
    """A page of members."""

    results = Member(many=True)
    next = serializers.URLField(allow_null=True)


class MemberQuery(ListQuery):
    """`q` is part of a name, or the end of a phone (four digits or more)."""

    q = serializers.CharField(required=False, allow_blank=True, default="", max_length=120)


class OwnChange(Version):
    """What a member changes of their own profile."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    locale = serializers.CharField(max_length=16, required=False, allow_blank=True)

    def validate_locale(self, value: str) -> str:
        """zh-Hans, en, or empty."""
        if not members.is_language(value):
            raise serializers.ValidationError(_("There is no such language here."))
        return value


class MemberChange(OwnChange):
    """What an employee changes."""

    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class Phone(serializers.Serializer[Any]):
    """A member's phone unmasked, in E.164; null for one who has given none."""

    phone = serializers.CharField(allow_null=True)


class Me(Endpoint):
    """The member who calls."""

    who = "member"

    @extend_schema(operation_id="members_me", responses=Member)
    def get(self, request: Request) -> Response:
        """One's own profile."""
        member = members.read_member(self._me(), by=self.actor)
        return Response(member_document(member, self.chain, own=True))

    @extend_schema(operation_id="members_me_change", request=OwnChange, responses=Member)
    def patch(self, request: Request) -> Response:
        """Change one's name or language."""
        member = members.change_member(self._me(), by=self.actor, **self.body(OwnChange))
        return Response(member_document(member, self.chain, own=True))

    def _me(self) -> UUID:
        if self.actor.member_id is None:
            raise NotSeen
        return self.actor.member_id


class Members(Endpoint):
    """The chain's members."""

    @extend_schema(operation_id="members_list", parameters=[MemberQuery], responses=MemberList)
    def get(self, request: Request) -> Response:
        """By part of the name or the end of the phone; newest first."""
        query = self.query(MemberQuery)
        found = members.find_members(query["q"], by=self.actor)
        return Response(
            page_of(
                found,
                request,
                key=["-created_at", "-id"],
                document=lambda rows: [member_document(row, self.chain) for row in rows],
            )
        )


class OneMember(Endpoint):
    """One member."""

    who = "person"

    @extend_schema(operation_id="members_read", responses=Member)
    def get(self, request: Request, member_id: UUID) -> Response:
        """For employees who may read members, and for the member."""
        member = members.read_member(member_id, by=self.actor)
        return Response(member_document(member, self.chain, own=self.actor.member_id == member.id))

    @extend_schema(operation_id="members_change", request=MemberChange, responses=Member)
    def patch(self, request: Request, member_id: UUID) -> Response:
        """Change name, language or the note."""
        member = members.change_member(member_id, by=self.actor, **self.body(MemberChange))
        return Response(member_document(member, self.chain, own=self.actor.member_id == member.id))


class RevealPhone(Endpoint):
    """A member's whole number."""

    keeps_answers = False  # a kept answer would hold the number in clear, and show it again without a note

    @extend_schema(operation_id="members_reveal_phone", request=None, responses={200: Phone})
    def post(self, request: Request, member_id: UUID) -> Response:
        """Show the number; that it was shown is noted."""
        return Response({"phone": members.reveal_phone(member_id, by=self.actor, now=self.now)})


def member_document(member: MemberRow, chain: ChainInfo, *, own: bool = False) -> dict[str, Any]:
    """A member as the API writes it; `own` for the member alone."""
    document = {
        "id": str(member.id),
        "name": member.name,
        "phone": (member.phone or "") if own else mask_phone(member.phone),
        "phone_masked": not own,
        "locale": member.locale,
        "version": member.version,
        "created_at": moment_text(member.created_at, ZoneInfo(chain.time_zone)),
    }
    return document if own else {**document, "note": member.note}


urls = [
    path("members/me", Me.as_view()),
    path("members", Members.as_view()),
    path("members/<uuid:member_id>", OneMember.as_view()),
    path("members/<uuid:member_id>/phone", RevealPhone.as_view()),
]
