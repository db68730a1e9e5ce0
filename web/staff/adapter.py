"""django-allauth as this house runs it: closed sign-up, our counters, our way of sending, sealed secrets."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.adapters import ClosedAccountAdapter
from accounts.guesses import PASSWORD, CountersAway, Kind, TooManyGuesses, count_guess, forget_guesses
from chains.addresses import client_address
from chains.outgoing import Message, send_message


class AccountAdapter(ClosedAccountAdapter):
    """Guesses are counted by account in one atomic step; mails go out through the chain's channel."""

    error_messages = {
        **ClosedAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy("The e-mail address or the password is wrong."),
    }

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Only what a person must act on: being signed in shows by itself."""
        if level >= messages.WARNING:
            super().add_message(request, level, *args, **kwargs)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the guess before it is judged; an account that is not there counts alike."""
        count_or_refuse(PASSWORD, _subject(credentials))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """As the library's; whoever is right starts with a fresh window."""
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            forget_guesses(PASSWORD, _subject(credentials))
        return user

    def get_client_ip(self, request: HttpRequest) -> str:
        """As everywhere else, so that the library's own limits count the same address."""
        return client_address(request)

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """The password of who is signed in; the library would look for an address in a table we do not fill."""
        found = self.authenticate(context.request, email=user.email, password=password)  # type: ignore[attr-defined]
        return found is not None and found.pk == user.pk

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render as the library does, send after the commit as everything else is sent."""
        request = _request()
        rendered = self.render_mail(template_prefix, email, {"request": request, "email": email, **context})
        chain = getattr(request, "chain", None)
        message = Message(channel="email", to=email, subject=str(rendered.subject), text=str(rendered.body))
        send_message(message, now=timezone.now(), chain=chain.slug if chain else None)


class MfaAdapter(DefaultMFAAdapter):
    """The second factors' secrets are sealed with a key that is not in the database."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This code is wrong or was used already."),
    }

    def encrypt(self, text: str) -> str:
        """The secret as it is kept: sealed with the key from the environment."""
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret that was sealed; raises InvalidToken where the key is another or the text was changed."""
        return _seal().decrypt(encrypted_text.encode()).decode()


def count_or_refuse(kind: Kind, subject: str) -> None:
    """Count a guess made on a page. Raises ValidationError where no more may be made."""
    try:
        count_guess(kind, subject)
    except TooManyGuesses as error:
        minutes = -(-error.retry_after // 60)
        raise ValidationError(
            _("Too many attempts. Try again in %(minutes)s minutes.") % {"minutes": minutes},
            code="too_many_attempts",
        ) from None
    except CountersAway:
        raise ValidationError(
            _("Signing in is not possible at the moment. Try again in a minute."), code="sign_in_paused"
        ) from None


def _subject(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "").strip().lower()


def _request() -> HttpRequest:
    request: HttpRequest = context.request
    return request


def _seal() -> Fernet:
    key = hashlib.sha256(b"second factor " + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
