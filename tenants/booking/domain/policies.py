"""Policies: which one fits a booking, and how an owner writes them.

A policy names any of four things: service, store, tier, the member's history. What it leaves open fits
all. The most specific that fits wins, in this written order: one that names the service before one that
does not, then the store, then the tier, then the history.

    names        service  store  tier  history
    wins over    x        -      -     -          every one without a service
                 -        x      x     x          one with store and tier alone

A policy with a fixed sum fits bookings in its own currency alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from chains.postgresql.ask import Question, ask
from chains.refusals import FieldError, Refusal, require_version
from tenants.booking.models import Consequence, History, Policy
from tenants.catalogue.models import Service
from tenants.people.domain.rights import Action, Actor, NotSeen, require
from tenants.stores.models import Store

from .claims import constraint_of
from .offering import Offering
from .terms import Terms, terms_under

# A no-show weighs on a member's history for so long; so many kept visits make a regular.
MISSED_WITHIN = timedelta(days=180)
REGULAR_FROM = 5


class PolicyThere(Refusal):
    """There is a policy for exactly these already."""

    code = "policy_there"
    status = 409
    title = _("Such a policy exists")
    detail = _("There is a policy for exactly this service, store, tier and history already.")
    fix = _("Change that one, or name something else.")


class PolicyWrong(Refusal):
    """The policy contradicts itself; `errors` name the fields."""

    code = "policy_wrong"
    status = 422
    title = _("Not as a policy")
    detail = _("Some of it cannot be kept.")
    fix = _("Correct the fields that are named.")


@dataclass(frozen=True, slots=True)
class Case:
    """What a policy is chosen for. `tier` and `history` are "" where nothing is known of them."""

    service_id: UUID
    store_id: UUID
    currency: str
    tier: str = ""
    history: str = ""


def fits(policy: Policy, case: Case) -> bool:
    """Whether the policy is for the case at all."""
    return (
        policy.service_id in (None, case.service_id)
        and policy.store_id in (None, case.store_id)
        and policy.tier in ("", case.tier)
        and policy.history in ("", case.history)
        and policy.currency in ("", case.currency)
    )


def rank(policy: Policy) -> tuple[bool, bool, bool, bool]:
    """How specific it is; the greatest wins. Two that fit the same case never have the same rank."""
    return (
        policy.service_id is not None,
        policy.store_id is not None,
        policy.tier != "",
        policy.history != "",
    )


def choose_policy(policies: Iterable[Policy], case: Case) -> Policy | None:
    """The most specific policy that fits; None where none does."""
    return max((one for one in policies if fits(one, case)), key=rank, default=None)


def read_terms(
    offering: Offering,
    *,
    member_id: UUID | None,
    now: datetime,
    policies: Sequence[Policy] | None = None,
) -> Terms:
    """The terms under which the member (None: somebody unknown) would book this now. One query, or two.

    `policies` are those of policies_question, where they were read already.
    """
    if policies is None:
        policies = ask(policies_question(offering.service_id, offering.store_id))
    policy = None
    if policies:
        case = Case(offering.service_id, offering.store_id, offering.currency)
        policy = _policy_for(case, member_id, policies, now=now)
    return terms_under(policy, notice=offering.notice, price=offering.price_amount)


_COLUMNS = tuple(field.attname for field in Policy._meta.concrete_fields)
_POLICIES = (
    f"SELECT {', '.join(field.column for field in Policy._meta.concrete_fields)} FROM booking_policy"  # noqa: S608
    " WHERE service_id = %s OR service_id IS NULL AND (store_id = %s OR store_id IS NULL)"
)


def policies_question(service_id: UUID, store_id: UUID) -> Question[list[Policy]]:
    """The policies that can fit the service at the store."""
    return Question(
        _POLICIES,
        (service_id, store_id),
        lambda rows: [Policy.from_db(DEFAULT_DB_ALIAS, _COLUMNS, row) for row in rows],
    )


def _policy_for(
    case: Case, member_id: UUID | None, policies: Sequence[Policy], *, now: datetime
) -> Policy | None:
    history = ""
    if member_id is not None and any(policy.history for policy in policies):
        history = read_history(member_id, now=now)
    elif member_id is None:
        history = History.NEW
    return choose_policy(policies, replace(case, tier=tier_of(member_id), history=history))


def tier_of(member_id: UUID | None) -> str:
    """The member's tier; nobody has one before tiers are kept with members."""
    return ""


