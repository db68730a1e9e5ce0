"""What is offered where: a service at a store, with all that booking it needs to know."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from chains.postgresql.ask import Question, ask
from chains.refusals import Refusal
from chains.scope import current
from tenants.catalogue.models import BookedAs, Service
from tenants.extension.calls import extra_needs
from tenants.extension.hooks import NeedsAsked
from tenants.extension.registry import plugins_on
from tenants.people.domain.rights import NotSeen
from tenants.stores.models import Store

from .known import known
from .needs import MAIN_ROLE, PRACTITIONER, Role, overhang, roles_of
from .search import Need


class NotOffered(Refusal):
    """The store does not offer the service, or not to whoever asks."""

    code = "not_offered"
    status = 422
    title = _("Not offered here")
    detail = _("“%(service)s” cannot be booked at %(store)s.")
    fix = _("Choose another service, or another shop.")


class NotByTime(Refusal):
    """The service is booked by session or pickup window, not at a time of one's own."""

    code = "not_by_time"
    status = 422
    title = _("Not booked by time")
    detail = _("“%(service)s” is booked by choosing one of its scheduled times.")
    fix = _("Choose a session or a pickup window.")


@dataclass(frozen=True, slots=True)
class Offering:
    """A service at a store. Price in minor units of `currency`; `notice` in minutes before the start.

    `roles` are the stated needs and those of plug-ins; none is one practitioner for the whole service.
    `verticals` are the store's switches.
    `place` are the store's latitude and longitude in degrees, where they are known.
    """

    store_id: UUID
    store_name: str
    zone: ZoneInfo
    country: str
    service_id: UUID
    service_name: str
    need: Need
    price_amount: int
    currency: str
    lead: timedelta
    horizon: timedelta
    notice: int
    booked_as: str = BookedAs.TIME
    roles: tuple[Role, ...] = ()
    verticals: tuple[str, ...] = ()
    place: tuple[float, float] | None = None
    store_translations: Mapping[str, Any] = field(default_factory=dict, compare=False)
    service_translations: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def needs_party(self) -> bool:
        """Whether what can serve depends on the party's size."""
        return any(role.fits_party for role in self.roles)

    @property
    def needs_person(self) -> bool:
        """Whether a practitioner serves at all."""
        return not self.roles or any(role.kind == PRACTITIONER for role in self.roles)


def priced(offering: Offering, amount: int) -> Offering:
    """The offering at that price."""
    return offering if offering.price_amount == amount else replace(offering, price_amount=amount)


# The offer with its store, its service and the stated needs in order, as tuples: an ORM query of this size
# takes longer to put into words than PostgreSQL takes to answer it, and every search begins with it.
_OFFERS = """
SELECT o.store_id, o.active, o.price_amount, st.active, st.name, st.time_zone, st.country, st.latitude,
  st.longitude, st.verticals, sv.active, sv.online, sv.name, sv.minutes, sv.prepare, sv.clean_up, sv.step,
  sv.price_amount, sv.currency, sv.lead, sv.horizon_days, sv.notice, sv.booked_as,
  (SELECT json_agg(json_build_object(
      'role', n.role, 'kind', n.kind, 'from_minute', n.from_minute, 'minutes', n.minutes, 'prepare', n.prepare,
      'clean_up', n.clean_up, 'count', n.count, 'fits_party', n.fits_party, 'tags', n.tags,
      'skills', ARRAY(SELECT skill_id FROM catalogue_need_skills WHERE need_id = n.id)) ORDER BY n.position)::text
    FROM catalogue_need n WHERE n.service_id = o.service_id),
  ARRAY(SELECT skill_id FROM catalogue_service_skills WHERE service_id = o.service_id),
  st.translations::text, sv.translations::text
FROM catalogue_offer o JOIN stores_store st ON st.id = o.store_id JOIN catalogue_service sv ON sv.id = o.service_id
WHERE o.service_id = %s AND (%s::uuid[] IS NULL OR o.store_id = ANY(%s::uuid[]))
ORDER BY st.position, st.name, o.store_id
"""


# What a row alone makes an offering of, no plug-in adding needs of its own.
_remembered: dict[tuple[str, UUID, UUID, bool], tuple[_Row, Offering]] = {}
_MOST_REMEMBERED = 10_000


class _Row(NamedTuple):
    store_id: UUID
    active: bool
    own_price: int | None
    store_active: bool
    store_name: str
    time_zone: str
    country: str
    latitude: float | None
    longitude: float | None
    verticals: list[str]
    service_active: bool
    online: bool
    service_name: str
    minutes: int
    prepare: int
    clean_up: int
    step: int
    price: int
    currency: str
    lead: int
    horizon_days: int
    notice: int
    booked_as: str
    needs: str | None
    skills: list[UUID]
    store_translations: str
    service_translations: str

    @property
    def stands(self) -> bool:
        """Whether offer, service and store are all in use."""
        return self.active and self.service_active and self.store_active


def read_offering(store_id: UUID, service_id: UUID, *, by_staff: bool = False) -> Offering:
    """The service as this store offers it, in one query.

    Members are offered what is bookable online; staff book whatever the store offers. Raises NotSeen
    for a store or service that is not there or closed down, NotOffered otherwise.
    """
    return offering_from(
        ask(offering_question(store_id, service_id)), store_id, service_id, by_staff=by_staff
    )


def offering_question(store_id: UUID, service_id: UUID) -> Question[_Row | None]:
    """What read_offering reads; offering_from makes an offering of the answer."""
    return Question(
        _OFFERS, (service_id, [store_id], [store_id]), lambda rows: _Row(*rows[0]) if rows else None
    )


