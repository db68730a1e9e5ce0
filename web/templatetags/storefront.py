"""Sentences of the member's pages that hold an exact time."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template.context import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tenants.booking.domain.terms import Terms, cancellable_until
from tenants.booking.domain.terms_words import say_consequences, say_deposit, say_notice
from tenants.stores.domain.spoken import is_chinese
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


@register.simple_tag(takes_context=True)
def terms_note(
    context: Context, terms: Terms, starts_at: datetime, currency: str, zone: Any = None
) -> SafeString:
    """All that a booking promises and costs, before the tap: the free time as it is shown elsewhere, the rest after it.

    Where nothing comes of cancelling late, it cannot be done online, and the words say whom to ask.
    """
    until, now = cancellable_until(terms, starts_at), context["now"]
    plain = terms.late is None and terms.cancel_notice == terms.move_notice
    clock = zone if isinstance(zone, ZoneInfo) else ZoneInfo(str(zone or context["zone"]))
    lines = [*say_deposit(terms, currency=currency)]
    if plain:
        lines.append(free_until(context, until, zone=zone))
    elif terms.cancel_notice == terms.move_notice and until > now:
        lines.append(format_html(_("Free to move or cancel until {}."), moment(context, until, zone=zone)))
    else:
        lines += say_notice(terms, starts_at, zone=clock, now=now)
    lines += say_consequences(terms, currency=currency)
    # Chinese has no space beside its full stop
    between = "" if is_chinese(get_language() or "en") else " "
    return format_html_join(between, "{}", ((line,) for line in lines))
