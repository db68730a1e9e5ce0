"""The library's forms for second factors, with our counters before them."""

from __future__ import annotations

from allauth.mfa.base import forms as library

from accounts.guesses import SECOND_FACTOR, forget_guesses
from web.staff.adapter import count_or_refuse


class AuthenticateForm(library.AuthenticateForm):
    """Five codes a window and person, counted in one atomic step."""

    def clean_code(self) -> str:
        """Count, then judge."""
        count_or_refuse(SECOND_FACTOR, str(self.user.pk))
        code: str = super().clean_code()
        forget_guesses(SECOND_FACTOR, str(self.user.pk))
        return code


class ReauthenticateForm(library.ReauthenticateForm):
    """The code asked of who is signed in and about to change something that matters; guesses count alike."""

    def clean_code(self) -> str:
        """Count, then judge."""
        count_or_refuse(SECOND_FACTOR, str(self.user.pk))
        code: str = super().clean_code()
        forget_guesses(SECOND_FACTOR, str(self.user.pk))
        return code
