"""What a chain tells the platform about itself, from a sign-up to the console's columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin import AdminSite
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chains.domain.provisioning import run_once
from chains.due import lease_due, run_due
from chains.hosts import ChainInfo
from chains.models import Chain, DueWork
from chains.ports import ChainStart
from chains.scope import chain_scope, platform_scope
from console.admin import ChainAdmin
from tenants.booking.domain.figures import FIGURES, start_figures, write_figures
from tenants.booking.models import Booking, Status
from tenants.members.models import Member
from tenants.people.models import Employee
from tenants.stores.models import Store
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.chains.signups import NOW as SIGNED_UP
from tests.chains.signups import empty_outbox, verified
from tests.ground.cast import NOW, Cast


def _figures(chain: ChainInfo) -> dict[str, Any]:
    with platform_scope():
        return dict(Chain.objects.get(id=chain.id).figures)


@pytest.fixture(autouse=True)
def blank(committed: None) -> Iterator[None]:
    """The standing chains of the run have told nothing, before and after."""
    yield
    with platform_scope():
        Chain.objects.update(figures={})


def _work_off(*, now: datetime) -> None:
    for batch in lease_due(now=now):
        run_due(batch, now=now)


@pytest.mark.usefixtures("committed")
def test_a_new_chain_shows_its_figures_in_the_console_and_again_every_hour() -> None:
    empty_outbox()
    verified()
    assert run_once(now=SIGNED_UP) is True
    with platform_scope():
        chain = ChainInfo.of(Chain.objects.get(slug="qibai"))
    assert _figures(chain) == {}
    _work_off(now=SIGNED_UP)
    assert _figures(chain) == {"stores": 1, "employees": 1, "members": 0, "bookings_30d": 0}
    with platform_scope():
        row = Chain.objects.get(id=chain.id)
        admin = ChainAdmin(Chain, AdminSite())
        shown = [admin.stores(row), admin.employees(row), admin.members(row), admin.bookings_30d(row)]
        (again,) = DueWork.objects.filter(schema=chain.schema_name, kind=FIGURES)
    assert shown == [1, 1, 0, 0]
    assert again.due_at == SIGNED_UP.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def test_a_start_repeated_counts_once_an_hour_all_the_same(cast: Cast) -> None:
    chain = cast.alpha.info
    for seconds in (0, 2):
        with chain_scope(chain):
            start_figures(ChainStart(chain, "", "", "", NOW + timedelta(seconds=seconds)))
    _work_off(now=NOW)
    _work_off(now=NOW + timedelta(seconds=2))
    _work_off(now=NOW + timedelta(hours=1))
    with platform_scope():
        due = DueWork.objects.filter(schema=chain.schema_name, kind=FIGURES).values_list("due_at", flat=True)
        assert list(due) == [NOW + timedelta(hours=2)]


def test_the_figures_count_who_is_active_and_what_stood_in_five_queries(cast: Cast, desk: Desk) -> None:
    alpha = cast.alpha
    with chain_scope(alpha.info):
        bookings = [desk.book(MONDAY_TEN + timedelta(hours=2 * hour)) for hour in range(4)]
        Booking.objects.filter(id=bookings[0].id).update(status=Status.CANCELLED)
        Store.objects.filter(id=alpha.stores["dublin"].id).update(active=False)
        Employee.objects.filter(id=alpha.employees["practitioner"].id).update(active=False)
        with CaptureQueriesContext(connection) as queries:
            # the last of them is still to come then
            write_figures(now=bookings[3].starts_at)
        members = Member.objects.count()
    assert len(queries) == 5
    assert _figures(alpha.info) == {
        "stores": len(alpha.stores) - 1,
        "employees": len(alpha.employees) - 1,
        "members": members,
        "bookings_30d": 2,
    }
    assert _figures(cast.beta.info) == {}, "a chain writes its own figures alone"


@pytest.mark.parametrize(("days", "counted"), [(29, 1), (31, 0)])
def test_a_booking_counts_for_thirty_days(cast: Cast, desk: Desk, days: int, counted: int) -> None:
    with chain_scope(cast.alpha.info):
        starts_at: datetime = desk.book().starts_at
        write_figures(now=starts_at + timedelta(days=days))
    assert _figures(cast.alpha.info)["bookings_30d"] == counted
