"""Messages that leave the house: one port, a channel per means.

A message is sent after the commit of the transaction that asked for it, never inside it.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, Protocol

import redis
import sentry_sdk
import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.module_loading import import_string

from chains.scope import PUBLIC, current

log = structlog.get_logger("outgoing")

OUTBOX_KEPT = 500


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person. `code` is the one-time code in it, if it carries one.

    `key` names the effect: a channel that has carried a message with this key does not carry it again.
    """

    channel: Literal["email", "sms"]
    to: str
    subject: str
    text: str
    code: str | None = None
    key: str | None = None


class Channel(Protocol):
    """Carries a message out. Raises on failure; the caller decides what that means."""

    def send(self, message: Message, *, chain: str | None, at: datetime) -> None: ...


class EmailChannel:
    """E-mail through Django's mail settings (any provider of anymail)."""

    def send(self, message: Message, *, chain: str | None, at: datetime) -> None:
        """Send now. A repeat with the same key has the same Message-ID, by which a mailbox knows it again."""
        headers = {}
        if message.key:
            digest = hashlib.sha256(f"{chain}:{message.key}".encode()).hexdigest()[:32]
            headers["Message-ID"] = f"<{digest}@{settings.BASE_HOST}>"
        EmailMessage(subject=message.subject, body=message.text, to=[message.to], headers=headers).send()


# One step, so that a process killed in it has either kept the message and its key, or neither.
_KEEP = """
if KEYS[2] ~= '' and not redis.call('SET', KEYS[2], '1', 'NX', 'EX', 604800) then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, ARGV[2])
return 1
"""


class DevOutbox:
    """Keeps what would have been sent in Valkey, newest first, for /dev/outbox. Demo and tests only."""

    def __init__(self) -> None:
        if not settings.IS_DEMO:
            raise RuntimeError("the development outbox is not for production: it shows one-time codes")

    def send(self, message: Message, *, chain: str | None, at: datetime) -> None:
        """Add it to the list, which keeps the newest 500; a key that was there before adds nothing."""
        row = json.dumps({**asdict(message), "chain": chain, "at": at.isoformat()})
        seen = f"{_key()}:{chain}:{message.key}" if message.key else ""
        _valkey().eval(_KEEP, 2, _key(), seen, row, OUTBOX_KEPT - 1)


def sent_messages() -> list[dict[str, Any]]:
    """What DevOutbox keeps, newest first, in the shape of /dev/outbox.json."""
    return [json.loads(row) for row in _valkey().lrange(_key(), 0, OUTBOX_KEPT - 1)]


@lru_cache(maxsize=1)
def _valkey() -> Any:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2)


def _key() -> str:
    return f"{settings.ROLE_TAG}:dev:outbox"


# One thread, started with the first letter; the process's end waits for what is in it.
_post = ThreadPoolExecutor(1, thread_name_prefix="post")


def wait_for_post() -> None:
    """Return when everything that was sent aside before has been carried out, or has failed."""
    _post.submit(lambda: None).result()


def send_message(message: Message, *, now: datetime, chain: str | None = None, aside: bool = False) -> None:
    """Send after the commit of the running transaction; a failure is logged, never raised.

    With `aside` the caller does not wait for the mail server: another thread does.

    For codes a person can ask for again. What must arrive goes through the outbox (tenants.events).
    `chain` is the slug shown in the development outbox.
    """
    scope = current()
    origin = chain if chain is not None else (None if scope.schema == PUBLIC else scope.schema)

    def deliver() -> None:
        try:
            carry_message(message, now=now, chain=origin)
        except Exception:
            log.exception("message_not_sent", channel=message.channel)
            sentry_sdk.capture_exception()

    transaction.on_commit((lambda: _post.submit(deliver)) if aside else deliver)


def carry_message(message: Message, *, now: datetime, chain: str | None) -> None:
    """Send at once and raise what goes wrong: for the relay, which tries again with the same key.

    Must not be called while a transaction is open.
    """
    channel: Channel = import_string(settings.MESSAGE_CHANNELS[message.channel] or "")()
    channel.send(message, chain=chain, at=now)
