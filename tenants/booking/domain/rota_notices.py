"""What employees are told of leave and swaps: who is asked, who is answered, whose days have changed.

Nobody is told of what they did themselves. Planners see what is asked on their page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chains.outgoing import Message
from chains.refusals import Text
from tenants.events.domain.subscribers import Call, Happened
from tenants.people.models import Employee, LeaveRequest, RequestState, ShiftSwap
from tenants.stores.domain.spoken import Spoken, spoken
from tenants.stores.domain.words import words_of
from tenants.stores.models import Store

from .employee_messages import carry_all, employee_message
from .notices import OwnChain, own_chain

LEAVE: Mapping[str, Text] = MappingProxyType(
    {
        "leave.approved": gettext_lazy("%(chain)s: leave approved, %(start)s to %(end)s."),
        "leave.declined": gettext_lazy("%(chain)s: leave declined, %(start)s to %(end)s."),
    }
)
SWAP: Mapping[str, Text] = MappingProxyType(
    {
        "swap.asked": gettext_lazy("%(chain)s: %(who)s asks you to work %(day)s at %(store)s."),
        "swap.accepted": gettext_lazy(
            "%(chain)s: %(who)s will take over %(day)s at %(store)s. A manager still has to approve it."
        ),
        "swap.declined": gettext_lazy("%(chain)s: the swap of %(day)s at %(store)s is declined."),
        "swap.withdrawn": gettext_lazy("%(chain)s: the swap of %(day)s at %(store)s is off."),
        "swap.approved": gettext_lazy(
            "%(chain)s: the swap is approved. %(colleague)s works %(day)s at %(store)s."
        ),
    }
)
KINDS = frozenset(LEAVE) | frozenset(SWAP)
SUBJECT = gettext_lazy("Shifts and leave")


def tell_of_rota(event: Happened, *, now: datetime) -> Call | None:
    """Subscriber `rota_note`: the call that tells the employees whom the event concerns."""
    chain = own_chain()
    if event.kind in LEAVE:
        messages = _of_leave(event, chain=chain, now=now)
    else:
        messages = _of_swap(event, chain=chain, now=now)
    return carry_all(messages, chain=chain, now=now)


def _of_leave(event: Happened, *, chain: OwnChain, now: datetime) -> list[Message]:
    request = LeaveRequest.objects.select_related("employee__user").filter(id=event.subject_id).first()
    if request is None or not _hears(request.employee, event):
        return []
    zone = _zone_of(request.employee)

    def say(_language: str) -> str:
        words = str(LEAVE[event.kind]) % {
            "chain": chain.name,
            "start": spoken(request.starts_at, zone=zone, now=now),
            "end": spoken(request.ends_at, zone=zone, now=now),
        }
        return _with_answer(words, request.answer)

    return [employee_message(request.employee, say, subject=SUBJECT, key=event.key, chain=chain)]


def _of_swap(event: Happened, *, chain: OwnChain, now: datetime) -> list[Message]:
    swap = (
        ShiftSwap.objects.select_related("asker__user", "colleague__user", "store")
        .filter(id=event.subject_id)
        .first()
    )
    if swap is None or (event.kind == "swap.asked" and swap.state == RequestState.WITHDRAWN):
        return []
    today = now.astimezone(ZoneInfo(swap.store.time_zone)).date()

    def say(language: str) -> str:
        words = str(SWAP[event.kind]) % {
            "chain": chain.name,
            "who": (swap.asker if event.kind == "swap.asked" else swap.colleague).name,
            "colleague": swap.colleague.name,
            "store": words_of(swap.store, "name", language=language),
            "day": Spoken(swap.gives_on, today),
        }
        if swap.takes_on is not None and event.kind in ("swap.asked", "swap.approved"):
            words += _in_return(swap, swap.takes_on, event.kind, today)
        return _with_answer(words, swap.note if event.kind == "swap.asked" else swap.answer)

    people = [one for one in _concerned(swap, event) if _hears(one, event)]
    return [employee_message(one, say, subject=SUBJECT, key=event.key, chain=chain) for one in people]


def _concerned(swap: ShiftSwap, event: Happened) -> list[Employee]:
    """Who is told: the one asked, the one answered; both of what a planner decides on what both want."""
    if event.kind in ("swap.asked", "swap.withdrawn"):
        return [swap.colleague]
    agreed = event.payload.get("was") == RequestState.ACCEPTED
    return [swap.asker, swap.colleague] if agreed else [swap.asker]


def _in_return(swap: ShiftSwap, takes_on: date, kind: str, today: date) -> str:
    values = {"asker": swap.asker.name, "day": Spoken(takes_on, today)}
    if kind == "swap.asked":
        return _(" In return %(asker)s works your %(day)s.") % values
    return _(" %(asker)s works %(day)s.") % values


def _with_answer(words: str, answer: str) -> str:
    return f"{words} “{answer}”" if answer else words


def _hears(employee: Employee, event: Happened) -> bool:
    return employee.active and str(employee.id) != event.payload.get("by")


def _zone_of(employee: Employee) -> ZoneInfo:
    """The clock of a store where the person has a role; of the chain's first for a role in all of it."""
    held: list[UUID | None] = list(employee.grants.values_list("store_id", flat=True))
    stores = Store.objects.filter(active=True)
    own = stores.filter(id__in=[store for store in held if store is not None])
    found = own.order_by("id").first() or stores.order_by("id").first()
    return ZoneInfo(found.time_zone if found is not None else "UTC")
