"""Signing in for a token: employees by e-mail, password and, where it is on, a second factor."""

from __future__ import annotations

from datetime import datetime

import redis
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from accounts.guesses import PASSWORD, SECOND_FACTOR, count_guess, forget_guesses
from api.domain.tokens import issue_token
from chains.refusals import Refusal
from tenants.members.domain.codes import SignInPaused, guesses_as_refusals
from tenants.people.models import Employee


class CredentialsWrong(Refusal):
    """No such pair of address and password; nobody is told which of them is wrong."""

    code = "credentials_wrong"
    status = 401
    title = _("Not signed in")
    detail = _("The e-mail address or the password is wrong.")
    fix = _("Check both, or reset the password on the sign-in page.")


class OtpRequired(Refusal):
    """The account has a second factor."""

    code = "otp_required"
    status = 401
    title = _("One more step")
    detail = _("This account asks for a code from the authenticator app.")
    fix = _("Send the six digits as “otp”, or a recovery code.")


class OtpWrong(Refusal):
    """Neither the app's code nor an unused recovery code."""

    code = "otp_wrong"
    status = 401
    title = _("Not signed in")
    detail = _("The code from the authenticator app is wrong or was used already.")
    fix = _("Wait for the next code and try again.")


def sign_in_employee(email: str, password: str, *, otp: str, now: datetime) -> tuple[str, Employee]:
    """A token for who knows address, password and second factor, and the employee.

    Five guesses a window and account, whether it exists or not. Raises CredentialsWrong, OtpRequired,
    OtpWrong, TooManyRequests, SignInPaused.
    """
    address = email.strip().lower()
    with guesses_as_refusals():
        count_guess(PASSWORD, address)
    user = authenticate(None, email=address, password=password)
    employee = (
        Employee.objects.select_related("user").filter(user_id=user.pk, active=True).first() if user else None
    )
    if user is None or employee is None:
        raise CredentialsWrong
    _require_second_factor(user, otp)
    with guesses_as_refusals():
        forget_guesses(PASSWORD, address)
    return issue_token(employee_id=employee.id, now=now), employee


def _require_second_factor(user: AbstractBaseUser, otp: str) -> None:
    factors = list(Authenticator.objects.filter(user_id=user.pk))
    if not factors:
        return
    if not otp:
        raise OtpRequired
    with guesses_as_refusals():
        count_guess(SECOND_FACTOR, str(user.pk))
    try:
        right = any(_accepts(factor, otp) for factor in factors)
    except redis.RedisError:  # the library keeps used codes in the cache
        raise SignInPaused from None
    if not right:
        raise OtpWrong
    with guesses_as_refusals():
        forget_guesses(SECOND_FACTOR, str(user.pk))


def _accepts(factor: Authenticator, otp: str) -> bool:
    if factor.type == Authenticator.Type.TOTP:
        return bool(TOTP(factor).validate_code(otp))
    if factor.type == Authenticator.Type.RECOVERY_CODES:
        return bool(RecoveryCodes(factor).validate_code(otp))
    return False
