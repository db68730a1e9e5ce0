"""The owner's way from the sign-up page into the new chain, without typing the password again.

    platform page  --link-->  chain /staff/arrive/start        sets a nonce cookie on the chain's host
                   <--------  platform /signups/<id>/arrive    knows the browser by its sign-up cookie
                   -------->  chain /staff/arrive/<token>      token and nonce cookie must belong together

The token is signed, says sign-up, chain, person and nonce, and works for 60 seconds, once, in the browser
that holds both cookies. It is of no use to whoever reads it on the way. The first arrival ends all others
of the same sign-up.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core import signing

VALID_FOR = timedelta(seconds=60)
_SALT = "tessera.arrival"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who arrives where; `nonce_hash` binds the token to one browser at the chain's host."""

    signup_id: UUID
    chain_id: UUID
    email: str
    nonce_hash: str


class ArrivalRefused(Exception):
    """The token is forged, too old, or not one of ours."""


def hash_secret(secret: str) -> str:
    """SHA-256 in hex: what is sent or kept of a cookie's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign_arrival(arrival: Arrival) -> str:
    """The token that goes into the address."""
    said = {
        "s": str(arrival.signup_id),
        "c": str(arrival.chain_id),
        "e": arrival.email,
        "n": arrival.nonce_hash,
    }
    return signing.dumps(said, salt=_SALT, compress=True)


def read_arrival(token: str) -> Arrival:
    """What a token says. Raises ArrivalRefused."""
    try:
        said = signing.loads(token, salt=_SALT, max_age=VALID_FOR)
        return Arrival(
            signup_id=UUID(said["s"]),
            chain_id=UUID(said["c"]),
            email=str(said["e"]),
            nonce_hash=str(said["n"]),
        )
    except (signing.BadSignature, KeyError, TypeError, ValueError) as error:
        raise ArrivalRefused(type(error).__name__) from error
