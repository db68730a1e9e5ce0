"""Refusals: what Tessera says no to, as part of the interface (see docs/api.md).

Each refusal is a class beside the rule that raises it. It carries a stable code for programs,
a sentence for a person and what to do next. The API turns it into application/problem+json and the
pages into an alert; the domain knows neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type_base = "https://tessera.example/problems/"

Text = str | Promise


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field of a request: its dotted name, a stable code, a sentence for a person."""

    field: str
    code: str
    detail: Text


class Refusal(Exception):
    """The world or a rule says no. Subclass it; set `code`, `status`, `title`, `detail`, `fix`.

    `detail` and `fix` are gettext_lazy templates filled with `params` by %-formatting, so that the
    sentence comes out in the language active where it is rendered. `extra` holds additional members
    of the problem document (JSON-ready), for example `alternatives` or `redemption`.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 422
    title: ClassVar[Text] = ""
    detail: ClassVar[Text] = ""
    fix: ClassVar[Text] = ""

    def __init__(
        self,
        *,
        params: Mapping[str, object] | None = None,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(self.code)
        self.params = dict(params or {})
        self.errors = tuple(errors)
        self.extra = dict(extra or {})

    def sentence(self) -> str:
        """The detail in the active language, with its parameters filled in."""
        return self._fill(self.detail)

    def way_out(self) -> str:
        """What to do next, in the active language."""
        return self._fill(self.fix)

    def _fill(self, template: Text) -> str:
        return str(template) % self.params if self.params else str(template)

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence()}"


class TooManyRequests(Refusal):
    """Too often in too short a time; `extra["retry_after"]` are the seconds until it may be tried again."""

    code = "too_many_requests"
    status = 429
    title = _("Too many attempts")
    detail = _("This was tried too often in a short time.")
    fix = _("Wait %(seconds)s seconds, then try again.")

    def __init__(self, *, retry_after: int) -> None:
        seconds = max(1, retry_after)
        super().__init__(params={"seconds": seconds}, extra={"retry_after": seconds})


class StaleVersion(Refusal):
    """The thing has been changed since the caller read it."""

    code = "stale_version"
    status = 409
    title = _("Changed meanwhile")
    detail = _("This was changed after you opened it, so nothing was kept.")
    fix = _("Open it again, then make your change.")


def require_version(current: int, told: int | None) -> None:
    """Raise StaleVersion where the caller told a version and it is not the current one."""
    if told is not None and told != current:
        raise StaleVersion(extra={"version": current})


def problem_headers(refusal: Refusal) -> dict[str, str]:
    """The headers of a refusal's answer: Retry-After where it says when, WWW-Authenticate of a 401."""
    headers = {}
    if "retry_after" in refusal.extra:
        headers["Retry-After"] = str(refusal.extra["retry_after"])
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def problem_document(refusal: Refusal) -> dict[str, Any]:
    """The members of application/problem+json (RFC 9457) for a refusal, in the active language."""
    document: dict[str, Any] = {
        "type": f"{type_base}{refusal.code}",
        "title": str(refusal.title) or refusal.code,
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.sentence(),
        "fix": refusal.way_out(),
    }
    if refusal.errors:
        document["errors"] = [
            {"field": error.field, "code": error.code, "detail": str(error.detail)}
            for error in refusal.errors
        ]
    document.update(refusal.extra)
    return document
