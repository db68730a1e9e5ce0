"""Who stands at the workbench, and at which store: from the session and the address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from tenants.people.domain.rights import Action, Actor, Forbidden, NotSeen, may, stores_where
from tenants.stores.domain.wall import DateMalformed, local_date, parse_day
from tenants.stores.models import Store
from web.staff.people import signed_in_actor, to_sign_in

HOME = "/workbench/"
REMEMBERED = "workbench_store"
# Who acts on a page of the staff, by one query; the owner's pages ask for it here too.
actor_of = signed_in_actor


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an employee works: who, at which store, which others are theirs, and when it is."""

    actor: Actor
    store: Store
    stores: tuple[Store, ...]
    zone: ZoneInfo
    now: datetime

    @property
    def today(self) -> date:
        """The store's date."""
        return local_date(self.now, self.zone)

    def may(self, action: Action) -> bool:
        """Whether to show what leads to the action here; the domain decides again when it is done."""
        return may(self.actor, action, store_id=self.store.id)


def stores_of(actor: Actor) -> tuple[Store, ...]:
    """The open stores whose day the actor may read, in the chain's order."""
    allowed = stores_where(actor, Action.READ_DAY)
    stores = Store.objects.filter(active=True)
    return tuple(stores if allowed is None else stores.filter(id__in=allowed))


def open_desk(request: HttpRequest, actor: Actor, store_id: UUID) -> Desk:
    """The desk at a store and its place in the session. Raises NotSeen for a store that is not theirs."""
    stores = stores_of(actor)
    store = next((one for one in stores if one.id == store_id), None)
    if store is None:
        raise NotSeen
    if request.session.get(REMEMBERED) != str(store.id):
        request.session[REMEMBERED] = str(store.id)
    return Desk(actor, store, stores, ZoneInfo(store.time_zone), timezone.now())


def at_desk(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view of one store: signed in, employed, and the store in the address is theirs, or 404."""

    @wraps(view)
    def guarded(request: HttpRequest, store: UUID, **kwargs: object) -> HttpResponseBase:
        actor = actor_of(request)
        if not actor.is_employee:
            return to_sign_in(request, home=HOME)
        return view(request, open_desk(request, actor, store), **kwargs)

    return guarded


def first_store(request: HttpRequest, actor: Actor) -> Store:
    """The store last worked at, else the first of theirs. Raises Forbidden for a role without a day."""
    stores = stores_of(actor)
    if not stores:
        raise Forbidden
    remembered = request.session.get(REMEMBERED)
    return next((one for one in stores if str(one.id) == remembered), stores[0])


def asked_day(request: HttpRequest, desk: Desk) -> date:
    """The date in the address (`on=YYYY-MM-DD`), today without one or with a wrong one."""
    text = request.GET.get("on", "")
    try:
        return parse_day(text) if text else desk.today
    except DateMalformed:
        return desk.today
