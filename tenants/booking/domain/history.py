"""How far back a chain's plan shows: a window over its bookings that moves with time. Nothing is deleted for it.

Employees see the bookings that ended within it; a plan that keeps longer shows the older ones again at once.
Members always see their own, and what counts or guards (integrity, figures of a person's visits, the ledger of
what happened, the operators' log) never forgets.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chains.domain.entitlements import Limit, read_entitlements
from chains.refusals import Refusal
from tenants.booking.models import Booking
from tenants.people.domain.rights import Actor
from tenants.stores.domain.spoken import Spoken
from tenants.stores.domain.wall import local_date, local_day

# No window is shorter than a month: what ended less than this ago is always shown, and nobody asked.
ALWAYS_SHOWN = timedelta(days=27)


class BeyondHistory(Refusal):
    """The booking ended before the history that the chain's plan shows; it is kept."""

    code = "beyond_history"
    status = 403
    title = _("Before the history your plan shows")
    detail = _("This ended before %(since)s, and your plan shows history from then on. It is kept.")
    fix = _("The owner can choose a plan that shows more under “Plan and usage”; then it is here again.")


def history_start(months: int | None, *, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The first moment that `months` of history show at `now`, aware UTC; None shows all there is.

    It is the local midnight of the same day so many months ago; of that month's last day where it is shorter.
    Less than a month is a month.
    """
    if months is None:
        return None
    today = local_date(now, zone)
    number = today.year * 12 + today.month - 1 - max(1, months)
    year, month = number // 12, number % 12 + 1
    if year < 1:
        return None
    day = date(year, month, min(today.day, monthrange(year, month)[1]))
    return local_day(day, zone).start.astimezone(UTC)


def read_history_start(*, now: datetime) -> datetime | None:
    """As history_start, of the active chain. One query."""
    own = read_entitlements()
    return history_start(own.allowed(Limit.RETENTION), zone=ZoneInfo(own.time_zone), now=now)


def history_cut(asked_from: datetime | None, *, by: Actor, now: datetime) -> datetime | None:
    """Where the history begins for who reads from `asked_from` on (None: from the first booking on).

    None where nothing is cut: a member's own, all asked for lies within, or there is no window. At most one
    query, none where what is asked for is recent.
    """
    if not by.is_employee or (asked_from is not None and asked_from >= now - ALWAYS_SHOWN):
        return None
    since = read_history_start(now=now)
    return None if since is None or (asked_from is not None and asked_from >= since) else since


def shown_since(since: datetime | None) -> Q:
    """The bookings (or sessions) that a history which begins then shows: those that ended in it, or have not ended."""
    return Q() if since is None else Q(ends_at__gte=since)


def hidden_before(since: datetime | None) -> Q:
    """Its counterpart: the bookings that are kept and not shown."""
    return Q(pk__in=[]) if since is None else Q(ends_at__lt=since)


def require_shown(ended_at: datetime, *, by: Actor, now: datetime) -> None:
    """Raise BeyondHistory where what ended then is not shown to `by`. No query for what ended lately."""
    since = history_cut(ended_at, by=by, now=now)
    if since is not None:
        own = read_entitlements()
        day = local_date(since, ZoneInfo(own.time_zone))
        raise BeyondHistory(params={"since": Spoken(day)}, extra={"history_from": since.isoformat()})


def only_shown(bookings: Sequence[Booking], *, by: Actor, now: datetime) -> list[Booking]:
    """Those of some bookings (at least one) that are shown to `by`. Raises BeyondHistory where none is."""
    since = history_cut(min(one.ends_at for one in bookings), by=by, now=now)
    shown = [one for one in bookings if since is None or one.ends_at >= since]
    if not shown:
        require_shown(bookings[-1].ends_at, by=by, now=now)
    return shown


def count_hidden(*, since: datetime | None, until: datetime | None) -> int:
    """How many bookings ended in `[since, until)`: what a window from `until` on hides and one from `since` shows.

    None for `since` is from the first on; None for `until` hides nothing.
    """
    if until is None or (since is not None and since >= until):
        return 0
    return Booking.objects.filter(shown_since(since), hidden_before(until)).count()
