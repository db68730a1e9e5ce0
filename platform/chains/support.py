"""Where an owner writes to the platform, in sentences that say so only where there is such an address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.functional import lazystr

from chains.refusals import Text


class _WithSupport:
    def __init__(self, told: Text, otherwise: Text) -> None:
        self._told, self._otherwise = told, otherwise

    def __str__(self) -> str:
        if not settings.SUPPORT_EMAIL:
            return str(self._otherwise)
        return str(self._told) % {"support": settings.SUPPORT_EMAIL}


def with_support(told: Text, otherwise: Text = "") -> Any:
    """`told` with its `%(support)s` filled by the platform's support address; `otherwise` where none is set.

    Lazy: in the language, and with the setting, of the moment in which it is read.
    """
    return lazystr(_WithSupport(told, otherwise))