_HISTORY = """
SELECT
  (SELECT count(*) FROM booking_booking b WHERE b.member_id = %(member)s AND b.status = 'no_show'
     AND b.starts_at > %(since)s AND NOT EXISTS (
       SELECT 1 FROM booking_penalty p JOIN booking_penaltywaiver w ON w.penalty_id = p.id
       WHERE p.booking_id = b.id)),
  (SELECT count(*) FROM (SELECT 1 FROM booking_booking WHERE member_id = %(member)s
     AND status IN ('arrived', 'completed') LIMIT %(regular)s) kept)
"""


def read_history(member_id: UUID, *, now: datetime) -> str:
    """How the member has kept bookings: a no-show that was not waived outweighs all, then many visits.

    no-shows in 180 days   kept visits   history
    1 or more              any           missed
    0                      0             new
    0                      1 to 4        "" (neither)
    0                      5 or more     regular
    """
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, {"member": member_id, "since": now - MISSED_WITHIN, "regular": REGULAR_FROM})
        missed, kept = cursor.fetchone()
    return history_of(missed=missed, kept=kept)


def history_of(*, missed: int, kept: int) -> str:
    """See read_history."""
    if missed:
        return History.MISSED
    if not kept:
        return History.NEW
    return History.REGULAR if kept >= REGULAR_FROM else ""


def list_policies(*, by: Actor) -> QuerySet[Policy]:
    """All policies with what they name; lazy. Raises Forbidden."""
    require(by, Action.MANAGE_CATALOGUE)
    return Policy.objects.select_related("service", "store")


def read_policy(policy_id: UUID, *, by: Actor) -> Policy:
    """One policy. Raises NotSeen, Forbidden."""
    found = list_policies(by=by).filter(id=policy_id).first()
    if found is None:
        raise NotSeen
    return found


def write_policy(
    fields: dict[str, Any],
    *,
    by: Actor,
    now: datetime,
    policy_id: UUID | None = None,
    version: int | None = None,
) -> Policy:
    """A new policy, or changes of one: bookings already made keep their terms.

    `fields` are columns of Policy. Raises Forbidden, NotSeen, StaleVersion, PolicyWrong, PolicyThere.
    """
    require(by, Action.MANAGE_CATALOGUE)
    policy = Policy(created_at=now)
    if policy_id is not None:
        known = Policy.objects.select_for_update().filter(id=policy_id).first()
        if known is None:
            raise NotSeen
        policy = known
        require_version(policy.version, version)
        policy.version += 1
    for name, value in fields.items():
        setattr(policy, name, value)
    require_sound(policy)
    try:
        with transaction.atomic():
            policy.save(force_insert=policy_id is None)
    except IntegrityError as error:
        if constraint_of(error) == "policy_once":
            raise PolicyThere from error
        raise
    return policy


def delete_policy(policy_id: UUID, *, by: Actor) -> None:
    """Take it away; bookings already made keep their terms. Raises Forbidden, NotSeen."""
    require(by, Action.MANAGE_CATALOGUE)
    if not Policy.objects.filter(id=policy_id).delete()[0]:
        raise NotSeen


def require_sound(policy: Policy) -> None:
    """Raise PolicyWrong for values that contradict each other, or name what is not there."""
    wrong = []
    if policy.service_id and not Service.objects.filter(id=policy.service_id).exists():
        wrong.append(FieldError("service", "not_found", _("There is no such service.")))
    if policy.store_id and not Store.objects.filter(id=policy.store_id).exists():
        wrong.append(FieldError("store", "not_found", _("There is no such store.")))
    for field in ("deposit", "late", "no_show"):
        kind, value = getattr(policy, f"{field}_kind"), getattr(policy, f"{field}_value")
        wrong += _faults(field, kind, value, currency=policy.currency)
    if policy.grace and policy.no_show_kind == Consequence.NONE:
        wrong.append(FieldError("grace", "without_no_show", _("There is nothing to forgive.")))
    if wrong:
        raise PolicyWrong(errors=wrong)


# How large each kind may be: percent, credits, points, days.
LARGEST = {
    Consequence.FIXED: 10**12,
    Consequence.PERCENT: 100,
    Consequence.CREDITS: 100,
    Consequence.POINTS: 10**6,
    Consequence.PAUSE: 365,
}


def _faults(field: str, kind: str, value: int, *, currency: str) -> list[FieldError]:
    if kind == Consequence.NONE:
        return [FieldError(field, "without_kind", _("Choose what it is."))] if value else []
    if field == "deposit" and kind not in (Consequence.FIXED, Consequence.PERCENT):
        return [FieldError(field, "not_money", _("A deposit is a sum or a percentage."))]
    found = []
    if not 1 <= value <= LARGEST[Consequence(kind)]:
        found.append(FieldError(field, "out_of_range", _("That is too little or too much.")))
    if kind == Consequence.FIXED and not currency:
        found.append(FieldError("currency", "required", _("Say in which currency.")))
    return found
