"""Plans, limits, standings and invoices in the words of the office."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from billing.domain.own import OwnBilling, UsageLine, Waiting
from billing.domain.standing import Cause
from billing.models import Invoice, InvoiceState
from chains.domain.entitlements import Limit
from chains.models import ChainState
from chains.support import with_support
from tenants.stores.domain.spoken import spoken
from web.formats import format_count, format_money
from web.plan_limits import limit_words

STATES: dict[ChainState, dict[str, Any]] = {
    ChainState.TRIAL: {"label": gettext_lazy("On trial"), "tone": "info", "icon": "hourglass"},
    ChainState.ACTIVE: {"label": gettext_lazy("Active"), "tone": "ok", "icon": "check"},
    ChainState.PAST_DUE: {"label": gettext_lazy("Past due"), "tone": "warn", "icon": "triangle-alert"},
    ChainState.READ_ONLY: {"label": gettext_lazy("Read-only"), "tone": "bad", "icon": "lock"},
    ChainState.SUSPENDED: {"label": gettext_lazy("Suspended"), "tone": "bad", "icon": "lock"},
    ChainState.CLOSED: {"label": gettext_lazy("Closed"), "tone": "mute", "icon": "lock"},
}
NAMES = {
    Limit.STORES: gettext_lazy("Stores in use"),
    Limit.EMPLOYEES: gettext_lazy("People who work here"),
    Limit.VERTICALS: gettext_lazy("Industries"),
    Limit.BOOKINGS: gettext_lazy("Bookings this month"),
    Limit.MESSAGES: gettext_lazy("Messages this month"),
    Limit.API_CALLS: gettext_lazy("API calls a minute"),
    Limit.RETENTION: gettext_lazy("History shown"),
}
INVOICE_STATES = {
    InvoiceState.OPEN: {"label": gettext_lazy("To be paid"), "tone": "warn", "icon": "timer"},
    InvoiceState.PAID: {"label": gettext_lazy("Paid"), "tone": "ok", "icon": "check"},
    InvoiceState.VOID: {"label": gettext_lazy("Void"), "tone": "mute", "icon": "x"},
    InvoiceState.UNCOLLECTIBLE: {"label": gettext_lazy("Not paid"), "tone": "bad", "icon": "circle-alert"},
}


# What stands on top of the plan's page while the chain is read-only or suspended, by its cause.
READ_ONLY_BECAUSE = {
    Cause.PAYMENT_FAILED: gettext_lazy(
        "The subscription is not paid. What is booked is honoured. Without payment the shops close %(until)s."
    ),
    Cause.ENDED: gettext_lazy(
        "The subscription was cancelled and has ended. What is booked is honoured. Without a subscription the shops"
        " close %(until)s."
    ),
    Cause.TRIAL_OVER: gettext_lazy(
        "The trial is over, and no plan was chosen. What is booked is honoured. Without a plan the shops close"
        " %(until)s."
    ),
}
HELD_MEANS = with_support(
    gettext_lazy("Paying does not open it. Write to %(support)s."), gettext_lazy("Paying does not open it.")
)
SUSPENDED_TITLES = {
    Cause.PAYMENT_FAILED: gettext_lazy("The shops are closed, because the subscription is not paid"),
    Cause.ENDED: gettext_lazy("The shops are closed, because the subscription has ended"),
    Cause.TRIAL_OVER: gettext_lazy("The shops are closed, because the trial is over"),
}


def waiting_row(one: Waiting, billing: OwnBilling) -> dict[str, Any]:
    """A wish that waits for the provider, in words; `since` is a moment."""
    plan = next((card.name for card in billing.plans if card.code == one.plan), one.plan)
    words = {
        "change": _("The change to %(plan)s waits for the payment provider") % {"plan": plan},
        "cancel": _("The cancellation waits for the payment provider"),
        "resume": _("The renewal waits for the payment provider"),
    }
    return {"title": words[one.kind], "since": one.since}


def store_price_words(billing: OwnBilling) -> str:
    """What each store on top of the plan costs; '' where none can be added, or nothing is subscribed to."""
    running, card = billing.running, billing.card
    if running is None or card is None or card.included_stores is None:
        return ""
    if card.most_stores is not None and card.included_stores + running.extra_stores >= card.most_stores:
        return ""
    yearly = running.interval == "year"
    price = card.price_in(running.currency)
    amount = running.store_amount or (price.store_year if yearly else price.store_month)
    if not amount:
        return ""
    words = _("Each store on top is %(price)s a month.")
    if yearly:
        words = _("Each store on top is %(price)s a year.")
    return words % {
        "price": format_money(amount, running.currency, language=get_language() or "en", exact=False)
    }


def limit_row(line: UsageLine, *, shown_from: str = "", store_price: str = "") -> dict[str, Any]:
    """A limit as a row: what is used of what is allowed, and what the next plan gives.

    `shown_from` is the date on which the history that is shown begins, `store_price` what one more store costs.
    """
    allowed = _("no limit") if line.allowed is None else format_count(line.allowed)
    if line.limit == Limit.RETENTION and line.allowed is not None:
        allowed = ngettext("%(count)s month", "%(count)s months", line.allowed) % {"count": line.allowed}
    words = allowed
    if line.used is not None:
        words = _("%(used)s of %(allowed)s") % {"used": format_count(line.used), "allowed": allowed}
        if line.allowed is None:
            words = format_count(line.used)
    share = line.share
    more = ""
    if line.more is not None:
        more = f"{line.more.name} · {limit_words(line.more, line.limit)}"
    return {
        "name": NAMES[line.limit],
        "words": words,
        "value": share,
        "tone": "warn" if share is not None and share >= 80 else "info",
        "over": line.is_over,
        "more": more,
        "second": {
            Limit.RETENTION: shown_from
            and _("Shown from %(day)s on; older bookings are kept.") % {"day": shown_from},
            Limit.STORES: store_price,
        }.get(line.limit, ""),
        "soft": line.limit in (Limit.BOOKINGS, Limit.MESSAGES),
    }


def standing_words(billing: OwnBilling, *, now: datetime) -> dict[str, Any] | None:
    """The alert on top of the plan's page: the finding, what follows, the way out; None where all is well."""
    until = billing.until
    zone = ZoneInfo(billing.time_zone)
    when = {"until": spoken(until, zone=zone, now=now) if until is not None else ""}
    if billing.held:
        return {
            "tone": "bad",
            "title": _("Suspended by the platform"),
            "text": str(HELD_MEANS),
            "way": "",
        }
    if billing.state == ChainState.TRIAL and billing.running is None and until is not None:
        return {
            "tone": "info",
            "title": _("The trial runs until %(until)s") % when,
            "text": _("Everything works. Choose a plan to go on after that; no card is needed before."),
            "way": "choose",
        }
    way = "pay" if billing.running is not None else "choose"
    cause = billing.cause or Cause.PAYMENT_FAILED
    if billing.state == ChainState.PAST_DUE:
        over = billing.cause == Cause.TRIAL_OVER
        return {
            "tone": "warn",
            "title": _("The trial is over") if over else _("The last payment did not go through"),
            "text": _("Everything works until %(until)s. After that no new bookings can be made.") % when,
            "way": way,
        }
    if billing.state == ChainState.READ_ONLY:
        return {
            "tone": "bad",
            "title": _("Read-only: no new bookings can be made"),
            "text": READ_ONLY_BECAUSE[cause] % when,
            "way": way,
        }
    if billing.state == ChainState.SUSPENDED:
        return {
            "tone": "bad",
            "title": SUSPENDED_TITLES[cause],
            "text": _("Nothing is lost: pay, and everything opens at once. Closed for good %(until)s.") % when
            if cause == Cause.PAYMENT_FAILED
            else _("Nothing is lost: choose a plan, and everything opens at once. Closed for good %(until)s.")
            % when,
            "way": way,
        }
    return None


def invoice_row(row: Invoice) -> dict[str, Any]:
    """An invoice as a row of a list."""
    return {
        "number": row.number or row.stripe_id,
        "issued_at": row.issued_at,
        "total": row.total,
        "currency": row.currency,
        "state": INVOICE_STATES[InvoiceState(row.state)],
        "pdf_url": row.pdf_url,
        "pay_url": row.hosted_url if row.state == InvoiceState.OPEN else "",
        "refunded": row.amount_refunded,
    }
