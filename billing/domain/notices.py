"""What owners are told of their subscription: written with what it tells of, sent after the commit, each once.

A notice is a row under a key; the same step taken twice finds its notice there. It is carried to every owner
who can sign in, in their language, by due work of the platform: also of a chain that is suspended or closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from billing.models import Notice
from chains.domain.slugs import address_of
from chains.due import mark_platform_due
from chains.models import Chain
from chains.outgoing import Message, carry_message
from chains.refusals import Text
from chains.scope import chain_scope, platform_scope
from tenants.people.models import Employee, Role
from tenants.stores.domain.spoken import spoken

log = structlog.get_logger("billing")

KIND = "billing.notices"
BATCH = 50
LEASE = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=1)
# Long enough to answer "we were never told"; the steps themselves stay for good.
KEPT = timedelta(days=400)

TEXTS: Mapping[str, tuple[Text, Text]] = MappingProxyType(
    {
        "trial_ending": (
            _("%(chain)s: your trial ends %(until)s"),
            _(
                "Your trial of Tessera ends %(until)s. Choose a plan to go on; nothing is charged before you do."
            ),
        ),
        "past_due:trial_over": (
            _("%(chain)s: your trial is over"),
            _(
                "The trial is over and no plan has been chosen. Everything goes on working until %(until)s;"
                " after that no new bookings can be made."
            ),
        ),
        "past_due": (
            _("%(chain)s: a payment did not go through"),
            _(
                "The last payment for your subscription did not go through. Everything goes on working until"
                " %(until)s. Check your card and pay:"
            ),
        ),
        "read_only": (
            _("%(chain)s is read-only"),
            _(
                "The subscription is not paid, so no new bookings can be made. What is booked is honoured and"
                " your shops see their day. Without payment the shops close %(until)s."
            ),
        ),
        "read_only:ended": (
            _("%(chain)s is read-only"),
            _(
                "Your subscription was cancelled and has ended, so no new bookings can be made. What is booked is"
                " honoured and your shops see their day. Without a subscription the shops close %(until)s."
            ),
        ),
        "read_only:trial_over": (
            _("%(chain)s is read-only"),
            _(
                "The trial is over and no plan was chosen, so no new bookings can be made. What is booked is honoured"
                " and your shops see their day. Without a plan the shops close %(until)s."
            ),
        ),
        "suspended": (
            _("%(chain)s is suspended"),
            _(
                "The subscription is not paid, so your shops are closed. Nothing is lost: sign in and pay, and"
                " everything opens at once. Without payment the brand is closed %(until)s."
            ),
        ),
        "suspended:ended": (
            _("%(chain)s is suspended"),
            _(
                "Your subscription was cancelled and has ended, so your shops are closed. Nothing is lost: sign in and"
                " subscribe again, and everything opens at once. Without that the brand is closed %(until)s."
            ),
        ),
        "suspended:trial_over": (
            _("%(chain)s is suspended"),
            _(
                "The trial is over and no plan was chosen, so your shops are closed. Nothing is lost: sign in and choose"
                " a plan, and everything opens at once. Without that the brand is closed %(until)s."
            ),
        ),
        "closed:ended": (
            _("%(chain)s is closed"),
            _(
                "Your subscription ended long ago and was not begun again, so the brand is closed. Write to us to"
                " have it back."
            ),
        ),
        "closed:trial_over": (
            _("%(chain)s is closed"),
            _(
                "The trial ended long ago and no plan was chosen, so the brand is closed. Write to us to have it back."
            ),
        ),
        "closed": (
            _("%(chain)s is closed"),
            _(
                "The subscription was not paid for a long time, so the brand is closed. Write to us to have it back."
            ),
        ),
        "subscribed": (
            _("%(chain)s: your subscription runs"),
            _("Thank you. Your plan, your invoices and a way to cancel stand here:"),
        ),
        "active_again": (
            _("%(chain)s: all is paid, everything works again"),
            _("Thank you. Everything works as before. Your invoices stand here:"),
        ),
        "trial_again": (
            _("%(chain)s: your trial goes on"),
            _("Your trial was extended and everything works. It ends %(until)s."),
        ),
        "cancel_planned": (
            _("%(chain)s: cancelled for %(at)s"),
            _(
                "Your subscription ends %(at)s and is not renewed. Until then everything works; after that your"
                " shops see their day, and no new bookings can be made. You can take this back until then:"
            ),
        ),
        "wish_lost:change": (
            _("%(chain)s: the change of your plan was not made"),
            _(
                "The payment provider was away when you changed your plan, and did not accept the change later. The"
                " plan is as it was. Look at it and choose again:"
            ),
        ),
        "wish_lost:cancel": (
            _("%(chain)s: the cancellation was not made"),
            _(
                "The payment provider was away when you cancelled, and did not accept it later. The subscription is"
                " renewed as before. Look at it and cancel again:"
            ),
        ),
        "wish_lost:resume": (
            _("%(chain)s: the renewal was not made"),
            _(
                "The payment provider was away when you took the cancellation back, and did not accept it later. The"
                " subscription ends as planned. Look at it and choose again:"
            ),
        ),
        "usage_near": (
            _("%(chain)s: most of this month's plan is used"),
            _(
                "%(used)d of %(allowed)d %(what)s of this month are used. Nothing stops; a larger plan has room for more:"
            ),
        ),
        "usage_over": (
            _("%(chain)s: more used than the plan includes"),
            _(
                "%(used)d %(what)s this month, %(allowed)d are included. Your guests notice nothing and every"
                " booking is taken. A larger plan has room for more:"
            ),
        ),
    }
)
WHAT = {"bookings_a_month": _("bookings"), "messages_a_month": _("messages")}


@dataclass(frozen=True, slots=True)
class Recipient:
    """An owner who can sign in."""

    employee_id: UUID
    email: str
    locale: str


def tell_owners(chain_id: UUID, kind: str, *, key: str, params: Mapping[str, Any], now: datetime) -> None:
    """Have the chain's owners told, once for this key, after the commit of the platform's transaction."""
    whole = f"{chain_id}:{kind}:{key}"[:160]
    notice = Notice(chain_id=chain_id, kind=kind, key=whole, params=dict(params), created_at=now, due_at=now)
    Notice.objects.bulk_create([notice], ignore_conflicts=True)
    mark_platform_due(KIND, now)


def send_notices(*, now: datetime) -> None:
    """Due work `billing.notices`: lease what waits, carry it after the commit, see to the rest.

    A process that dies leaves a lease that runs out; a channel absorbs the same key twice.
    """
    waiting = Notice.objects.filter(sent_at__isnull=True, due_at__lte=now).order_by("created_at", "id")
    leased = list(waiting.select_for_update(skip_locked=True)[:BATCH])
    Notice.objects.filter(id__in=[one.id for one in leased]).update(due_at=now + LEASE)
    if leased:
        transaction.on_commit(partial(_carry_all, leased, now=now))
        mark_platform_due(KIND, now + LEASE)
    else:
        _forget(now=now)
        _mark_rest(now=now)


def _carry_all(notices: list[Notice], *, now: datetime) -> None:
    for notice in notices:
        try:
            _carry(notice, now=now)
            outcome: dict[str, Any] = {"sent_at": now, "due_at": None, "error": ""}
        except Exception as error:
            log.warning("notice_not_sent", notice=str(notice.id), exc_info=True)
            pause = min(timedelta(seconds=30 * 2 ** min(notice.attempts, 7)), LONGEST_PAUSE)
            outcome = {"due_at": now + pause, "error": type(error).__name__}
        with platform_scope():
            Notice.objects.filter(id=notice.id).update(attempts=notice.attempts + 1, **outcome)
            if "sent_at" not in outcome:
                mark_platform_due(KIND, outcome["due_at"])


def _carry(notice: Notice, *, now: datetime) -> None:
    with platform_scope():
        chain = Chain.objects.filter(id=notice.chain_id).first()
    if chain is None:
        return
    with chain_scope(chain):
        recipients = read_owners(locale=chain.locale)
    for one in recipients:
        subject, text = notice_words(notice.kind, notice.params, chain=chain, locale=one.locale, now=now)
        message = Message(
            channel="email", to=one.email, subject=subject, text=text, key=f"{notice.id}:{one.employee_id}"
        )
        carry_message(message, now=now, chain=chain.slug)


def read_owners(*, locale: str) -> list[Recipient]:
    """The active chain's owners who can sign in, by name; `locale` for those who chose none."""
    found = Employee.objects.filter(active=True, grants__role=Role.OWNER, user__is_active=True)
    rows = found.select_related("user").order_by("name", "id")
    return [Recipient(row.id, row.user.email, row.user.locale or locale) for row in rows]


