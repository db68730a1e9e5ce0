"""Recommended times above the grid: up to three, each with its reason and who would serve."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from tenants.booking.domain.recommend import PERSONAL, Because, Recommendation
from tenants.booking.domain.recommend_read import find_recommendations
from tenants.booking.domain.recommend_words import sentence
from web.formats import format_clock, format_weekday, is_chinese
from web.storefront.asking import PICKED, Wish
from web.storefront.frame import language_of
from web.storefront.times import Times
from web.visitor import member_of

ICONS = {
    "usual_time": "repeat",
    "usual_hour": "clock",
    "rhythm": "timer",
    "overdue": "timer",
    "fills_gap": "leaf",
    "quiet": "users",
    "soonest": "zap",
}
# Parts of the page that hold no recommendation: asking for one of them asks for none. Another day does, for what was
# recommended and chosen is chosen no more.
WITHOUT = ("times", "bar")


def pick_options(
    request: HttpRequest, wish: Wish, times: Times, *, now: datetime, but: UUID | None
) -> list[dict[str, Any]]:
    """Recommendations as ui/picks wants them; none for an answer that has no place for them."""
    asks_day = request.headers.get("HX-Trigger-Name") == "day"
    if request.headers.get("HX-Target") in WITHOUT and not asks_day:
        return []
    member = member_of(request)
    found = find_recommendations(
        times.offering,
        member_id=member.id if member else None,
        practitioner_id=wish.person_id,
        party_size=times.party_size,
        now=now,
        but=but,
        searched=times.searched,
    )
    language = language_of(request)
    chosen = (wish.starts_at, wish.picked_id)

    def option(one: Recommendation[UUID]) -> dict[str, Any]:
        local = one.slot.starts_at.astimezone(times.offering.zone)
        weekday = format_weekday(local.date(), language=language)
        name = found.names[one.practitioner]
        personal = next((why for why in one.reasons if why.code in PERSONAL), Because("free"))
        why = next((why for why in one.reasons if why.code not in PERSONAL), personal)
        return {
            "value": f"{one.slot.starts_at:%Y-%m-%dT%H:%M}Z{PICKED}{one.practitioner}",
            "time": format_clock(local),
            "day": f"{weekday} {local.day}日" if is_chinese(language) else f"{weekday} {local.day}",
            "icon": ICONS.get(why.code, "sparkles"),
            "why": sentence(why, one, name=name, zone=times.offering.zone),
            "who": sentence(personal, one, name=name, zone=times.offering.zone) if why != personal else "",
            "checked": chosen == (one.slot.starts_at, one.practitioner),
        }

    return [option(one) for one in found.found]
