"""How the OpenAPI description is drawn."""

from __future__ import annotations

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):  # type: ignore[no-untyped-call,unused-ignore]
    """The library's own, with our refusals documented beside it."""
