"""Thin tags over web.formats: they add the active language, the zone and today.

`zone` (an IANA name or a tzinfo) and `now` come from the tag, else from the page's context, else from
Django's current time zone and clock. A view that shows a store's times puts `zone` and `now` in its context.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from web import formats

register = template.Library()


@dataclass(frozen=True, slots=True)
class StatusLook:
    """Tone, icon and word of a status; the word is what counts."""

    tone: str
    icon: str
    word: str | Promise


status_looks = {
    "held": StatusLook("hold", "hourglass", _("On hold")),
    "confirmed": StatusLook("info", "calendar-check", _("Confirmed")),
    "arrived": StatusLook("ok", "play", _("In service")),
    "completed": StatusLook("mute", "check", _("Done")),
    "cancelled": StatusLook("mute", "x", _("Cancelled")),
    "no_show": StatusLook("bad", "user-x", _("No-show")),
    "expired": StatusLook("mute", "clock", _("Hold ran out")),
    "late": StatusLook("warn", "timer", _("Late")),
    "waiting": StatusLook("warn", "hourglass", _("Waiting list")),
    "full": StatusLook("mute", "users", _("Full")),
    "session": StatusLook("info", "users", _("Session")),
}
no_look = StatusLook("line", "", "")


def language() -> str:
    return get_language() or "en"


def zone_of(context: Context, zone: Any) -> tzinfo:
    chosen = zone or context.get("zone") or timezone.get_current_timezone()
    return ZoneInfo(chosen) if isinstance(chosen, str) else chosen


def today_in(context: Context, zone: tzinfo, now: datetime | None) -> date:
    return (now or context.get("now") or timezone.now()).astimezone(zone).date()


@register.simple_tag
def money(minor: int, currency: str, exact: bool = True) -> str:
    """`{% money 22710 "CNY" %}` → ¥227.10; `exact=False` for prices in the shop."""
    return formats.format_money(minor, currency, language=language(), exact=exact)


@register.filter
def count(number: int) -> str:
    """A whole number with its thousands apart: 1980 → 1,980."""
    return formats.format_count(number)


@register.filter
def duration(minutes: int) -> str:
    """75 → 75 分钟; 90 → 1 小时 30 分."""
    return formats.format_duration(minutes, language=language())


@register.filter
def countdown(seconds: int) -> str:
    """Seconds as minutes and seconds: 582 → 9:42."""
    return formats.format_countdown(seconds)


@register.simple_tag(takes_context=True)
def moment(
    context: Context, value: datetime, zone: Any = None, now: datetime | None = None, relative: bool = True
) -> SafeString:
    """`<time>` with 11月26日 周四 19:30 in the store's zone."""
    there = zone_of(context, zone)
    local = value.astimezone(there)
    words = formats.format_moment(
        local, language=language(), today=today_in(context, there, now), relative=relative
    )
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="minutes"), words)


@register.simple_tag(takes_context=True)
def span(
    context: Context,
    start: datetime,
    end: datetime,
    zone: Any = None,
    now: datetime | None = None,
    relative: bool = True,
) -> SafeString:
    """`<time>` with 今天 15:00–16:00 in the store's zone."""
    there = zone_of(context, zone)
    local = start.astimezone(there)
    words = formats.format_span(
        local,
        end.astimezone(there),
        language=language(),
        today=today_in(context, there, now),
        relative=relative,
    )
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="minutes"), words)


@register.simple_tag(takes_context=True)
def clocks(context: Context, start: datetime, end: datetime, zone: Any = None) -> SafeString:
    """`<time>` with 15:00–16:00 in the store's zone."""
    there = zone_of(context, zone)
    local = start.astimezone(there)
    words = formats.format_clocks(local, end.astimezone(there), language=language())
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="minutes"), words)


@register.simple_tag(takes_context=True)
def clock(context: Context, value: datetime, zone: Any = None) -> SafeString:
    """`<time>` with 19:30 in the store's zone."""
    local = value.astimezone(zone_of(context, zone))
    return format_html(
        '<time datetime="{}">{}</time>', local.isoformat(timespec="minutes"), formats.format_clock(local)
    )


@register.simple_tag(takes_context=True)
def day(
    context: Context,
    value: date,
    zone: Any = None,
    now: datetime | None = None,
    relative: bool = True,
    weekday: bool = True,
) -> SafeString:
    """`<time>` with 11月26日 周四; of a datetime, its day in the store's zone."""
    there = zone_of(context, zone)
    on = value.astimezone(there).date() if isinstance(value, datetime) else value
    words = formats.format_day(
        on,
        language=language(),
        today=today_in(context, there, now),
        relative=relative,
        weekday=weekday,
    )
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), words)


@register.filter
def weekday(value: date) -> str:
    """周四, Thu."""
    return formats.format_weekday(value, language=language())


@register.filter
def zone_name(zone: str) -> str:
    """Australia/Sydney → 悉尼时间."""
    return formats.format_zone(zone, language=language())


@register.filter
def masked_phone(number: str) -> str:
    """+8613800132046 → 138 **** 2046."""
    return formats.mask_phone(number)


@register.filter
def phone(number: str) -> str:
    """+8613800132046 → 138 0013 2046; only for those who may see it."""
    return formats.format_phone(number)


@register.filter
def booking_code(code: str) -> str:
    """QB7K4M2P → QB7K-4M2P."""
    return formats.format_booking_code(code)


@register.filter
def initial(name: str) -> str:
    return formats.initial_of(name)


@register.filter
def hue(name: str) -> int:
    return formats.hue_of(name)


@register.simple_tag
def booking_status(status: str = "") -> StatusLook:
    """Tone, icon and word of a status; an empty look for none."""
    return status_looks.get(str(status or ""), no_look)
