"""Stores: what can be said of one, and when it is open. Who may say it is people's business (places)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TypedDict
from uuid import UUID
from zoneinfo import available_timezones

import phonenumbers
from babel.numbers import list_currencies
from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from chains.domain.entitlements import Limit, require_room
from chains.refusals import FieldError, Refusal, require_version
from tenants.stores.domain.phones import normalise_phone
from tenants.stores.domain.plans import tell_plan_changed
from tenants.stores.domain.spoken import Spoken, SpokenWeekday
from tenants.stores.domain.wall import RangeBackwards
from tenants.stores.models import Closure, OpeningHours, Ownership, Store


class StoreWrong(Refusal):
    """A zone, currency, country or kind of ownership that does not exist; `errors` name them."""

    code = "store_wrong"
    status = 422
    title = _("This store cannot be kept")
    detail = _("Some of what was said of the store does not exist.")
    fix = _("Correct the fields that are named.")


class HoursPastMidnight(Refusal):
    """A span that ends before it begins."""

    code = "hours_past_midnight"
    status = 422
    title = _("Hours end before they begin")
    detail = _("Hours of one day cannot run past midnight: they begin at %(from)s and end at %(to)s.")
    fix = _("End the day at 24:00 and write the rest on the next day.")


class HoursOverlap(Refusal):
    """Two spans of a day share time."""

    code = "hours_overlap"
    status = 422
    title = _("Hours overlap")
    detail = _("Two spans of %(day)s overlap.")
    fix = _("Join them, or move one.")


class StoreFields(TypedDict, total=False):
    """What can be said of a store. `country` is ISO 3166, `currency` ISO 4217, `time_zone` IANA."""

    name: str
    translations: dict[str, dict[str, str]]
    time_zone: str
    currency: str
    country: str
    phone: str
    address: str
    directions: str
    latitude: float | None
    longitude: float | None
    position: int
    active: bool
    ownership: str
    verticals: list[str]


@dataclass(frozen=True, slots=True)
class DayHours:
    """A span of a weekday (ISO, 1 is Monday) in local minutes after midnight; `closes` up to 1440."""

    weekday: int
    opens: int
    closes: int


def create_store(fields: StoreFields) -> Store:
    """A new store, closed until it has hours; last in the list.

    Raises StoreWrong, PhoneInvalid; StoreLimitReached and ChainReadOnly for one that is in use.
    """
    values = _checked(fields, country=fields["country"])
    if fields.get("active", True):
        require_room(Limit.STORES, used=count_stores)
    last = Store.objects.aggregate(last=Max("position"))["last"] or 0
    return Store.objects.create(**{"position": last + 1, **values})


def change_store(store_id: UUID, fields: StoreFields, *, version: int | None = None) -> Store:
    """Change what is named.

    Raises Store.DoesNotExist, StaleVersion, StoreWrong, PhoneInvalid; StoreLimitReached and ChainReadOnly
    where the store is taken into use again.
    """
    store = Store.objects.select_for_update().get(id=store_id)
    require_version(store.version, version)
    checked = _checked(fields, country=fields.get("country", store.country))
    if fields.get("active", False) and not store.active:
        require_room(Limit.STORES, used=count_stores)
    for field, value in checked.items():
        setattr(store, field, value)
    store.version += 1
    store.save()
    return store


def count_stores() -> int:
    """How many stores of the active chain are in use: what its plan counts."""
    return Store.objects.filter(active=True).count()


def replace_hours(
    store: Store, hours: Sequence[DayHours], *, version: int | None = None
) -> list[OpeningHours]:
    """The weekly timetable from now on. Raises HoursPastMidnight, HoursOverlap, StaleVersion."""
    _require_order(hours)
    _change_calendar(store, version)
    OpeningHours.objects.filter(store=store).delete()
    return OpeningHours.objects.bulk_create(
        OpeningHours(store=store, weekday=row.weekday, opens=row.opens, closes=row.closes)
        for row in sorted(hours, key=lambda row: (row.weekday, row.opens))
    )


def close_days(store: Store, *, first: date, end: date, reason: str, version: int | None = None) -> Closure:
    """Close the store on `[first, end)`. Raises RangeBackwards for a range without a day, StaleVersion."""
    if first >= end:
        raise RangeBackwards(params={"from": Spoken(first), "to": Spoken(end)})
    _change_calendar(store, version)
    return Closure.objects.create(store=store, starts_on=first, ends_on=end, reason=reason.strip())


def reopen_days(store: Store, closure_id: UUID) -> bool:
    """Take a closure back; False where the store has no such one."""
    gone = Closure.objects.filter(id=closure_id, store=store).delete()[0]
    if gone:
        _change_calendar(store, None)
    return bool(gone)


def _change_calendar(store: Store, version: int | None) -> None:
    """Lock the store's calendar (hours and closures) and count the change. Raises StaleVersion."""
    current = Store.objects.select_for_update().values_list("calendar_version", flat=True).get(id=store.id)
    require_version(current, version)
    Store.objects.filter(id=store.id).update(calendar_version=F("calendar_version") + 1)
    tell_plan_changed()


def _checked(fields: StoreFields, *, country: str) -> dict[str, object]:
    values: dict[str, object] = dict(fields)
    wrong = []
    if "time_zone" in fields and fields["time_zone"] not in available_timezones():
        wrong.append(FieldError("time_zone", "invalid", _("There is no such time zone.")))
    if "currency" in fields and fields["currency"] not in list_currencies():
        wrong.append(FieldError("currency", "invalid", _("There is no such currency.")))
    if country not in phonenumbers.SUPPORTED_REGIONS:
        wrong.append(FieldError("country", "invalid", _("There is no such country.")))
    if fields.get("ownership", Ownership.OWN) not in Ownership.values:
        wrong.append(FieldError("ownership", "invalid", _("A store is own or franchise.")))
    wrong += _misplaced(fields)
    if wrong:
        raise StoreWrong(errors=wrong)
    if fields.get("phone"):
        values["phone"] = normalise_phone(fields["phone"], country=country)
    return values


def _misplaced(fields: StoreFields) -> list[FieldError]:
    """What is wrong with the place: both or neither, on the globe."""
    if "latitude" not in fields and "longitude" not in fields:
        return []
    latitude, longitude = fields.get("latitude"), fields.get("longitude")
    if (latitude is None) != (longitude is None):
        return [FieldError("longitude", "required", _("Give latitude and longitude together."))]
    if latitude is not None and longitude is not None and (abs(latitude) > 90 or abs(longitude) > 180):
        return [FieldError("latitude", "invalid", _("There is no such place on the globe."))]
    return []


def _require_order(hours: Sequence[DayHours]) -> None:
    ordered = sorted(hours, key=lambda row: (row.weekday, row.opens))
    for row in ordered:
        if row.opens >= row.closes:
            texts = [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (row.opens, row.closes)]
            raise HoursPastMidnight(params={"from": texts[0], "to": texts[1]})
    for before, after in pairwise(ordered):
        if before.weekday == after.weekday and after.opens < before.closes:
            raise HoursOverlap(params={"day": SpokenWeekday(before.weekday)})
