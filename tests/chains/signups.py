"""Sign-ups to test with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache

from chains.domain.signup import Asker, start_signup, verify_signup
from chains.domain.signup_fields import SignupFields
from chains.models import Signup
from chains.outgoing import _key, _valkey, sent_messages, wait_for_post
from chains.scope import platform_scope

NOW = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)
PASSWORD = "gentle river stones"


def wish(slug: str = "qibai", **fields: Any) -> SignupFields:
    """A sign-up with nothing wrong."""
    return SignupFields(
        **{
            "brand": "栖白",
            "slug": slug,
            "email": f"su@{slug}.example",
            "password": PASSWORD,
            "verticals": ("beauty",),
            "locale": "zh-Hans",
            "time_zone": "Asia/Shanghai",
            "currency": "CNY",
            **fields,
        }
    )


def empty_outbox() -> None:
    """Nothing was sent, nothing was counted."""
    wait_for_post()
    cache.clear()
    _valkey().delete(_key())


def newest_code(email: str) -> str:
    """The code in the newest message to an address."""
    return str(next(each["code"] for each in sent_messages() if each["to"] == email and each["code"]))


def started(slug: str = "qibai", *, now: datetime = NOW, **fields: Any) -> Signup:
    """A committed sign-up that waits for its code."""
    with platform_scope():
        return start_signup(wish(slug, **fields), now=now, by=Asker())


def verified(slug: str = "qibai", *, now: datetime = NOW, **fields: Any) -> Signup:
    """A committed sign-up that waits for the provisioner."""
    signup = started(slug, now=now, **fields)
    with platform_scope():
        return verify_signup(signup.id, code=newest_code(signup.email), now=now)
