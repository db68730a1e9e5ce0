"""Who browses a chain's host: a member who signed in by phone, or a visitor nobody knows yet.

Both live in the Django session of the chain's host, which is kept in the chain's own schema, so that a
cookie of one chain says nothing to another.
"""

from __future__ import annotations

import secrets
from uuid import UUID

import structlog
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from tenants.members.models import Member
from tenants.people.domain.rights import NOBODY, Actor

MEMBER = "member_id"
VISITOR = "visitor_key"


def member_of(request: HttpRequest) -> Member | None:
    """The member who is signed in here; one query, then remembered for the request."""
    if not hasattr(request, "_member"):
        known = request.session.get(MEMBER)
        found = Member.objects.filter(id=UUID(known)).first() if known else None
        request._member = found  # type: ignore[attr-defined]
        if found is not None:
            structlog.contextvars.bind_contextvars(user=str(found.id))
    member: Member | None = request._member  # type: ignore[attr-defined]
    return member


def actor_of(request: HttpRequest) -> Actor:
    """The member as one who acts; NOBODY for a visitor."""
    member = member_of(request)
    return Actor(member_id=member.id, name=member.name) if member else NOBODY


def sign_in(request: HttpRequest, member: Member) -> None:
    """This browser is the member's from now on. The session's key and the form token change.

    What the visitor held stays theirs, so that it can be confirmed next.
    """
    request.session.cycle_key()
    request.session[MEMBER] = str(member.id)
    request._member = member  # type: ignore[attr-defined]
    rotate_token(request)


def sign_out(request: HttpRequest) -> None:
    """Forget the member in this browser; an employee who is signed in beside stays so."""
    request.session.pop(MEMBER, None)
    request.session.pop(VISITOR, None)
    request.session.cycle_key()
    request._member = None  # type: ignore[attr-defined]
    rotate_token(request)


def visitor_key_of(request: HttpRequest) -> str:
    """The random key of this browser's visitor, 256 bits; empty for one who never held a time."""
    return str(request.session.get(VISITOR, ""))


def make_visitor_key(request: HttpRequest) -> str:
    """As `visitor_key_of`, made now if there is none."""
    key = visitor_key_of(request)
    if not key:
        key = request.session[VISITOR] = secrets.token_urlsafe(32)
    return key
