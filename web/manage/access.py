"""Who stands in the office, what they may do, and which stores are theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from chains.hosts import ChainInfo
from tenants.people.domain.rights import Action, Actor, Forbidden, NotSeen, may, may_anywhere, stores_where
from tenants.stores.models import Store
from web.staff.people import signed_in_actor, to_sign_in

OFFICE = (Action.MANAGE_STORE, Action.MANAGE_PEOPLE, Action.MANAGE_SHIFTS, Action.MANAGE_CATALOGUE)


@dataclass(frozen=True, slots=True)
class Office:
    """An owner or manager at work: who, in which chain, and when it is."""

    actor: Actor
    chain: ChainInfo
    now: datetime

    def may(self, action: Action, store_id: UUID | None = None) -> bool:
        """Whether to show what leads to the action; the domain decides again when it is done."""
        return may(self.actor, action, store_id=store_id)

    def may_anywhere(self, action: Action) -> bool:
        """Whether the action is theirs at one store at least."""
        return may_anywhere(self.actor, action)

    def stores(self, action: Action, *, all_states: bool = False) -> list[Store]:
        """The stores where the action is theirs, in the chain's order; one query."""
        allowed = stores_where(self.actor, action)
        found = Store.objects.all() if all_states else Store.objects.filter(active=True)
        return list(found if allowed is None else found.filter(id__in=allowed))

    def store(self, store_id: UUID, action: Action) -> Store:
        """One of them. Raises NotSeen."""
        store = next((one for one in self.stores(action, all_states=True) if one.id == store_id), None)
        if store is None:
            raise NotSeen
        return store


View = Callable[..., HttpResponseBase]


def in_office(action: Action | None = None) -> Callable[[View], View]:
    """A page of the office: signed in, and the action (or any of the office's) is theirs somewhere.

    The view gets `(request, office, …)`. Forbidden for others.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            actor = signed_in_actor(request)
            if not actor.is_employee:
                return to_sign_in(request, home="/manage/")
            wanted = OFFICE if action is None else (action,)
            if not any(may_anywhere(actor, one) for one in wanted):
                raise Forbidden
            office = Office(actor, request.chain, timezone.now())  # type: ignore[attr-defined]
            return view(request, office, **kwargs)

        return guarded

    return wrap
