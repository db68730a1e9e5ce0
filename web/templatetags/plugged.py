"""What plug-ins show on a page; one that breaks is left out, and the page goes on."""

from __future__ import annotations

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from tenants.extension.calls import advised
from tenants.extension.hooks import Panel

register = template.Library()


@register.simple_tag(takes_context=True)
def plugged_panels(context: Context) -> SafeString:
    """The panels of the booking in `panel`, each drawn by its own template beside `booking` and `desk`."""
    shown = context["panel"]
    around = {"booking": shown.booking, "desk": context["desk"], "row": shown.row}

    def draw(panel: Panel) -> str:
        return render_to_string(panel.template, {**around, **panel.context}, request=context.get("request"))

    parts = [advised(plugin, draw, panel, instead="") for plugin, panel in shown.plugged]
    return mark_safe("".join(parts))  # noqa: S308 (each part is a template's own, escaped by it)
