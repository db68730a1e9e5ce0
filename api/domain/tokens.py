"""Bearer tokens: issued once, kept as a hash, belonging to one chain and one person."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from api.models import Token
from chains.chores import let_go
from chains.postgresql.ask import Question, ask, done
from tenants.people.domain.rights import Actor, Grant
from tenants.people.models import Role

# Recognisable, so that a leaked one can be found by a scanner; 256 bits of chance after it.
PREFIX = "tsr_"
EMPLOYEE_LASTS = timedelta(days=30)
MEMBER_LASTS = timedelta(days=180)

_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}", re.ASCII)

# Token, person and grants in one round trip: this runs in every request.
_WHOSE = """
SELECT t.id, t.last_used_on, t.employee_id, e.name, t.member_id, m.name,
    (SELECT jsonb_agg(jsonb_build_array(g.role, g.store_id)) FROM people_rolegrant g
     WHERE g.employee_id = t.employee_id)
FROM api_token t
LEFT JOIN people_employee e ON e.id = t.employee_id
LEFT JOIN members_member m ON m.id = t.member_id
WHERE t.token_hash = %s AND t.expires_at > %s AND (e.active OR t.member_id IS NOT NULL)
"""
# Skips a row that a parallel request is stamping, so that nobody waits for a date.
_STAMP = """
UPDATE api_token SET last_used_on = %s
WHERE id = (SELECT id FROM api_token WHERE id = %s FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token it is."""

    token_id: UUID
    actor: Actor


def hash_token(text: str) -> str:
    """What is kept of a token: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(text.encode()).hexdigest()


def issue_token(*, employee_id: UUID | None = None, member_id: UUID | None = None, now: datetime) -> str:
    """A new token of exactly one person; its text is never kept and cannot be shown again."""
    text = PREFIX + secrets.token_urlsafe(32)
    lasts = EMPLOYEE_LASTS if employee_id is not None else MEMBER_LASTS
    Token.objects.create(
        token_hash=hash_token(text),
        employee_id=employee_id,
        member_id=member_id,
        created_at=now,
        expires_at=now + lasts,
    )
    return text


def find_bearer(text: str, *, now: datetime) -> Bearer | None:
    """Whose token this is in the active chain; None for an unknown, foreign or expired one. One query.

    Once a day also stamps the day of its last use.
    """
    if _FORM.fullmatch(text) is None:
        return None
    row = ask(Question(_WHOSE, (hash_token(text), now), lambda rows: rows[0] if rows else None))
    if row is None:
        return None
    token_id, last_used_on, employee_id, employee_name, member_id, member_name, grants = row
    _stamp(token_id, last_used_on, now.date())
    actor = Actor(
        employee_id=employee_id,
        member_id=member_id,
        name=employee_name or member_name or "",
        grants=_grants(grants),
    )
    return Bearer(token_id, actor)


def revoke_token(token_id: UUID) -> None:
    """End one token."""
    Token.objects.filter(id=token_id).delete()


def revoke_tokens_of(employee_id: UUID) -> int:
    """End every token of an employee; how many there were."""
    return Token.objects.filter(employee_id=employee_id).delete()[0]


def forget_tokens(*, now: datetime) -> bool:
    """Housekeeping: tokens go when they have expired: find_bearer knows them no more."""
    return let_go(Token.objects.filter(expires_at__lte=now))


def _stamp(token_id: UUID, last_used_on: date | None, today: date) -> None:
    if last_used_on != today:
        ask(Question(_STAMP, (today, token_id), done))


def _grants(found: Any) -> tuple[Grant, ...]:
    rows = json.loads(found) if isinstance(found, str) else found or []
    return tuple(Grant(Role(role), UUID(store) if store else None) for role, store in rows)
