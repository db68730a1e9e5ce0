"""Sentences of the member's pages that hold an exact time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from web.templatetags.formats import moment

register = template.Library()


@register.simple_tag(takes_context=True)
def free_until(context: Context, until: datetime, zone: Any = None) -> SafeString:
    """The policy as an exact time; after it the words say whom to ask."""
    now = context["now"]
    if until <= now:
        return mark_safe(_("This time is so soon that it can no longer be moved or cancelled online."))  # noqa: S308
    return format_html(
        _("Free to move or cancel until {}. After that, call the shop."), moment(context, until, zone=zone)
    )
