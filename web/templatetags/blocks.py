"""The timeline's blocks, hundreds to a page: written by one formatting each, not by a template each."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from web.icons import draw_icon
from web.templatetags.formats import no_look, status_looks

register = template.Library()

_BLOCK = (
    '<a class="block block-{tone} r-{row} span-{span}{lane}" id="block-{id}" href="{url}"{hand}{target}{current}>'
    '<span class="block-in"><span class="block-top"><span class="block-name">{name}</span>'
    '<span class="block-status">{icon}<span class="block-word">{word}{detail}</span></span></span>'
    '<span class="block-line">{line1}</span><span class="block-line">{line2}</span></span></a>'
)


@register.simple_tag
def block_html(block: Any) -> SafeString:
    """A block of the timeline, as ui/block describes it: a dict or an object with its fields."""

    def of(name: str) -> Any:
        return block.get(name, "") if isinstance(block, dict) else getattr(block, name, "")

    look = status_looks.get(of("status"), no_look)
    detail, target, lane = of("detail"), of("panel_target"), of("lane")
    return format_html(
        _BLOCK,
        tone=look.tone,
        row=of("row"),
        span=of("span"),
        lane=f" lane-{lane}" if lane else "",
        id=of("id"),
        url=of("url"),
        hand=_hand(of("booking"), of("version"), of("can"), of("place")),
        target=format_html(' hx-get="{}" hx-target="{}"', of("url"), target) if target else "",
        current=SafeString(' aria-current="true"') if of("current") else "",
        name=of("name"),
        icon=draw_icon(look.icon, 14) if look.icon else "",
        word=look.word,
        detail=f" {detail}" if detail else "",
        line1=of("line1"),
        line2=of("line2"),
    )


def _hand(booking: str, version: int, can: str, place: str) -> SafeString | str:
    """Which booking it is, what a hand may do to it, and where that is sent."""
    if not booking:
        return ""
    if not can:
        return format_html(' data-booking="{}"', booking)
    where = format_html(' data-place="{}"', place) if place else ""
    return format_html(
        ' data-booking="{}" data-version="{}" data-can="{}"{} draggable="false"', booking, version, can, where
    )
