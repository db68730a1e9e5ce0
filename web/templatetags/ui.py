"""Tags that put the design system on a page: `ui`, `uiblock` with `slot`, `icon`, `attrs`.

    {% ui "button" label=_("Book") icon="calendar-check" %}
    {% uiblock "card" title=_("Today") %}…{% slot "foot" %}…{% endslot %}{% enduiblock %}

A partial sees its own parameters only, never the page's variables, so that nothing leaks into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.forms import BoundField, ChoiceField, Textarea
from django.template.base import FilterExpression, Node, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from web.icons import UnknownIcon, draw_icon

register = template.Library()
forwarded = ("request", "csrf_token", "csp_nonce", "now", "zone")
attribute_prefixes = ("hx_", "data_", "aria_")


def render_partial(context: Context, name: str, params: dict[str, Any]) -> SafeString:
    """Render `ui/<name>.html` with `params` alone, plus what every page hands down."""
    engine = context.template.engine if context.template else None
    if engine is None:  # pragma: no cover - a context is always bound while rendering
        raise template.TemplateSyntaxError("ui needs a bound template")
    given = {key: context[key] for key in forwarded if key in context}
    return engine.get_template(f"ui/{name}.html").render(context.new({**given, **params}))


@register.simple_tag(takes_context=True)
def ui(context: Context, partial: str, **params: Any) -> SafeString:
    """One component without a body: `{% ui "badge" status="confirmed" %}`."""
    return render_partial(context, partial, params)


class BlockNode(Node):
    """A component with a body and, if it has them, named slots."""

    def __init__(self, name: FilterExpression, params: dict[str, FilterExpression], body: NodeList) -> None:
        self.name = name
        self.params = params
        self.nodelist = body

    def render(self, context: Context) -> SafeString:
        slots: dict[str, SafeString] = {}
        with context.push(ui_slots=slots):
            body = self.nodelist.render(context)
        params = {key: value.resolve(context) for key, value in self.params.items()}
        return render_partial(context, self.name.resolve(context), {**params, **slots, "body": body})


@register.tag
def uiblock(parser: Parser, token: Token) -> BlockNode:
    """One component around a body: `{% uiblock "card" title=… %}…{% enduiblock %}`."""
    bits = token.split_contents()[1:]
    if not bits:
        raise template.TemplateSyntaxError("uiblock needs the partial's name")
    name = parser.compile_filter(bits.pop(0))
    params = token_kwargs(bits, parser)
    if bits:
        raise template.TemplateSyntaxError(f"uiblock does not understand {' '.join(bits)}")
    body = parser.parse(("enduiblock",))
    parser.delete_first_token()
    return BlockNode(name, params, body)


@register.simple_block_tag(takes_context=True)
def slot(context: Context, content: SafeString, name: str) -> str:
    """Named part of the enclosing `uiblock`; the partial says which names it shows."""
    context["ui_slots"][name] = content
    return ""


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    """Lucide icon, inlined: `{% icon "calendar-check" 16 %}`; sizes 14 16 18 20 24."""
    try:
        return draw_icon(name, size)
    except UnknownIcon as error:
        raise template.TemplateSyntaxError(str(error)) from error


@register.simple_tag(takes_context=True)
def attrs(context: Context) -> SafeString:
    """Inside a partial: its parameters `hx_*`, `data_*` and `aria_*` as attributes.

    Underscores become hyphens; True gives the bare attribute, None and False leave it out.
    """
    given = {
        key.replace("_", "-"): value
        for key, value in context.flatten().items()
        if isinstance(key, str)
        and key.startswith(attribute_prefixes)
        and value is not None
        and value is not False
    }
    bare = [(key,) for key, value in given.items() if value is True]
    valued = [(key, value) for key, value in given.items() if value is not True]
    # Both joins escape what they are given.
    return mark_safe(format_html_join("", " {}", bare) + format_html_join("", ' {}="{}"', valued))  # noqa: S308


@register.filter
def at(items: Sequence[Any], index: int) -> Any:
    """Element `index` of a list, counted from 0; None past its end."""
    return items[index] if index < len(items) else None


@register.simple_tag(takes_context=True)
def formfield(context: Context, bound: BoundField, **params: Any) -> SafeString:
    """A form's field as `ui/field`: `{% formfield form.email hint=_("…") %}`; parameters override.

    Name, label, value, help text, first error, choices and whether it is optional come from the field.
    """
    given: dict[str, Any] = {
        "name": bound.html_name,
        "id": bound.auto_id or bound.html_name,
        "label": bound.label,
        "value": bound.value(),
        "hint": bound.help_text,
        "error": bound.errors[0] if bound.errors else "",
        "optional": not bound.field.required,
        "required": bound.field.required,
        "maxlength": getattr(bound.field, "max_length", None),
    }
    if isinstance(bound.field.widget, Textarea):
        given["type"] = "textarea"
    elif isinstance(bound.field, ChoiceField):
        given |= {"type": "select", "options": list(bound.field.widget.choices)}
    else:
        given["type"] = getattr(bound.field.widget, "input_type", "text")
    return render_partial(context, "field", {**given, **params})
