"""Invitations: a link by e-mail to choose a password, used once, valid seven days."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chains.chores import let_go
from chains.hosts import ChainInfo
from chains.outgoing import Message, send_message
from chains.refusals import FieldError, Refusal
from tenants.people.models import Employee, Invitation

VALID = timedelta(days=7)
# Used or out of date, it opens nothing; a month is for the manager who asks when somebody was invited.
KEPT = timedelta(days=30)


class InvitationGone(Refusal):
    """The link was used, has expired, or never was one."""

    code = "invitation_gone"
    status = 404
    title = _("This link is no longer valid")
    detail = _("The invitation was used already or has expired.")
    fix = _("Sign in, or ask your manager for a new invitation.")


class PasswordWeak(Refusal):
    """Too short, too common or only digits; `errors` say which."""

    code = "password_weak"
    status = 422
    title = _("Choose another password")
    detail = _("This password is too easy to guess.")
    fix = _("Use ten characters or more, for example four words.")


def invite(employee: Employee, *, chain: ChainInfo, now: datetime) -> str:
    """End earlier invitations and send a new link after the commit; returns the link's secret."""
    Invitation.objects.filter(employee=employee, used_at=None, expires_at__gt=now).update(expires_at=now)
    secret = secrets.token_urlsafe(32)
    Invitation.objects.create(employee=employee, token_hash=_hash(secret), expires_at=now + VALID)
    address = f"{settings.SCHEME}://{chain.slug}.{settings.BASE}/staff/invitation/{secret}/"
    with translation.override(employee.user.locale or chain.locale):
        message = Message(
            channel="email",
            to=employee.user.email,
            subject=gettext("%(chain)s: choose your password") % {"chain": chain.name},
            text=gettext(
                "Hello %(name)s,\n\n%(chain)s has made an account for you. Choose a password within"
                " seven days and you can begin:\n\n%(address)s\n"
            )
            % {"name": employee.name, "chain": chain.name, "address": address},
        )
    send_message(message, now=now, chain=chain.slug)
    return secret


def read_invitation(secret: str, *, now: datetime) -> Invitation:
    """The open invitation of a link. Raises InvitationGone."""
    found = (
        Invitation.objects.select_related("employee__user")
        .filter(token_hash=_hash(secret), used_at=None, expires_at__gt=now, employee__active=True)
        .first()
    )
    if found is None:
        raise InvitationGone
    return found


def accept_invitation(secret: str, password: str, *, now: datetime) -> User:
    """Set the password and use the link up; of two at once, one wins. Raises InvitationGone, PasswordWeak."""
    invitation = read_invitation(secret, now=now)
    user = invitation.employee.user
    require_strong(password, user)
    if not Invitation.objects.filter(id=invitation.id, used_at=None).update(used_at=now):
        raise InvitationGone
    user.is_active = True
    user.set_password(password)
    user.save()
    return user


def forget_invitations(*, now: datetime) -> bool:
    """Housekeeping: invitations go KEPT after they have expired, used or not."""
    return let_go(Invitation.objects.filter(expires_at__lt=now - KEPT))


def require_strong(password: str, user: User) -> None:
    """Raise PasswordWeak unless the password holds what the settings ask."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordWeak(
            errors=[
                FieldError("password", inner.code or "weak", " ".join(inner.messages))
                for inner in error.error_list
            ]
        ) from None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
