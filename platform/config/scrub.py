"""What must never leave the process in a log line or an error report: people's addresses, phones, secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "[hidden]"

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w-])\+\d{7,15}(?!\w)|(?<![\w.:+-])1[3-9]\d{9}(?![\w.-])")
_BEARER = re.compile(
    r"(?i)\b(bearer|token|password|secret|otp|code|authorization)([\"']?\s*[=: ]\s*[\"']?)[^\s\"',;&)}\]]+"
)
# A long random word: single-use links, tokens, session keys. An id (UUID, or its 32 hex digits) says nothing.
_RANDOM = re.compile(r"(?<![\w-])[A-Za-z0-9_-]{28,}(?:\.[A-Za-z0-9_.-]{8,})?(?![\w-])")
_UUID = re.compile(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}")
_URL_PASSWORD = re.compile(r"(://[^/\s:@]*):[^@/\s]+@")

SECRET_NAMES = frozenset(
    [
        "password",
        "passwd",
        "secret",
        "token",
        "code",
        "otp",
        "authorization",
        "cookie",
        "cookies",
        "email",
        "phone",
        "to",
        "qr",
        "ticket",
        "csrfmiddlewaretoken",
        "sessionid",
        "tessera_session",
        "tessera_csrf",
    ]
)


def scrub_text(text: str) -> str:
    """The text with e-mail addresses, phone numbers, tokens and passwords in it replaced by [hidden]."""
    text = _URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
    text = _EMAIL.sub(HIDDEN, text)
    text = _PHONE.sub(HIDDEN, text)
    text = _BEARER.sub(rf"\1\2{HIDDEN}", text)
    return _RANDOM.sub(_hide_unless_id, text)


def _hide_unless_id(found: re.Match[str]) -> str:
    word = found.group()
    has_digit = any(character.isdigit() for character in word)
    has_letter = any(character.isalpha() for character in word)
    # a dotted module path or a long plain word is no secret: those have no digits
    return word if _UUID.fullmatch(word) or not (has_digit and has_letter) else HIDDEN


def scrub(value: Any) -> Any:
    """The value with every text in it scrubbed; what stands under a secret's name is hidden whole."""
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if str(key).lower() in SECRET_NAMES and part else scrub(part)
            for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [scrub(part) for part in value]
    return value