def notice_words(
    kind: str, params: Mapping[str, Any], *, chain: Chain, locale: str, now: datetime
) -> tuple[str, str]:
    """Subject and text in a language, with times in the chain's zone, and where to go."""
    zone = ZoneInfo(chain.time_zone)
    subject, text = TEXTS.get(f"{kind}:{params.get('cause', '')}") or TEXTS[kind]
    with translation.override(locale):
        filled: dict[str, Any] = {"chain": chain.name, **params}
        for name in ("until", "at"):
            if params.get(name):
                filled[name] = spoken(datetime.fromisoformat(params[name]), zone=zone, now=now)
        if "limit" in params:
            filled["what"] = str(WHAT[params["limit"]])
        where = "" if kind == "closed" else f"\n\n{address_of(chain.slug)}/manage/plan/"
        return str(subject) % filled, f"{str(text) % filled}{where}\n"


def _forget(*, now: datetime) -> None:
    old = Notice.objects.filter(sent_at__lt=now - KEPT).order_by("id").values_list("id", flat=True)[:BATCH]
    Notice.objects.filter(id__in=list(old)).delete()


def _mark_rest(*, now: datetime) -> None:
    rest = Notice.objects.filter(sent_at__isnull=True).order_by("due_at").values_list("due_at", flat=True)
    earliest = rest.first()
    if earliest is not None:
        mark_platform_due(KIND, max(earliest, now))
