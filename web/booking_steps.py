"""The plug-ins' questions as fields of a form, and a form's answers as the domain takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chains.refusals import Refusal, Text
from tenants.extension.answers import DetailsInvalid, Step, steps_for
from tenants.extension.hooks import Field, StepsAsked
from tenants.extension.registry import plugins_on
from web.workbench.access import Desk


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as the component `field` draws it."""

    name: str
    field: Field
    value: Any
    error: Text
    mark: str = ""

    @property
    def id(self) -> str:
        """The id of the control; `mark` tells the forms of one page apart."""
        return f"{self.mark}{self.name}"

    @property
    def type(self) -> str:
        """The component's type."""
        return {"number": "number", "choice": "select"}.get(self.field.kind, "text")

    @property
    def options(self) -> list[tuple[str, Text]]:
        """The answers of a choice; nothing first, unless it must be answered and is."""
        return [*([] if self.field.required and self.value else [("", "—")]), *self.field.choices]


def asked_of(
    steps: Iterable[Step], typed: Mapping[str, str], refusal: Refusal | None = None, *, mark: str = ""
) -> list[Asked]:
    """The fields of a form with what was typed, and what was wrong with it; `mark` begins their ids."""
    wrong = (
        {error.field.removeprefix("details."): error.detail for error in refusal.errors}
        if isinstance(refusal, DetailsInvalid)
        else {}
    )
    return [
        Asked(
            step.key(field),
            field,
            typed.get(step.key(field), "" if field.initial is None else field.initial),
            wrong.get(step.key(field), ""),
            mark,
        )
        for step in steps
        for field in step.fields
    ]


def own_count(asked: Iterable[Asked]) -> Asked | None:
    """The question of a vertical that asks how many come: then nothing else asks for it."""
    return next((one for one in asked if one.field.fills == "party_size"), None)


def answers_in(steps: Iterable[Step], typed: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What a form answers, by plug-in and name; questions that it did not show are left out."""
    found: dict[str, dict[str, Any]] = {}
    for step in steps:
        for field in step.fields:
            key = step.key(field)
            if key in typed:
                found.setdefault(step.plugin.code, {})[field.name] = typed[key]
    return found


def vertical_steps(desk: Desk, service_id: UUID) -> list[Step]:
    """What the store's verticals ask of staff who book; the note has its own place in their form."""
    asking = [plugin for plugin in plugins_on(desk.store.verticals) if not plugin.is_core]
    return steps_for(asking, StepsAsked(desk.store.id, service_id, by_staff=True))
