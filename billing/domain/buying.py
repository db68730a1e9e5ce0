"""An owner pays, changes, cancels: the judged choice is carried to the provider. Outside any transaction.

Who may, and what fits, was decided in the chain's scope (choosing.py); here the provider is asked, once for
each wish however often it is clicked (intents.py), and the page comes back with what it said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from billing.domain import subscriptions
from billing.domain.choosing import Choice
from billing.domain.own import OwnBilling, billing_of
from billing.models import Subscription
from billing.port import ChangePreview, CustomerWish, HostedPage
from chains.hosts import ChainInfo
from chains.refusals import FieldError, Refusal
from chains.scope import chain_scope
from tenants.people.domain.rights import Actor
from tenants.people.models import Employee


class PreviewTooOld(Refusal):
    """The sum was shown too long ago, or for a time to come."""

    code = "preview_too_old"
    status = 422
    title = _("The sum has changed")
    detail = _("The sum was computed more than an hour ago, so it is no longer true.")
    fix = _("Ask for the preview again and agree to that sum.")


@dataclass(frozen=True, slots=True)
class Payer:
    """Whom to bill: the chain, by the owner who pays; where the browser goes afterwards."""

    wish: CustomerWish
    back_url: str


def payer_of(chain: ChainInfo, *, by: Actor, language: str, back_url: str) -> Payer:
    """The one who pays, in the chain's scope; receipts go to the owner's e-mail address."""
    email = Employee.objects.values_list("user__email", flat=True).get(id=by.employee_id)
    locale = "zh-Hans" if language.lower().startswith("zh") else "en"
    return Payer(CustomerWish(chain.id, chain.name, email, locale, chain.country), back_url)


def check_out(payer: Payer, choice: Choice, *, now: datetime) -> HostedPage:
    """The provider's page on which the choice is paid. Two clicks lead to one page.

    Raises AlreadySubscribed, CurrencyFixed, BillingNotSetUp and what the port raises.
    """
    return subscriptions.start_checkout(
        payer.wish,
        choice.basket,
        success_url=f"{payer.back_url}return/",
        cancel_url=payer.back_url,
        trial_end=choice.trial_end,
        now=now,
    )


def visit_portal(payer: Payer, *, now: datetime) -> HostedPage:
    """The provider's page for cards, open invoices and tax ids. Raises NoSubscription, what the port raises."""
    return subscriptions.open_portal(
        payer.wish.chain_id, return_url=f"{payer.back_url}return/", locale=payer.wish.locale, now=now
    )


def preview(billing: OwnBilling, choice: Choice, *, now: datetime) -> ChangePreview:
    """What the change would cost now. Raises NoSubscription, CurrencyFixed, what the port raises."""
    return subscriptions.preview_change(billing.chain_id, choice.basket, now=now)


def change(billing: OwnBilling, choice: Choice, *, at: datetime, now: datetime) -> Subscription:
    """Make the change, prorated at `at`: the moment of the preview that was agreed to, at most an hour ago.

    Raises NoSubscription, CurrencyFixed, PaymentRefused, what the port raises.
    """
    return subscriptions.change_subscription(billing.chain_id, choice.basket, at=at, now=now)


def reread(chain: ChainInfo, *, language: str) -> OwnBilling:
    """The chain's billing after the provider was asked, in a scope of its own."""
    with chain_scope(chain):
        return billing_of(language=language)


def agreed_at(at: datetime | None, *, now: datetime) -> datetime:
    """The moment a change is prorated at: the preview's, at most an hour old. Raises PreviewTooOld."""
    if at is None:
        return now
    if not now - timedelta(hours=1) <= at <= now + timedelta(seconds=5):
        raise PreviewTooOld(errors=[FieldError("at", PreviewTooOld.code, PreviewTooOld.detail)])
    return at
