"""Events of the provider: stored first, each once, and then only taken as a reason to look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from billing.domain.refresh import ask_refresh
from billing.models import Customer, EventState, StripeEvent
from billing.port import EventNote
from billing.provider import BillingNotSetUp, configured_provider
from chains.chores import let_go
from chains.domain.operators import Operator, record_act
from chains.models import Chain
from chains.refusals import Refusal
from chains.scope import platform_scope

log = structlog.get_logger("billing")

# The provider repeats an event for at most three days; half a year is what an operator may look back to.
EVENTS_KEPT = timedelta(days=180)
LARGEST_EVENT = 256 * 1024


class SignatureWrong(Refusal):
    """The webhook's signature is missing, forged, or older than five minutes."""

    code = "signature_wrong"
    status = 400
    title = _("Signature not accepted")
    detail = _("This is not signed by the payment provider, or was signed more than five minutes ago.")
    fix = _("Check the webhook's signing secret on both sides.")


class UnknownEvent(Refusal):
    """No event with this id was stored."""

    code = "unknown_event"
    status = 404
    title = _("No such event")
    detail = _("There is no such event.")
    fix = _("Look for it in the list of events.")


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an event that came in."""

    id: str
    is_new: bool
    chain_id: UUID | None


def take_event(body: bytes, signature: str, *, now: datetime) -> Stored:
    """Check an event's signature, store it, and have its customer looked at in the background.

    Runs in the platform's transaction. An event that was stored before only counts its deliveries; one of a
    customer that is nobody of ours is stored and marked, and nothing else happens. Raises SignatureWrong
    (nothing is written) and BillingNotSetUp.
    """
    provider = configured_provider()
    if provider is None:
        raise BillingNotSetUp
    note = provider.read_event(body, signature, now=now)
    if note is None:
        raise SignatureWrong
    return store_event(note, now=now)


def store_event(note: EventNote, *, now: datetime) -> Stored:
    """Store an event that is known to be the provider's, once. Needs the platform's transaction."""
    customer = None
    if note.customer:
        customer = Customer.objects.filter(stripe_id=note.customer).first()
    chain_id = customer.chain_id if customer is not None else None
    about_nobody = not note.customer
    row = StripeEvent(
        id=note.id,
        kind=note.kind,
        created_at=note.created_at,
        received_at=now,
        live=note.live,
        chain_id=chain_id,
        stripe_customer=note.customer,
        subject=note.subject,
        payload=note.payload,
        state=EventState.RECEIVED if chain_id else EventState.UNKNOWN,
    )
    if about_nobody:  # of the account itself (a price, a product): nothing hangs on it
        row.state, row.handled_at = EventState.HANDLED, now
    if not _insert(row):
        StripeEvent.objects.filter(id=note.id).update(deliveries=F("deliveries") + 1)
        return Stored(note.id, is_new=False, chain_id=chain_id)
    if chain_id is not None:
        ticket = ask_refresh(chain_id, now=now)
        StripeEvent.objects.filter(id=note.id).update(ticket=ticket)
    elif not about_nobody:
        log.warning("event_of_unknown_customer", event_id=note.id, kind=note.kind)
    return Stored(note.id, is_new=True, chain_id=chain_id)


def replay_event(event_id: str, *, by: Operator, now: datetime) -> StripeEvent:
    """Look again at what a stored event is about, by an operator's hand; safe at any time, any number of times.

    An event whose customer was unknown is tried again: the customer may be ours by now. Raises UnknownEvent.
    """
    with platform_scope():
        # the customer before its events, as everywhere: a look that writes right now is waited for, not met
        known = StripeEvent.objects.filter(id=event_id).values_list("stripe_customer", flat=True).first()
        if known is None:
            raise UnknownEvent
        customer = Customer.objects.select_for_update().filter(stripe_id=known).exclude(stripe_id="").first()
        event = StripeEvent.objects.select_for_update().get(id=event_id)
        event.replays += 1
        if customer is not None:
            event.chain_id = customer.chain_id
            event.state = EventState.RECEIVED
            event.handled_at = None
            event.error = ""
            event.ticket = ask_refresh(customer.chain_id, now=now)
            chain = Chain.objects.filter(id=customer.chain_id).first()
            if chain is not None:
                record_act(chain, "replay_event", by=by, now=now, reason=event_id, before={}, after={})
        event.save()
    return event


def adopt_events(customer: Customer, *, now: datetime) -> int:
    """Events that came before we knew their customer become its own; how many. In the platform's transaction."""
    waiting = StripeEvent.objects.filter(stripe_customer=customer.stripe_id, state=EventState.UNKNOWN)
    if not waiting.exists():
        return 0
    ticket = ask_refresh(customer.chain_id, now=now)
    return waiting.update(chain_id=customer.chain_id, state=EventState.RECEIVED, ticket=ticket)


def forget_events(*, now: datetime) -> bool:
    """Handled events go after EVENTS_KEPT; those that still wait for somebody stay."""
    return let_go(StripeEvent.objects.filter(received_at__lt=now - EVENTS_KEPT, state=EventState.HANDLED))


def _insert(row: StripeEvent) -> bool:
    """Whether the row was put in; False where one with its id is there, also one being put in right now."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True
