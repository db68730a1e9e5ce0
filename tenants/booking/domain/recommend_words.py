"""Why a time is recommended, in a sentence, in the language that is active where it is read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from chains.refusals import Text
from tenants.stores.domain.spoken import SpokenWeekday

from .recommend import Because, ReasonCode, Recommendation

SENTENCES: Mapping[ReasonCode, Text] = MappingProxyType(
    {
        "usual_time": _("Your usual %(weekday)s %(part)s"),
        "usual_hour": _("Near your usual hour"),
        "last_practitioner": _("%(name)s is free, as last time"),
        "usual_practitioner": _("%(name)s is free, whom you often see"),
        "rhythm": _("%(days)s days after your last visit, your usual interval"),
        "overdue": _("Your last visit was %(days)s days before, longer than usual"),
        "fills_gap": _("Fits a gap in the shop's day"),
        "quiet": _("A quiet time: %(free)s of %(staff)s people are free"),
        "soonest": _("The soonest free time"),
        "free": _("%(name)s is free"),
    }
)
PARTS: Mapping[str, Text] = MappingProxyType(
    {
        "morning": pgettext_lazy("after a weekday", "morning"),
        "afternoon": pgettext_lazy("after a weekday", "afternoon"),
        "evening": pgettext_lazy("after a weekday", "evening"),
    }
)
AFTERNOON, EVENING = 12, 18


def sentence(because: Because, one: Recommendation[UUID], *, name: str, zone: ZoneInfo) -> str:
    """The reason in words; `name` is the practitioner's."""
    local = one.slot.starts_at.astimezone(zone)
    part = "morning" if local.hour < AFTERNOON else "afternoon" if local.hour < EVENING else "evening"
    return str(SENTENCES[because.code]) % {
        "weekday": SpokenWeekday(local.isoweekday()),
        "part": PARTS[part],
        "name": name,
        "days": because.days,
        "free": because.free,
        "staff": because.staff,
    }
