"""Opening a chain: what it needs first, in the order of the set-up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chains.models import Chain
from chains.scope import chain_scope, platform_scope
from tenants.catalogue.domain.opening import MISSING, NotReady, open_chain, what_is_missing
from tenants.catalogue.models import Offer
from tenants.people.domain.rights import Forbidden
from tenants.people.models import DayShift, Employee, WeeklyShift
from tenants.stores.models import OpeningHours, Store
from tests.ground.cast import NOW, Cast


@pytest.fixture()
def closed(cast: Cast) -> Cast:
    """Alpha, not open yet."""
    with platform_scope():
        Chain.objects.filter(id=cast.alpha.info.id).update(opened_at=None)
    return cast


TAKEN_AWAY = {
    "store": lambda: Store.objects.update(active=False),
    "hours": lambda: OpeningHours.objects.all().delete(),
    "service": lambda: Offer.objects.update(active=False),
    "practitioner": lambda: Employee.objects.filter(resource__isnull=False).update(active=False),
    "shifts": lambda: WeeklyShift.objects.all().delete(),
}
WITH_IT = {
    "store": ["store", "hours", "service", "shifts"],
    "practitioner": ["practitioner", "shifts"],
}


@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_is_said_and_keeps_the_chain_closed(closed: Cast, what: str) -> None:
    with chain_scope(closed.alpha.info):
        assert what_is_missing() == []
        TAKEN_AWAY[what]()
        assert what_is_missing() == WITH_IT.get(what, [what])
        with pytest.raises(NotReady) as refused:
            open_chain(by=closed.alpha.actors["owner"], now=NOW)
        assert [row["code"] for row in refused.value.extra["missing"]] == what_is_missing()
    with platform_scope():
        assert Chain.objects.get(id=closed.alpha.info.id).opened_at is None


def test_a_dated_shift_is_a_shift_and_a_day_off_is_none(cast: Cast) -> None:
    ya, north = cast.alpha.employees["practitioner"], cast.alpha.stores["north"]
    with chain_scope(cast.alpha.info):
        WeeklyShift.objects.all().delete()
        DayShift.objects.create(employee=ya, store=north, on=NOW.date())
        assert what_is_missing() == ["shifts"]
        DayShift.objects.create(employee=ya, store=north, on=NOW.date(), starts=540, ends=600)
        assert what_is_missing() == []


def test_the_first_opening_stays(closed: Cast) -> None:
    owner = closed.alpha.actors["owner"]
    with chain_scope(closed.alpha.info):
        assert open_chain(by=owner, now=NOW) == NOW
        assert open_chain(by=owner, now=NOW + timedelta(days=1)) == NOW


@pytest.mark.parametrize("role", ["store_manager", "clerk", "read_only", "su"])
def test_only_who_runs_the_chain_opens_it(closed: Cast, role: str) -> None:
    with chain_scope(closed.alpha.info), pytest.raises(Forbidden):
        open_chain(by=closed.alpha.actors[role], now=NOW)
