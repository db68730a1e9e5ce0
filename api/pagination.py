"""Cursor paging over a stable key: no row twice, none left out while others come and go."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from api.problems import Malformed
from chains.refusals import FieldError, Refusal

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200

M = TypeVar("M", bound=Model)


class CursorMalformed(Refusal):
    """The cursor is none that a list has given."""

    code = "cursor_malformed"
    status = 400
    title = _("The page cannot be found")
    detail = _("This cursor is not one that this list gave.")
    fix = _("Follow the address in “next”, or start without a cursor.")


def page_of(
    rows: QuerySet[M],
    request: Request,
    *,
    key: Sequence[str],
    document: Callable[[list[M]], list[dict[str, Any]]],
) -> dict[str, Any]:
    """One page as `{"results", "next"}`, ordered by `key` (fields, `-` for descending; the last unique).

    `document` renders the page's rows together, so that it can fetch what they need at once.
    """
    limit = read_limit(request)
    ordered = rows.order_by(*key)
    cursor = request.query_params.get("cursor")
    if cursor:
        ordered = ordered.filter(_after(rows.model, key, _decode(cursor, len(key))))
    found = list(ordered[: limit + 1])
    more = len(found) > limit
    shown = found[:limit]
    following = (
        _next_address(request, [getattr(shown[-1], name.lstrip("-")) for name in key]) if more else None
    )
    return {"results": document(shown), "next": following}


def read_limit(request: Request) -> int:
    """The `limit` asked for, 50 unless told. Raises Malformed outside 1 to 200."""
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= LARGEST_LIMIT:
        raise Malformed(errors=[FieldError("limit", "invalid", _("A whole number from 1 to 200."))])
    return int(text)


def _after(model: type[Model], key: Sequence[str], values: list[Any]) -> Q:
    """Rows after the given ones in the order of the key: a > x, or a = x and b > y, …"""
    found, equal, bound = Q(), Q(), Q()
    for name, text in zip(key, values, strict=True):
        field = name.lstrip("-")
        try:
            value = model._meta.get_field(field).to_python(text)  # type: ignore[union-attr]
        except ValidationError:
            raise CursorMalformed from None
        if value is None or "\x00" in str(value):
            raise CursorMalformed
        further = "lt" if name.startswith("-") else "gt"
        if not bound:
            # said once more by itself, for an index to begin there: of an OR it makes nothing
            bound = Q(**{f"{field}__{further}e": value})
        found |= equal & Q(**{f"{field}__{further}": value})
        equal &= Q(**{field: value})
    return bound & found


def _decode(cursor: str, length: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=="))
    except ValueError:
        raise CursorMalformed from None
    if not isinstance(values, list) or len(values) != length or not all(isinstance(v, str) for v in values):
        raise CursorMalformed
    return values


def _next_address(request: Request, values: list[Any]) -> str:
    texts = [value.isoformat() if hasattr(value, "isoformat") else str(value) for value in values]
    cursor = base64.urlsafe_b64encode(json.dumps(texts).encode()).rstrip(b"=").decode()
    pairs = [(name, value) for name, value in request.query_params.items() if name != "cursor"]
    return f"{request.build_absolute_uri(request.path)}?{urlencode([*pairs, ('cursor', cursor)])}"
