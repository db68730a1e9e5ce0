"""Whether an answer is what the SDK's typed objects promise."""

from __future__ import annotations

import builtins
import importlib
import inspect
import pkgutil
import sys
import types
import typing
from decimal import Decimal
from functools import lru_cache
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin, get_type_hints

import stripe
from stripe import ListObject, StripeObject


class _Names(dict[str, Any]):
    """Names of the SDK; those that it only has for type checkers stand for anything."""

    def __missing__(self, name: str) -> Any:
        if hasattr(typing, name) or hasattr(builtins, name):
            raise KeyError(name)
        return Any


@lru_cache(maxsize=1)
def names() -> dict[str, Any]:
    """Every class of the SDK by its name, for the references in quotes."""
    for module in pkgutil.walk_packages(stripe.__path__, "stripe."):
        if module.name.count(".") <= 2 and "params" not in module.name:
            importlib.import_module(module.name)
    found = _Names()
    for name, module in list(sys.modules.items()):
        if name.startswith("stripe."):
            for key, value in vars(module).items():
                if isinstance(value, type):
                    found.setdefault(key, value)
    return found


def fields_of(cls: type) -> dict[str, Any]:
    """The typed fields of one of the SDK's classes, those of its bases left out."""
    own = inspect.get_annotations(cls)
    hints = get_type_hints(cls, localns=names())
    return {
        name: hints[name]
        for name in own
        if not name.startswith("_") and name not in ("OBJECT_NAME", "deleted")
    }


def faults(value: Any, cls: type, *, path: str = "") -> list[str]:
    """Where an object is not as its class says: missing fields, fields of another type, fields it does not know."""
    given = value.to_dict() if isinstance(value, StripeObject) else value
    wrong: list[str] = []
    fields = fields_of(cls)
    for name, hint in fields.items():
        here = f"{path}.{name}"
        if name not in given:
            if not _allows_none(hint):
                wrong.append(f"{here} is missing")
            continue
        wrong += _fault(given[name], hint, here)
    wrong += [
        f"{path}.{name} is not known to the SDK" for name in given if name not in fields and name != "deleted"
    ]
    return wrong


def _allows_none(hint: Any) -> bool:
    if get_origin(hint) in (Union, types.UnionType):
        return any(_allows_none(each) for each in get_args(hint))
    return hint is type(None)


def _fault(value: Any, hint: Any, path: str) -> list[str]:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        tries = [_fault(value, each, path) for each in get_args(hint)]
        return [] if any(not each for each in tries) else min(tries, key=len)
    if origin is Literal:
        return [] if value in get_args(hint) else [f"{path} is {value!r}, not one of the SDK's words"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{path} is no list"]
        return [
            fault for i, each in enumerate(value) for fault in _fault(each, get_args(hint)[0], f"{path}[{i}]")
        ]
    if origin is dict or hint is Any or isinstance(hint, ForwardRef):
        return []
    if isinstance(origin or hint, type) and issubclass(origin or hint, ListObject):
        inner = get_args(hint)[0] if get_args(hint) else None
        if not isinstance(value, dict) or value.get("object") != "list":
            return [f"{path} is no list of the API"]
        return [
            fault
            for i, each in enumerate(value["data"])
            for fault in _fault(each, inner, f"{path}.data[{i}]")
        ]
    if isinstance(origin or hint, type) and issubclass(origin or hint, StripeObject):
        if not isinstance(value, dict):
            return [f"{path} is {value!r}, not an object"]
        return [] if "UntypedStripeObject" in str(hint) else faults(value, origin or hint, path=path)
    return _scalar_fault(value, hint, path)


def _scalar_fault(value: Any, hint: Any, path: str) -> list[str]:
    if hint is Decimal:
        fits = isinstance(value, (Decimal, str))
    elif hint is float:
        fits = isinstance(value, (int, float, Decimal))
    else:
        fits = isinstance(value, hint) and not (hint is int and isinstance(value, bool))
    return [] if fits else [f"{path} is {value!r}, not {hint.__name__}"]