def offering_from(row: _Row | None, store_id: UUID, service_id: UUID, *, by_staff: bool) -> Offering:
    """The offering that was read. Raises as read_offering."""
    if row is None or not row.stands:
        raise _no_offer(store_id, service_id)
    if not by_staff and not row.online:
        raise NotOffered(params={"service": row.service_name, "store": row.store_name})
    key = current().schema, store_id, service_id, by_staff
    before = _remembered.get(key)
    if before is not None and before[0] == row:
        return before[1]
    offering = _offering(row, service_id, by_staff=by_staff)
    if not any(plugin.hooks.needs is not None for plugin in plugins_on(row.verticals)):
        if len(_remembered) >= _MOST_REMEMBERED:
            _remembered.clear()
        _remembered[key] = row, offering
    return offering


def remembered(store_id: UUID, service_id: UUID, *, by_staff: bool) -> tuple[_Row, Offering] | None:
    """What was offered when this process last read it, and the row it was made of: held against the row every time."""
    return _remembered.get((current().schema, store_id, service_id, by_staff))


def read_offerings(
    service_id: UUID, *, stores: Sequence[UUID] | None = None, by_staff: bool = False
) -> list[Offering]:
    """The service at each store that offers it (of those named; None is all), in the stores' order; one query."""
    return [
        _offering(row, service_id, by_staff=by_staff)
        for row in _rows(service_id, stores)
        if row.stands and (by_staff or row.online)
    ]


def _rows(service_id: UUID, stores: Sequence[UUID] | None) -> Iterator[_Row]:
    named = None if stores is None else list(stores)
    return ask(Question(_OFFERS, (service_id, named, named), lambda rows: iter([_Row(*row) for row in rows])))


def _offering(row: _Row, service_id: UUID, *, by_staff: bool) -> Offering:
    roles = roles_of(_needs_of(row, service_id), main_skills=row.skills)
    before, after = row.prepare, row.clean_up
    if roles:
        before, after = overhang(roles, row.minutes)
    return Offering(
        store_id=row.store_id,
        store_name=row.store_name,
        zone=ZoneInfo(row.time_zone),
        country=row.country,
        service_id=service_id,
        service_name=row.service_name,
        need=Need(minutes=row.minutes, prepare=before, clean_up=after, step=5 if by_staff else row.step),
        price_amount=row.own_price if row.own_price is not None else row.price,
        currency=row.currency,
        lead=timedelta(minutes=row.lead),
        horizon=timedelta(days=row.horizon_days),
        notice=row.notice,
        booked_as=row.booked_as,
        roles=roles,
        verticals=tuple(row.verticals),
        place=(row.latitude, row.longitude)
        if row.latitude is not None and row.longitude is not None
        else None,
        store_translations=json.loads(row.store_translations),
        service_translations=json.loads(row.service_translations),
    )


def known_store(offering: Offering) -> Store:
    """The store as far as the offering tells of it: its names and zone."""
    store = known(Store, id=offering.store_id, name=offering.store_name, time_zone=offering.zone.key)
    store.translations = dict(offering.store_translations)
    return store


def known_service(offering: Offering) -> Service:
    """The service as far as the offering tells of it: its names."""
    service = known(Service, id=offering.service_id, name=offering.service_name)
    service.translations = dict(offering.service_translations)
    return service


def _needs_of(row: _Row, service_id: UUID) -> list[Mapping[str, Any]]:
    """The rows of the service's stated needs, and those that plug-ins add.

    What a plug-in adds stands beside a practitioner for the whole service, where none was stated.
    """
    stated: list[Mapping[str, Any]] = json.loads(row.needs) if row.needs else []
    minutes, before, after = row.minutes, row.prepare, row.clean_up
    asked = NeedsAsked(service_id, minutes)
    plugins = [plugin for plugin in plugins_on(row.verticals) if plugin.hooks.needs is not None]
    added = [(plugin.code, need) for plugin in plugins for need in extra_needs([plugin], asked)]
    if not added:
        return stated
    whole = {"from_minute": 0, "minutes": minutes, "count": 1, "fits_party": False, "tags": [], "skills": []}
    if not stated:
        main = {"role": MAIN_ROLE, "kind": PRACTITIONER, "prepare": before, "clean_up": after}
        stated = [{**whole, **main}]
    return [
        *stated,
        *(
            {
                **whole,
                "role": f"{code}-{number}",
                "kind": need.kind,
                "prepare": need.before,
                "clean_up": need.after,
                "count": need.count,
                "fits_party": need.fits_party,
                "tags": list(need.tags),
            }
            for number, (code, need) in enumerate(added, start=1)
        ),
    ]


def require_by_time(offering: Offering) -> None:
    """Raise NotByTime for what is booked by session or pickup window."""
    if offering.booked_as != BookedAs.TIME:
        raise NotByTime(params={"service": offering.service_name})


def _no_offer(store_id: UUID, service_id: UUID) -> Refusal:
    store = Store.objects.filter(id=store_id, active=True).values_list("name", flat=True).first()
    service = Service.objects.filter(id=service_id).values_list("name", flat=True).first()
    if store is None or service is None:
        return NotSeen()
    return NotOffered(params={"service": service, "store": store})


def zone_in(row: _Row | None, store_id: UUID) -> ZoneInfo:
    """The zone of the store, as offering_question read it, or asked for where nothing is offered. Raises NotSeen."""
    return ZoneInfo(row.time_zone) if row is not None else zone_of_store(store_id)


def zone_of_store(store_id: UUID) -> ZoneInfo:
    """The zone in which the store's clocks and dates are read. Raises NotSeen."""
    name = Store.objects.filter(id=store_id).values_list("time_zone", flat=True).first()
    if name is None:
        raise NotSeen
    return ZoneInfo(name)
