"""What is offered where: a service at a store, with all that booking it needs to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.catalogue.models import BookedAs, Offer, Service
from tenants.catalogue.models import Need as NeedRow
from tenants.extension.calls import extra_needs
from tenants.extension.hooks import NeedsAsked
from tenants.extension.registry import plugins_on
from tenants.people.domain.rights import NotSeen
from tenants.stores.models import Store

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

    @property
    def needs_party(self) -> bool:
        """Whether what can serve depends on the party's size."""
        return any(role.fits_party for role in self.roles)

    @property
    def needs_person(self) -> bool:
        """Whether a practitioner serves at all."""
        return not self.roles or any(role.kind == PRACTITIONER for role in self.roles)


_FIELDS = (
    "store_id", "active", "price_amount", "store__active", "store__name", "store__time_zone", "store__country",
    "store__latitude", "store__longitude", "service__active",
    "service__online", "service__name", "service__minutes", "service__prepare", "service__clean_up",
    "service__step", "service__price_amount", "service__currency", "service__lead",
    "service__horizon_days", "service__notice", "service__booked_as", "store__verticals",
)  # fmt: skip


# The stated needs of an offer's service, in order, as one array of JSON beside the offer's row.
_NEEDS = ArraySubquery(
    NeedRow.objects.filter(service=OuterRef("service_id"))
    .order_by("position")
    .annotate(skill_ids=ArraySubquery(NeedRow.skills.through.objects.filter(need=OuterRef("id")).values("skill_id")))
    .values(
        json=JSONObject(
            role="role", kind="kind", from_minute="from_minute", minutes="minutes", prepare="prepare",
            clean_up="clean_up", count="count", fits_party="fits_party", tags="tags", skills=F("skill_ids"),
        )
    )
)  # fmt: skip
_SKILLS = ArraySubquery(
    Service.skills.through.objects.filter(service=OuterRef("service_id")).values("skill_id")
)


def read_offering(store_id: UUID, service_id: UUID, *, by_staff: bool = False) -> Offering:
    """The service as this store offers it, in one query.

    Members are offered what is bookable online; staff book whatever the store offers. Raises NotSeen
    for a store or service that is not there or closed down, NotOffered otherwise.
    """
    row = _rows(service_id).filter(store_id=store_id).first()
    if row is None or not row["active"] or not row["service__active"] or not row["store__active"]:
        raise _no_offer(store_id, service_id)
    if not by_staff and not row["service__online"]:
        raise NotOffered(params={"service": row["service__name"], "store": row["store__name"]})
    return _offering(row, service_id, by_staff=by_staff)


def read_offerings(
    service_id: UUID, *, stores: Sequence[UUID] | None = None, by_staff: bool = False
) -> list[Offering]:
    """The service at each store that offers it (of those named; None is all), in the stores' order; one query."""
    rows = _rows(service_id).filter(active=True, service__active=True, store__active=True)
    if not by_staff:
        rows = rows.filter(service__online=True)
    if stores is not None:
        rows = rows.filter(store_id__in=stores)
    return [
        _offering(row, service_id, by_staff=by_staff)
        for row in rows.order_by("store__position", "store__name", "store_id")
    ]


def _rows(service_id: UUID) -> Any:
    return Offer.objects.filter(service_id=service_id).values(*_FIELDS, needs=_NEEDS, skills=_SKILLS)


def _offering(row: Mapping[str, Any], service_id: UUID, *, by_staff: bool) -> Offering:
    price = row["price_amount"]
    roles = roles_of(_needs_of(row, service_id), main_skills=row["skills"])
    before, after = row["service__prepare"], row["service__clean_up"]
    if roles:
        before, after = overhang(roles, row["service__minutes"])
    latitude, longitude = row["store__latitude"], row["store__longitude"]
    return Offering(
        store_id=row["store_id"],
        store_name=row["store__name"],
        zone=ZoneInfo(row["store__time_zone"]),
        country=row["store__country"],
        service_id=service_id,
        service_name=row["service__name"],
        need=Need(
            minutes=row["service__minutes"],
            prepare=before,
            clean_up=after,
            step=5 if by_staff else row["service__step"],
        ),
        price_amount=price if price is not None else row["service__price_amount"],
        currency=row["service__currency"],
        lead=timedelta(minutes=row["service__lead"]),
        horizon=timedelta(days=row["service__horizon_days"]),
        notice=row["service__notice"],
        booked_as=row["service__booked_as"],
        roles=roles,
        verticals=tuple(row["store__verticals"]),
        place=(latitude, longitude) if latitude is not None else None,
    )


def _needs_of(row: Mapping[str, Any], service_id: UUID) -> list[Mapping[str, Any]]:
    """The rows of the service's stated needs, and those that plug-ins add.

    What a plug-in adds stands beside a practitioner for the whole service, where none was stated.
    """
    stated: list[Mapping[str, Any]] = list(row["needs"])
    minutes, before, after = row["service__minutes"], row["service__prepare"], row["service__clean_up"]
    asked = NeedsAsked(service_id, minutes)
    plugins = [plugin for plugin in plugins_on(row["store__verticals"]) if plugin.hooks.needs is not None]
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


def zone_of_store(store_id: UUID) -> ZoneInfo:
    """The zone in which the store's clocks and dates are read. Raises NotSeen."""
    name = Store.objects.filter(id=store_id).values_list("time_zone", flat=True).first()
    if name is None:
        raise NotSeen
    return ZoneInfo(name)
