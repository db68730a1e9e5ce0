"""The key that signs a chain's QR codes: derived, never stored, worth nothing at another chain."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from uuid import UUID

from django.conf import settings

from chains.scope import current_chain_id
from tenants.booking.models import LIVE, Booking

from .qr import sign_booking


@lru_cache(maxsize=4096)
def chain_key(chain_id: UUID, *, purpose: str = "booking-qr") -> bytes:
    """32 bytes for one chain and purpose: HMAC-SHA256 of both under SECRET_KEY."""
    label = f"tessera:{purpose}:{chain_id}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), label, hashlib.sha256)


def qr_of(booking: Booking) -> str | None:
    """What the booking's QR shows to its member; None once it can no longer be redeemed."""
    if booking.status not in LIVE:
        return None
    return sign_booking(booking.code, booking.id, key=chain_key(current_chain_id()))
