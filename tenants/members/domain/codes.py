"""One-time codes: six digits to a phone, valid 5 minutes, five tries, one a minute, used once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.guesses import CODE_REQUESTS, ONE_TIME_CODE, CountersAway, TooManyGuesses, count_guess
from chains.chores import let_go
from chains.hosts import ChainInfo
from chains.outgoing import Message, send_message
from chains.refusals import Refusal, TooManyRequests
from tenants.members.models import OneTimeCode

VALID = timedelta(minutes=5)
BETWEEN = timedelta(minutes=1)
MOST_A_DAY = 30
# A phone may be sent MOST_A_DAY codes within a day: older ones count for nothing.
KEPT = timedelta(days=1)


class CodeWrong(Refusal):
    """Not the digits that were sent."""

    code = "code_wrong"
    status = 422
    title = _("Wrong code")
    detail = _("That is not the code we sent.")
    fix = _("Check the six digits, or ask for a new code.")


class CodeExpired(Refusal):
    """No code is open for this phone: too old, used, or guessed at too often."""

    code = "code_expired"
    status = 422
    title = _("The code is no longer valid")
    detail = _("This code has expired or was used already.")
    fix = _("Ask for a new code.")


class SignInPaused(Refusal):
    """Guesses cannot be counted at the moment, so nobody may guess."""

    code = "sign_in_paused"
    status = 503
    title = _("Signing in takes a break")
    detail = _("Signing in is not possible at the moment.")
    fix = _("Try again in a minute. Whoever is signed in can go on.")

    def __init__(self) -> None:
        super().__init__(extra={"retry_after": 30})


def send_code(phone: str, *, address: str, chain: ChainInfo, now: datetime) -> datetime:
    """Send a new code to a phone (E.164) after the commit; the moment until which it is valid.

    `address` is the caller's IP address: 120 a minute, so that a shop's guests behind one address are
    not locked out. Raises TooManyRequests (one a minute a phone), SignInPaused.
    """
    with guesses_as_refusals():
        count_guess(CODE_REQUESTS, address)
    _lock_phone(phone)
    _require_pause(phone, now)
    digits = f"{secrets.randbelow(1_000_000):06d}"
    row = OneTimeCode(phone=phone, sent_at=now, expires_at=now + VALID)
    row.code_hash = _hash(row, digits)
    row.save()
    words = gettext("%(code)s is your code for %(chain)s. It is valid for 5 minutes.")
    message = Message(
        channel="sms",
        to=phone,
        subject=chain.name,
        text=words % {"code": digits, "chain": chain.name},
        code=digits,
    )
    send_message(message, now=now, chain=chain.slug)
    return row.expires_at


def use_code(phone: str, digits: str, *, now: datetime) -> None:
    """Use up the newest code of the phone. Raises CodeWrong, CodeExpired, SignInPaused.

    The try is counted outside the database: a refusal's rollback does not give it back.
    """
    row = OneTimeCode.objects.select_for_update().filter(phone=phone).order_by("-sent_at", "-id").first()
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise CodeExpired
    try:
        count_guess(ONE_TIME_CODE, str(row.id))
    except TooManyGuesses:
        raise CodeExpired from None
    except CountersAway:
        raise SignInPaused from None
    if not hmac.compare_digest(row.code_hash, _hash(row, digits)):
        raise CodeWrong
    row.used_at = now
    row.save(update_fields=["used_at"])


def forget_codes(*, now: datetime) -> bool:
    """Housekeeping: codes go after KEPT, used or not."""
    return let_go(OneTimeCode.objects.filter(sent_at__lt=now - KEPT))


@contextmanager
def guesses_as_refusals() -> Iterator[None]:
    """TooManyGuesses becomes 429, CountersAway 503."""
    try:
        yield
    except TooManyGuesses as error:
        raise TooManyRequests(retry_after=error.retry_after) from None
    except CountersAway:
        raise SignInPaused from None


def _lock_phone(phone: str) -> None:
    """Two requests for one phone come one after the other: the second sees the first one's code."""
    lock = int.from_bytes(hashlib.sha256(f"code {phone}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))


def _require_pause(phone: str, now: datetime) -> None:
    sent = list(
        OneTimeCode.objects.filter(phone=phone, sent_at__gt=now - timedelta(days=1))
        .order_by("-sent_at")
        .values_list("sent_at", flat=True)[:MOST_A_DAY]
    )
    waits = [(sent[0] + BETWEEN - now).total_seconds()] if sent else []
    if len(sent) == MOST_A_DAY:
        waits.append((sent[-1] + timedelta(days=1) - now).total_seconds())
    if waits and max(waits) > 0:
        raise TooManyRequests(retry_after=int(max(waits)) + 1)


def _hash(row: OneTimeCode, digits: str) -> str:
    # six digits are soon tried out: without the secret key the table tells nothing
    told = f"{row.id} {digits}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), told, hashlib.sha256).hexdigest()
