"""Who gets into the console: an operator's password, and the second factor where it is asked for."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from django.utils.translation import gettext_lazy as _

from accounts.guesses import (
    PASSWORD,
    SECOND_FACTOR,
    CountersAway,
    TooManyGuesses,
    count_guess,
    forget_guesses,
)
from accounts.models import User
from chains.refusals import Refusal


class SignInRefused(Refusal):
    """Address, password and code do not fit together; which of them is not said."""

    code = "sign_in_refused"
    status = 401
    title = _("Not signed in")
    detail = _("E-mail, password and code do not fit together.")
    fix = _("Check all three. The code is new every 30 seconds.")


class TooManySignIns(Refusal):
    """Five tries in five minutes at one account are used up."""

    code = "too_many_sign_ins"
    status = 429
    title = _("Too many tries")
    detail = _("Too many tries with this e-mail address.")
    fix = _("Wait %(seconds)s seconds, then try again.")


class CodeWrong(Refusal):
    """The code does not belong to the secret just shown."""

    code = "factor_code_wrong"
    status = 422
    title = _("Code not right")
    detail = _("This code does not belong to the key shown here.")
    fix = _("Type the six digits that your app shows now.")


def sign_in_operator(email: str, *, password: str, code: str) -> tuple[User, bool]:
    """The operator, and whether a second factor was proved; one who has set it up must prove it.

    Counted per account before it is judged (5 in 5 minutes). Raises SignInRefused, TooManySignIns.
    """
    address = email.strip().lower()
    _count(PASSWORD, f"operator:{address}")
    user = User.objects.filter(email=address, is_operator=True, is_active=True).first()
    if user is None:
        User().set_password(password)  # as slow as for one who exists
        raise SignInRefused
    if not user.check_password(password):
        raise SignInRefused
    factor = _factor(user)
    if factor is not None and not TOTP(factor).validate_code(code.replace(" ", "")):
        raise SignInRefused
    _forget(PASSWORD, f"operator:{address}")
    return user, factor is not None


def new_factor_key() -> str:
    """A secret for an authenticator app, base32."""
    return str(generate_totp_secret())


def factor_address(user: User, key: str, *, issuer: str) -> str:
    """The otpauth:// address that an app reads from a QR code."""
    return f"otpauth://totp/{issuer}:{user.email}?secret={key}&issuer={issuer}&digits=6&period=30"


def has_factor(user: User) -> bool:
    """Whether the operator has set up a second factor."""
    return _factor(user) is not None


def set_up_factor(user: User, *, key: str, code: str) -> None:
    """Keep the secret once a code proves that the app has it. Raises CodeWrong, TooManySignIns.

    A factor that stands already is never replaced here: only `manage.py operator reset-factor` takes it away.
    """
    _count(SECOND_FACTOR, f"operator:{user.pk}")
    locked = User.objects.select_for_update().get(pk=user.pk)
    if _factor(locked) is not None or not validate_totp_code(key, code.replace(" ", "")):
        raise CodeWrong
    TOTP.activate(locked, key)


def _factor(user: User) -> Any:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()


def _count(kind: Any, subject: str) -> None:
    try:
        count_guess(kind, subject)
    except TooManyGuesses as error:
        raise TooManySignIns(
            params={"seconds": error.retry_after}, extra={"retry_after": error.retry_after}
        ) from error
    except CountersAway as error:
        raise TooManySignIns(params={"seconds": 60}, extra={"retry_after": 60}) from error


def _forget(kind: Any, subject: str) -> None:
    try:
        forget_guesses(kind, subject)
    except CountersAway:
        return  # the count runs out by itself
