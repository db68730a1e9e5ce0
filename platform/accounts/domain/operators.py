"""The people who run the platform: made by command, never by a page."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.models import User


class OperatorRefused(ValueError):
    """The operator cannot be made so; the message says why."""


def create_operator(email: str, *, password: str, name: str = "") -> User:
    """A new operator in the public schema, or an operator's rights for a user that stands there already.

    Raises OperatorRefused for a wrong address, a weak password, or where the person is an operator already.
    """
    address = email.strip().lower()
    try:
        validate_email(address)
        validate_password(password, User(email=address))
    except ValidationError as error:
        raise OperatorRefused(" ".join(error.messages)) from error
    with transaction.atomic():
        if User.objects.select_for_update().filter(email=address).exists():
            raise OperatorRefused(f"{address} is an operator already")
        return User.objects.create_user(address, password, name=name, is_operator=True)


def set_operator_active(email: str, *, active: bool) -> User:
    """Let an operator in again, or shut them out at once (their sessions end). Raises OperatorRefused."""
    user = find_operator(email)
    user.is_active = active
    user.save(update_fields=["is_active"])
    return user


def change_operator_password(email: str, *, password: str) -> User:
    """A new password; every session of the operator ends. Raises OperatorRefused."""
    user = find_operator(email)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise OperatorRefused(" ".join(error.messages)) from error
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


def find_operator(email: str) -> User:
    """The operator of this address. Raises OperatorRefused."""
    user = User.objects.filter(email=email.strip().lower(), is_operator=True).first()
    if user is None:
        raise OperatorRefused(f"there is no operator {email}")
    return user
