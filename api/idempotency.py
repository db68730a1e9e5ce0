"""Idempotency keys: the first answer to a write is repeated to whoever asks again with its key.

All of it happens in the request's transaction, outside the savepoint in which the work is done: the
answer is kept exactly when the work is, and a refusal's answer after its work was undone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Model
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from api.models import IdempotencyKey
from chains.chores import let_go
from chains.models import PlatformAnswer
from chains.postgresql.ask import Question, ask_all, ask_at_commit, insertion
from chains.refusals import Refusal
from chains.scope import PUBLIC, current
from tenants.people.domain.rights import Actor

# api.md promises at least 24 hours of repeating the first answer.
KEPT = timedelta(hours=24)
LONGEST_KEY = 255


class KeyMalformed(Refusal):
    """The key is empty or too long."""

    code = "idempotency_key_malformed"
    status = 400
    title = _("The key cannot be used")
    detail = _("An Idempotency-Key has 1 to 255 characters.")
    fix = _("Send a shorter key, for example a UUID.")


class KeyReused(Refusal):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    status = 422
    title = _("The key was used before")
    detail = _("This Idempotency-Key came with another body before.")
    fix = _("Use a new key for a new request.")


class KeyInFlight(Refusal):
    """The first request with this key has not been answered yet."""

    code = "idempotency_in_flight"
    status = 409
    title = _("Still working on it")
    detail = _("A request with the same Idempotency-Key is being answered right now.")
    fix = _("Wait a moment and send it again with the same key.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: status, media type, and the bytes of the body."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one key: what is kept there, and under which name to keep an answer."""

    scope: str
    fingerprint: str
    kept: Answer | None


def open_slot(key: str, *, actor: Actor, method: str, path: str, body: bytes) -> Slot:
    """Take the key's lock until the transaction ends and read what is kept under it.

    Raises KeyMalformed, KeyInFlight while a twin holds the lock, KeyReused for another body.
    """
    if not 0 < len(key) <= LONGEST_KEY:
        raise KeyMalformed
    fingerprint = fingerprint_of(body)
    scope = scope_of(key, actor=actor, method=method, path=path, fingerprint=fingerprint)
    # a statement of its own behind the lock: its snapshot must be younger
    locked, kept = ask_all([_lock_question(scope), _kept_question(scope)])
    if not locked:
        raise KeyInFlight
    if kept is None:
        return Slot(scope, fingerprint, None)
    kept_fingerprint, answer = kept
    if kept_fingerprint != fingerprint:
        raise KeyReused
    return Slot(scope, fingerprint, answer)


def is_kept(status: int) -> bool:
    """Whether an answer of this status is kept: what was done, and what a rule refused."""
    return 200 <= status < 300 or status in {409, 422}


def keep_answer(slot: Slot, answer: Answer, *, now: datetime) -> None:
    """Keep the answer in the running transaction, as its last act, for at least 24 hours."""
    row = _model()(
        scope=slot.scope,
        fingerprint=slot.fingerprint,
        status=answer.status,
        content_type=answer.content_type,
        body=answer.body,
        created_at=now,
    )
    ask_at_commit(insertion([row]))


def forget_answers(*, now: datetime) -> bool:
    """Housekeeping: the active chain's answers go after KEPT."""
    return let_go(IdempotencyKey.objects.filter(created_at__lt=now - KEPT))


def scope_of(key: str, *, actor: Actor, method: str, path: str, fingerprint: str) -> str:
    """The name of a key's place: chain, caller, method, path and key; of a stranger also the body."""
    caller = f"employee:{actor.employee_id}" if actor.is_employee else f"member:{actor.member_id}"
    if not actor.is_employee and not actor.is_member:
        caller = f"nobody:{fingerprint}"
    return hashlib.sha256("\n".join((current().schema, caller, method, path, key)).encode()).hexdigest()


def fingerprint_of(body: bytes) -> str:
    """The same for two bodies that say the same in JSON; of anything else, of the bytes.

    Keyed: a body may hold a password, and a bare hash of it could be guessed by whoever reads the table.
    """
    with contextlib.suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    return salted_hmac("api.idempotency.body", body, algorithm="sha256").hexdigest()


def _model() -> type[Model]:
    """A chain keeps its answers itself; those of the platform's host are kept in public."""
    return PlatformAnswer if current().schema == PUBLIC else IdempotencyKey


def _kept_question(scope: str) -> Question[tuple[str, Answer] | None]:
    """The fingerprint and answer that are kept there."""
    return Question(
        f"SELECT fingerprint, status, content_type, body FROM {_model()._meta.db_table} WHERE scope = %s",  # noqa: S608
        (scope,),
        lambda rows: (rows[0][0], Answer(rows[0][1], rows[0][2], bytes(rows[0][3]))) if rows else None,
    )


def _lock_question(scope: str) -> Question[bool]:
    """Take the key's lock until the transaction ends; whether it was free."""
    lock = int.from_bytes(bytes.fromhex(scope[:16]), "big", signed=True)
    return Question("SELECT pg_try_advisory_xact_lock(%s)", (lock,), lambda rows: bool(rows[0][0]))
