"""A store's rules of its waiting list: how long an offer stands, quiet hours, how many offers a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal, require_version
from tenants.booking.models import WaitingOffer, WaitingRules
from tenants.people.domain.places import managed_store
from tenants.people.domain.rights import Actor
from tenants.stores.domain.wall import local_date, local_day, resolve_local
from tenants.stores.models import Store

MINUTES_A_DAY = 24 * 60
# Less time to answer, or to come, is worth nobody's while: such a place stays with whoever finds it.
SHORTEST = timedelta(minutes=15)


class WaitingRulesWrong(Refusal):
    """The rules cannot be kept like this; `errors` name the fields."""

    code = "waiting_rules_wrong"
    status = 422
    title = _("Not as a rule")
    detail = _("Some of it cannot be kept.")
    fix = _("Correct the fields that are named.")


def rules_of(store_id: UUID) -> WaitingRules:
    """The store's rules; the defaults where it has none of its own."""
    return rules_by_store([store_id])[store_id]


def rules_by_store(store_ids: Iterable[UUID]) -> dict[UUID, WaitingRules]:
    """Each store's rules; the defaults where it has none of its own. One query, however many stores."""
    ids = list(store_ids)
    kept = {rules.store_id: rules for rules in WaitingRules.objects.filter(store_id__in=ids)}
    return {store_id: kept.get(store_id) or WaitingRules(store_id=store_id) for store_id in ids}


def read_rules(store_id: UUID, *, by: Actor) -> WaitingRules:
    """The store's rules, for who may change them. Raises NotSeen, Forbidden."""
    return rules_of(managed_store(store_id, by=by).id)


def write_rules(
    store_id: UUID, fields: dict[str, int], *, by: Actor, version: int | None = None
) -> WaitingRules:
    """The store's rules from now on; offers that stand keep theirs.

    Raises Forbidden, NotSeen, StaleVersion, WaitingRulesWrong.
    """
    Store.objects.select_for_update().filter(id=managed_store(store_id, by=by).id).first()
    rules = rules_of(store_id)
    require_version(rules.version, version)
    for name, value in fields.items():
        setattr(rules, name, value)
    limits = {
        "offer_minutes": (5, 1440),
        "auto_until": (0, 32_000),
        "per_day": (1, 50),
        "quiet_from": (0, MINUTES_A_DAY - 1),
        "quiet_to": (0, MINUTES_A_DAY - 1),
    }
    wrong = [
        FieldError(name, "out_of_range", _("That is too little or too much."))
        for name, (least, most) in limits.items()
        if not least <= getattr(rules, name) <= most
    ]
    if wrong:
        raise WaitingRulesWrong(errors=wrong)
    rules.version += 1
    rules.save()
    return rules


def told_from(rules: WaitingRules, *, zone: ZoneInfo, now: datetime) -> datetime:
    """The first moment from `now` on that is not in the quiet hours (local wall time, may run over midnight).

    quiet 22:00–08:00   now 21:59   now 22:00        now 03:00    now 08:00
    told from           21:59       08:00 next day   08:00        08:00
    """
    begins, ends = rules.quiet_from, rules.quiet_to
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    over_midnight = begins > ends
    quiet = (minute >= begins or minute < ends) if over_midnight else begins <= minute < ends
    if begins == ends or not quiet:
        return now
    day = local.date() + timedelta(days=1 if over_midnight and minute >= begins else 0)
    return max(now, resolve_local(day, ends, zone))


def count_offers(store: Store, *, at: datetime) -> Counter[UUID]:
    """How many offers each member is told on the local day of `at`, from all stores; one query."""
    zone = ZoneInfo(store.time_zone)
    day = local_day(local_date(at, zone), zone)
    told = WaitingOffer.objects.filter(tell_at__gte=day.start, tell_at__lt=day.end)
    return Counter(dict(told.order_by().values_list("wish__member").annotate(Count("id"))))
