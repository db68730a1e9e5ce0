"""Where a chain's history begins by its plan, in words: on days, lists and searches that it cuts."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing.domain.own import billing_of, plan_with_more
from chains.domain.entitlements import Limit
from tenants.people.domain.rights import Action, Actor, may_anywhere
from tenants.stores.domain.wall import local_date
from web.formats import format_day
from web.plan_limits import limit_words


def history_day(since: datetime, *, zone: ZoneInfo, now: datetime) -> str:
    """The date on which the history begins: 28 Nov 2025."""
    language, today = get_language() or "en", local_date(now, zone)
    return format_day(local_date(since, zone), language=language, today=today, relative=False, weekday=False)


def history_note(since: datetime | None, *, by: Actor, now: datetime) -> dict[str, str] | None:
    """That bookings before it are kept, and which plan shows them again; None where nothing is cut. One query."""
    if since is None:
        return None
    billing = billing_of(language=get_language() or "en")
    day = history_day(since, zone=ZoneInfo(billing.time_zone), now=now)
    more = plan_with_more(billing, Limit.RETENTION)
    text = _("A plan that shows more brings it back at once.")
    if more is not None:
        plan = {"plan": more.name, "shows": limit_words(more, Limit.RETENTION)}
        text = _("It is shown again with the plan %(plan)s: %(shows)s.") % plan
    owner = may_anywhere(by, Action.MANAGE_BILLING)
    return {
        "title": _("History before %(day)s is kept, and not shown") % {"day": day},
        "text": text,
        "label": _("Compare plans") if owner else "",
        "url": reverse("manage:plan_compare") if owner else "",
    }
