"""What whoever books was asked by the plug-ins, checked: the storefront, the desk and the API alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal
from tenants.extension.calls import decide
from tenants.extension.hooks import Field, StepsAsked
from tenants.extension.registry import Plugin

# More is nobody's answer to a form, and the document stands in every row.
MOST_DETAILS = 40


class DetailsInvalid(Refusal):
    """Something that the shop asks for is missing or cannot be; `errors` name the fields."""

    code = "details_invalid"
    status = 422
    title = _("Something is missing")
    detail = _("The shop needs a few answers before it can take this booking.")
    fix = _("Correct the marked answers.")


@dataclass(frozen=True, slots=True)
class Step:
    """The questions of one plug-in."""

    plugin: Plugin
    fields: tuple[Field, ...]

    def key(self, asked: Field) -> str:
        """How a form calls the field: `<code>.<name>`, or the booking's column that it fills."""
        return asked.fills or f"{self.plugin.code}.{asked.name}"


@dataclass(slots=True)
class Answers:
    """Checked answers: `details` by code and name; `fills` are the booking's own columns."""

    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    fills: dict[str, Any] = field(default_factory=dict)


def steps_for(plugins: Iterable[Plugin], asked: StepsAsked) -> list[Step]:
    """The questions of every plug-in that asks any, in order. Raises VerticalFailed for one that breaks."""
    found = []
    for plugin in plugins:
        if plugin.hooks.steps is not None:
            fields = tuple(decide(plugin, plugin.hooks.steps, asked))
            if fields:
                found.append(Step(plugin, fields))
    return found


def check_answers(steps: Iterable[Step], given: Mapping[str, Any], *, fills: Mapping[str, Any]) -> Answers:
    """The answers among `given` ({code: {name: value}}), each as its field's kind says.

    A field that fills a column and is not answered takes what stands in `fills`. An unknown code or name
    is refused, as an unknown field of the API is. Raises DetailsInvalid with every wrong field.
    """
    answers, errors = Answers(), []
    known = {step.plugin.code: {one.name for one in step.fields} for step in steps}
    for code, own in given.items():
        if not isinstance(own, Mapping) or code not in known:
            errors.append(FieldError(f"details.{code}", "unknown", _("Nothing of this name is asked here.")))
            continue
        errors += [
            FieldError(f"details.{code}.{name}", "unknown", _("Nothing of this name is asked here."))
            for name in own
            if name not in known[code]
        ][:MOST_DETAILS]
    for step in steps:
        own = given.get(step.plugin.code)
        own = own if isinstance(own, Mapping) else {}
        for asked in step.fields:
            value = own.get(asked.name, fills.get(asked.fills) if asked.fills else None)
            try:
                checked = check_answer(asked, value)
            except ValueError as error:
                code, words = error.args
                place = step.key(asked)
                errors.append(FieldError(place if asked.fills else f"details.{place}", code, words))
                continue
            if asked.fills:
                answers.fills[asked.fills] = checked
            elif checked is not None:
                answers.details.setdefault(step.plugin.code, {})[asked.name] = checked
    if errors:
        raise DetailsInvalid(errors=errors)
    return answers


def check_answer(asked: Field, value: Any) -> Any:
    """The value as the field's kind; None for no answer. Raises ValueError with a code and a sentence."""
    if asked.kind == "check":
        said = value in (True, "on", "true", "1")
        if asked.required and not said:
            raise ValueError("required", _("This must be agreed to."))
        return said
    if value is None or (isinstance(value, str) and not value.strip()):
        if asked.required:
            raise ValueError("required", _("This is needed."))
        return "" if asked.fills == "note" else None
    if asked.kind == "number":
        return _number(asked, value)
    text = str(value).strip() if isinstance(value, str | int) else ""
    if asked.kind == "choice":
        if text not in {choice for choice, _words in asked.choices}:
            raise ValueError("invalid_choice", _("Choose one of the answers."))
        return text
    if not isinstance(value, str) or len(text) > asked.longest:
        raise ValueError("too_long", _("At most %(longest)s characters.") % {"longest": asked.longest})
    return text


def _number(asked: Field, value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool | float) or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError("not_a_number", _("This must be a whole number."))
    number = int(text)
    if (asked.least is not None and number < asked.least) or (asked.most is not None and number > asked.most):
        bounds = {"least": asked.least or 0, "most": asked.most if asked.most is not None else "…"}
        raise ValueError("out_of_bounds", _("From %(least)s to %(most)s.") % bounds)
    return number
