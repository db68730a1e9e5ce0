"""django-allauth with its own sign-up closed on every host."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedAccountAdapter(DefaultAccountAdapter):
    """Employees come by invitation, operators by command; nobody signs up through the library."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """False: the library's own sign-up pages stay shut, whatever a chain's state."""
        return False
