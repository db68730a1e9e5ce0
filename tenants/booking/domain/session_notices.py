"""What is told of a session that was moved or called off to whoever gives it, or no longer does; each once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from chains.outgoing import Message
from chains.refusals import Text
from tenants.booking.models import Session, SessionState
from tenants.events.domain.subscribers import Call, Happened
from tenants.people.models import Employee
from tenants.stores.domain.spoken import spoken
from tenants.stores.domain.words import words_of

from .employee_messages import DAY_CHANGED, carry_all, employee_message
from .notices import OwnChain, own_chain

KINDS = frozenset({"session.moved", "session.called_off"})
NOW_THEN = _("%(chain)s: moved. %(service)s is now %(when)s, %(store)s, %(count)s booked.")
CALLED_OFF = _("%(chain)s: called off. %(service)s, %(when)s, %(store)s.")
NOT_YOURS = _("%(chain)s: no longer yours. %(service)s, %(when)s, %(store)s, was given to somebody else.")


def tell_of_session(event: Happened, *, now: datetime) -> Call | None:
    """Subscriber `session_note`: nobody is told of what they did themselves, nor of what was overtaken."""
    rows = Session.objects.select_related("store", "service", "pool", "practitioner__user")
    session = rows.filter(id=event.subject_id, version=event.version).first()
    if session is None:
        return None
    chain = own_chain()
    tell = _called_off if session.state == SessionState.CALLED_OFF else _moved
    return carry_all(tell(session, event, chain, now), chain=chain, now=now)


def _called_off(session: Session, event: Happened, chain: OwnChain, now: datetime) -> list[Message]:
    gives = session.practitioner
    if gives is None or not gives.active or str(gives.id) == event.payload.get("by"):
        return []
    return [_message(gives, CALLED_OFF, session.starts_at, session, event, chain, now)]


def _moved(session: Session, event: Happened, chain: OwnChain, now: datetime) -> list[Message]:
    before, did_it = event.payload["from"], event.payload.get("by")
    messages = []
    gives = session.practitioner
    if gives is not None and gives.active and str(gives.id) != did_it:
        messages.append(_message(gives, NOW_THEN, session.starts_at, session, event, chain, now))
    was = before["practitioner"]
    if was not in (None, did_it, str(session.practitioner_id)):
        gave = Employee.objects.select_related("user").filter(id=UUID(was), active=True).first()
        if gave is not None:
            moment = datetime.fromisoformat(before["starts_at"])
            messages.append(_message(gave, NOT_YOURS, moment, session, event, chain, now))
    return messages


def _message(
    to: Employee,
    template: Text,
    moment: datetime,
    session: Session,
    event: Happened,
    chain: OwnChain,
    now: datetime,
) -> Message:
    def say(language: str) -> str:
        return str(template) % {
            "chain": chain.name,
            "service": words_of(session.service, "name", language=language),
            "store": words_of(session.store, "name", language=language),
            "when": spoken(moment, zone=ZoneInfo(session.store.time_zone), now=now),
            "count": session.pool.taken,
        }

    return employee_message(to, say, subject=DAY_CHANGED, key=event.key, chain=chain)
