"""What the API says no with, in Stripe's shape."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An error of the API; what the request had changed until then is undone unless `keep`."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        decline_code: str | None = None,
        keep: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keep = keep
        self.body: dict[str, Any] = {"message": message, "type": kind}
        for name, value in (("code", code), ("param", param), ("decline_code", decline_code)):
            if value is not None:
                self.body[name] = value


def missing(kind: str, wanted: str, *, param: str = "id") -> ApiError:
    """No such object."""
    return ApiError(f"No such {kind}: '{wanted}'", status=404, code="resource_missing", param=param)


def declined(decline_code: str = "generic_decline", *, keep: bool = False) -> ApiError:
    """The card was declined."""
    return ApiError(
        "Your card was declined.",
        status=402,
        kind="card_error",
        code="card_declined",
        decline_code=decline_code,
        keep=keep,
    )


def wants_holder(*, keep: bool = False) -> ApiError:
    """The card wants its holder's confirmation (3-D Secure)."""
    return ApiError(
        "Your card was declined. This transaction requires authentication.",
        status=402,
        kind="card_error",
        code="authentication_required",
        decline_code="authentication_required",
        keep=keep,
    )
