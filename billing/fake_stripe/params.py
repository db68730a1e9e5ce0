"""Stripe's form encoding: `items[0][price]=…` and so on, as nested dictionaries and lists."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

from billing.fake_stripe.errors import ApiError

Params = dict[str, Any]
_PART = re.compile(r"\[([^\]]*)\]")


def parse(encoded: str) -> Params:
    """The parameters of a query or a body. Empty strings stay: they unset what they name."""
    found: Params = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        root, _, rest = name.partition("[")
        path = [root, *_PART.findall("[" + rest)] if rest else [root]
        _put(found, path, value)
    return {name: _listed(value) for name, value in found.items()}


def _put(into: Params, path: list[str], value: str) -> None:
    """Put a value where its path leads; an empty part, as in `a[]`, is the next number."""
    for part in path[:-1]:
        into = into.setdefault(part or str(len(into)), {})
    into[path[-1] or str(len(into))] = value


def _listed(value: Any) -> Any:
    """Dictionaries whose keys are 0, 1, 2 … are lists."""
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(each) for key, each in value.items()}
    if inner and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


def known(params: Mapping[str, Any], names: Collection[str]) -> None:
    """Refuse parameters that are not known here, as Stripe refuses those it does not know."""
    for name in params:
        if name not in names and name != "expand":
            raise ApiError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def required(params: Mapping[str, Any], name: str) -> str:
    """A parameter that must be there."""
    value = params.get(name)
    if value in (None, ""):
        raise ApiError(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return str(value)


def number(params: Mapping[str, Any], name: str, default: int | None = None) -> int | None:
    """A whole number."""
    value = params.get(name)
    if value in (None, ""):
        return default
    try:
        return int(str(value))
    except ValueError:
        raise ApiError(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name) from None


def flag(params: Mapping[str, Any], name: str, default: bool = False) -> bool:
    """A yes or no."""
    value = params.get(name)
    if value in (None, ""):
        return default
    return str(value).lower() == "true"


def metadata(params: Mapping[str, Any], before: Mapping[str, str] | None = None) -> dict[str, str]:
    """The metadata after this request: given keys are set, empty ones removed."""
    after = dict(before or {})
    given = params.get("metadata")
    if given == "":
        return {}
    for name, value in (given or {}).items():
        if value == "":
            after.pop(name, None)
        else:
            after[name] = str(value)
    return after
