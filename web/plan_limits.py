"""What a plan allows, in words: for the prices page and for the office."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.domain.plans import PlanCard
from chains.domain.entitlements import Limit, allowed_by
from web.formats import format_count


def limit_words(card: PlanCard, limit: Limit) -> str:
    """What a plan allows of a thing: Up to 10 stores."""
    number = allowed_by(card.limits, limit)
    if number is None:
        return {
            Limit.STORES: _("Any number of stores"),
            Limit.EMPLOYEES: _("Any number of employees"),
            Limit.VERTICALS: _("Every industry"),
            Limit.BOOKINGS: _("Any number of bookings"),
            Limit.MESSAGES: _("Any number of messages"),
            Limit.API_CALLS: _("Any number of API calls"),
            Limit.RETENTION: _("All history shown"),
        }[limit]
    words = {
        Limit.STORES: ngettext("%(count)s store included", "%(count)s stores included", number),
        Limit.EMPLOYEES: ngettext("Up to %(count)s employee", "Up to %(count)s employees", number),
        Limit.VERTICALS: ngettext("%(count)s industry", "%(count)s industries", number),
        Limit.BOOKINGS: ngettext("%(count)s booking a month", "%(count)s bookings a month", number),
        Limit.MESSAGES: ngettext("%(count)s message a month", "%(count)s messages a month", number),
        Limit.API_CALLS: ngettext("%(count)s API call a minute", "%(count)s API calls a minute", number),
        Limit.RETENTION: ngettext("%(count)s month of history", "%(count)s months of history", number),
    }
    return words[limit] % {"count": format_count(number)}
