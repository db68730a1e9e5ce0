"""The owner's first arrival in a new chain, by a link that works once (see web/arrival.py)."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.mfa.utils import is_mfa_enabled
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chains.chores import let_go
from chains.refusals import Refusal
from tenants.people.models import ArrivalUse

# As long as the platform knows a sign-up (30 days) it could make another link for it: the note that the
# owner has arrived outlives that.
KEPT = timedelta(days=60)


class ArrivalDead(Refusal):
    """The link was used, is too old, belongs to another browser or chain, or the account wants more."""

    code = "arrival_dead"
    status = 403
    title = _("This link no longer works")
    detail = _("It works once, within a minute, in the browser that signed up.")
    fix = _("Log in with your email and password.")


def has_arrived(signup_hash: str) -> bool:
    """Whether the owner of this sign-up has arrived by a link before: no other link will work."""
    return ArrivalUse.objects.filter(token_hash=signup_hash).exists()


def use_arrival(signup_hash: str, *, email: str, now: datetime) -> User:
    """Use up the one arrival that a sign-up allows, whichever link it was, and say who arrives.

    Raises ArrivalDead where it was used before. An account with a second factor always goes through the
    log-in.
    """
    try:
        with transaction.atomic():
            ArrivalUse.objects.create(token_hash=signup_hash, at=now)
    except IntegrityError as error:
        raise ArrivalDead from error
    user = User.objects.filter(email=email, is_active=True, employee__active=True).first()
    if user is None or is_mfa_enabled(user):
        raise ArrivalDead
    return user


def forget_arrivals(*, now: datetime) -> bool:
    """Housekeeping: notes of arrivals go after KEPT, when no link can be made for the sign-up any more."""
    return let_go(ArrivalUse.objects.filter(at__lt=now - KEPT))
