"""Rows made of what is known of them: those that are there, so that nobody reads them again, and new ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model
from django.db.models.base import ModelState

M = TypeVar("M", bound=Model)


def known(model: type[M], **columns: Any) -> M:
    """The row with these columns, in any order, as a cursor read them; any other is read where it is asked for.

    As Model.from_db, which asks every field of the model for its value; a field without one is deferred.
    """
    for name, convert in _converters(model).items():
        if name in columns:
            columns[name] = convert(columns[name], None, connection)
    row = model.__new__(model)
    row._state = ModelState()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    row.__dict__.update(columns)
    return row


def unwritten(model: type[M], related: Mapping[str, Model | None], **columns: Any) -> M:
    """A new row with these columns and rows it points to, by the fields' names; any other has the model's default.

    As the model's own constructor, which asks every field for its value one by one.
    """
    row = model.__new__(model)
    row._state = ModelState()
    constants, makers = _defaults(model)
    if unknown := [name for name in columns if name not in constants and name not in makers]:
        raise TypeError(f"{model.__name__} has no {', '.join(unknown)}")
    values = row.__dict__
    values.update(constants)
    for name, make in makers.items():
        if name not in columns:
            values[name] = make()
    values.update(columns)
    for name, other in related.items():
        values[f"{name}_id"] = other.pk if other is not None else None
        row._state.fields_cache[name] = other
    return row


@cache
def _defaults(model: type[Model]) -> tuple[dict[str, Any], dict[str, Callable[[], Any]]]:
    """The defaults that are always the same, and what makes the others."""
    fields = model._meta.concrete_fields
    made = {field.attname for field in fields if field.has_default() and callable(field.default)}
    return (
        {field.attname: field.get_default() for field in fields if field.attname not in made},
        {field.attname: field.get_default for field in fields if field.attname in made},
    )


@cache
def _converters(model: type[Model]) -> dict[str, Callable[..., Any]]:
    """What makes the field's value of that which a cursor reads, of columns where these differ: JSON is read as text."""
    return {
        field.attname: field.from_db_value
        for field in model._meta.concrete_fields
        if hasattr(field, "from_db_value")
    }
