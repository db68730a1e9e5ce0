"""What a booking's QR shows: a signed text that only this chain accepts.

`TS1:<code>:<booking id>:<signature>`: a version, the eight symbols of the code, and the 128 bits each of the
id and of the signature in base 32. All of it lies in the alphanumeric set of QR codes, 66 signs, so
that it fits version 4 with error correction M and is read from a scratched screen.
The signature is HMAC-SHA256 over all that stands before it, cut to 128 bits (RFC 2104, section 5).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32decode, b32encode
from uuid import UUID

from .codes import UnknownCode, is_code

VERSION = "TS1"
KEY_BYTES = 32
_SIGNATURE_BYTES = 16
_PAYLOAD = re.compile(rf"{VERSION}:[2-9A-Z]{{8}}:([A-Z2-7]{{26}}):[A-Z2-7]{{26}}")


def sign_booking(code: str, booking_id: UUID, *, key: bytes) -> str:
    """The text of a booking's QR.

    `code` is the eight symbols without a dash. `key` is the chain's own, at least 32 bytes, derived by
    the caller. Raises ValueError for a code that is none and for a short key.
    """
    if not is_code(code):
        raise ValueError("not a booking code")
    signed = f"{VERSION}:{code}:{_base32(booking_id.bytes)}"
    return f"{signed}:{_signature(signed, key)}"


def read_payload(text: str, *, key: bytes) -> UUID:
    """The id of the booking that a scanned text names.

    Raises UnknownCode for whatever `sign_booking` did not make with this very key: another chain's, forged,
    changed, cut short, of another version. The comparison takes the same time wherever they differ.
    """
    payload = text.strip()
    match = _PAYLOAD.fullmatch(payload)
    signed, _colon, signature = payload.rpartition(":")
    if match is None or not hmac.compare_digest(signature, _signature(signed, key)):
        raise UnknownCode
    return UUID(bytes=b32decode(match[1] + "======"))


def looks_signed(text: str) -> bool:
    """Whether a scanned text claims to be a booking's QR; says nothing of its truth."""
    return text.strip().startswith(f"{VERSION}:")


def _signature(signed: str, key: bytes) -> str:
    if len(key) < KEY_BYTES:
        raise ValueError(f"a key has at least {KEY_BYTES} bytes")
    return _base32(hmac.digest(key, signed.encode(), hashlib.sha256)[:_SIGNATURE_BYTES])


def _base32(data: bytes) -> str:
    return b32encode(data).decode().rstrip("=")
