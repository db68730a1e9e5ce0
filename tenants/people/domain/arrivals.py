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

# A link works for a minute; a day covers every clock that may be wrong.
KEPT = timedelta(days=1)


class ArrivalDead(Refusal):
    """The link was used, is too old, belongs to another browser or chain, or the account wants more."""

    code = "arrival_dead"
    status = 403
    title = _("This link no longer works")
    detail = _("It works once, within a minute, in the browser that signed up.")
    fix = _("Log in with your email and password.")


def use_arrival(token_hash: str, *, email: str, now: datetime) -> User:
    """Use the link up and say who arrives. Raises ArrivalDead where it was used before.

    An account with a second factor always goes through the log-in.
    """
    try:
        with transaction.atomic():
            ArrivalUse.objects.create(token_hash=token_hash, at=now)
    except IntegrityError as error:
        raise ArrivalDead from error
    user = User.objects.filter(email=email, is_active=True, employee__active=True).first()
    if user is None or is_mfa_enabled(user):
        raise ArrivalDead
    return user


def forget_arrivals(*, now: datetime) -> bool:
    """Housekeeping: notes of used links go after KEPT, when the links are long dead by themselves."""
    return let_go(ArrivalUse.objects.filter(at__lt=now - KEPT))
