"""The demo's hundred days are plausible, the same for the same seed, and whole."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chains.models import Chain
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.availability import find_slots
from tenants.booking.domain.book import book
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.models import Booking
from tenants.catalogue.domain.warnings import warn_of_all
from tenants.catalogue.models import Service
from tenants.events.models import Usage
from tenants.extension.manifest import DemoChain, Manifest, words
from tenants.extension.registry import verticals
from tenants.members.models import Member
from tenants.people.domain.rights import Actor
from tenants.people.models import Role
from tenants.stores.models import Store
from tests.ground.cast import NOW
from tests.ground.chains import make_chain
from web.dev.seeding.chain import MEMBERS, ChainSeeder, _days_off
from web.dev.seeding.demo import _seed_chain, read_logins, seed_demo
from web.dev.seeding.plan import (
    AHEAD_DAYS,
    HISTORY_DAYS,
    Hours,
    Outcome,
    Planner,
    PlanPerson,
    PlanService,
    PlanStore,
    Visit,
    hours_around,
)

CHAINS = [(manifest, demo) for manifest in verticals() for demo in manifest.demo]


def _plan(manifest: Manifest, demo: DemoChain, *, seed: int = 7, now: datetime = NOW) -> list[Visit]:
    services = [
        PlanService(key, one.minutes, one.prepare, one.clean_up, one.step, one.skill["en"])
        for key, one in enumerate(manifest.services)
        if one.booked_as == "time"
    ]
    rng, busy = random.Random(seed), {}
    visits: list[Visit] = []
    local = now.astimezone(ZoneInfo(demo.time_zone))
    for key, store in enumerate(demo.stores):
        usual = Hours(store.opens, store.closes)
        people = tuple(
            PlanPerson(place, frozenset(person.skills), frozenset(_days_off(place)))
            for place, person in enumerate(store.people)
        )
        plan = PlanStore(
            key, ZoneInfo(demo.time_zone), usual, hours_around(local.hour * 60 + local.minute, usual), people,
            demo.busy_hours, demo.busy_weekdays, demo.no_show_share, demo.cancel_share,
        )  # fmt: skip
        visits += Planner(rng, plan, services, MEMBERS, now, busy).days()
    return visits


@pytest.mark.parametrize(("manifest", "demo"), CHAINS, ids=[demo.slug for _, demo in CHAINS])
def test_a_practitioner_is_never_planned_twice_at_a_time(manifest: Manifest, demo: DemoChain) -> None:
    taken = defaultdict(list)
    for visit in _plan(manifest, demo):
        taken[visit.store, visit.person].append((visit.claim_starts_at, visit.claim_ends_at))
    overlaps = [
        (before, after)
        for spans in taken.values()
        for before, after in zip(sorted(spans), sorted(spans)[1:], strict=False)
        if after[0] < before[1]
    ]
    assert overlaps == []


@pytest.mark.parametrize(("manifest", "demo"), CHAINS, ids=[demo.slug for _, demo in CHAINS])
def test_a_member_has_one_visit_a_day(manifest: Manifest, demo: DemoChain) -> None:
    zone = ZoneInfo(demo.time_zone)
    days = [(visit.member, visit.starts_at.astimezone(zone).date()) for visit in _plan(manifest, demo)]
    assert len(days) == len(set(days))


@pytest.mark.parametrize(("manifest", "demo"), CHAINS, ids=[demo.slug for _, demo in CHAINS])
def test_the_next_fourteen_days_are_30_to_80_percent_full(manifest: Manifest, demo: DemoChain) -> None:
    zone = ZoneInfo(demo.time_zone)
    today = NOW.astimezone(zone).date()
    taken: dict[int, float] = defaultdict(float)
    for visit in _plan(manifest, demo):
        if visit.outcome != Outcome.CANCELLED:
            day = (visit.starts_at.astimezone(zone).date() - today).days
            taken[day] += (visit.claim_ends_at - visit.claim_starts_at).total_seconds() / 60
    # who only gives sessions has no visits by the time to be full of
    by_time = {one.skill["en"] for one in manifest.services if one.booked_as == "time"}
    full = {}
    # who leads sessions alone is planned by them, not by single bookings
    by_time = {one.skill["en"] for one in manifest.services if one.booked_as == "time"}
    for day in range(1, AHEAD_DAYS + 1):
        weekday = (today + timedelta(days=day)).isoweekday()
        shifts = sum(
            store.closes - store.opens
            for store in demo.stores
            for place, person in enumerate(store.people)
            if weekday not in _days_off(place) and by_time & set(person.skills)
        )
        full[day] = taken[day] / shifts
    assert {day: share for day, share in full.items() if not 0.3 <= share <= 0.8} == {}


def test_the_same_seed_plans_the_same_and_another_one_differs() -> None:
    manifest, demo = CHAINS[0]
    assert _plan(manifest, demo, seed=1) == _plan(manifest, demo, seed=1)
    assert _plan(manifest, demo, seed=1) != _plan(manifest, demo, seed=2)


def test_ninety_days_of_history_are_over_and_today_has_all_kinds() -> None:
    manifest, demo = next((one, demo) for one, demo in CHAINS if demo.slug == "qibai")
    visits = _plan(manifest, demo)
    today = NOW.astimezone(ZoneInfo(demo.time_zone)).date()
    days = {(visit.starts_at.astimezone(ZoneInfo(demo.time_zone)).date() - today).days for visit in visits}
    assert (min(days), max(days)) == (-HISTORY_DAYS, AHEAD_DAYS)
    past = {visit.outcome for visit in visits if visit.ends_at < NOW - timedelta(hours=1)}
    assert past == {Outcome.COMPLETED, Outcome.CANCELLED, Outcome.NO_SHOW}
    ahead = {visit.outcome for visit in visits if visit.starts_at > NOW}
    assert ahead == {Outcome.CONFIRMED, Outcome.CANCELLED}


@pytest.mark.parametrize(("manifest", "demo"), CHAINS, ids=[demo.slug for _, demo in CHAINS])
def test_today_is_half_done_at_any_hour_of_the_start(manifest: Manifest, demo: DemoChain) -> None:
    zone = ZoneInfo(demo.time_zone)
    midnight = NOW.astimezone(zone).replace(hour=0, minute=0)
    told = {}
    # every third hour in each chain, all of them in three
    hours = range(3 + CHAINS.index((manifest, demo)) % 3, 21, 3)
    for hour in hours:
        now = midnight + timedelta(hours=hour, minutes=10)
        today = [
            visit
            for visit in _plan(manifest, demo, now=now)
            if visit.starts_at.astimezone(zone).date() == midnight.date()
        ]
        here = {visit.outcome for visit in today if visit.starts_at < now}
        ahead = {visit.outcome for visit in today if visit.starts_at > now}
        told[hour] = (
            {Outcome.COMPLETED, Outcome.ARRIVED} <= here,
            Outcome.CONFIRMED in ahead,
        )
    assert told == dict.fromkeys(hours, (True, True))


@pytest.mark.parametrize(
    ("minute", "hours"),
    [
        (0, Hours(0, 720)),
        (200, Hours(0, 720)),
        (540, Hours(360, 1080)),
        (675, Hours(480, 1200)),
        (779, Hours(570, 1290)),
        (780, Hours(600, 1320)),
        (1140, Hours(600, 1320)),
        (1141, Hours(630, 1350)),
        (1439, Hours(720, 1440)),
    ],
)
def test_hours_lie_around_the_start_only_where_the_usual_ones_do_not(minute: int, hours: Hours) -> None:
    assert hours_around(minute, Hours(600, 1320)) == hours


@pytest.mark.parametrize("slug", ["shanye", "juli", "mingjing", "qibai"])
def test_a_seeded_chain_is_whole(committed: None, slug: str) -> None:
    manifest, demo = next((one, demo) for one, demo in CHAINS if demo.slug == slug)
    chain = make_chain(slug, locale=demo.locale, currency=demo.currency, country=demo.country)
    with chain_scope(chain):
        done = ChainSeeder(chain, demo, manifest, now=NOW, seed=7).seed()
        assert check_bookings() == []
        assert Booking.objects.count() == done.bookings
        assert {login.role for login in read_logins()} == {*Role.values, "member"}
        assert warn_of_all() == []
        for english, kind in demo.takes.items():
            _book_next(demo, english, kind)
        assert check_bookings() == []


def _book_next(demo: DemoChain, english: str, kind: str) -> None:
    """The service's first free time in the first store takes a person and a thing of that kind."""
    locale, store = demo.locale, Store.objects.order_by("position").first()
    template = next(one for manifest, _ in CHAINS for one in manifest.services if one.names["en"] == english)
    service = Service.objects.get(name=words(template.names, locale))
    assert store is not None
    days = [NOW.date() + timedelta(days=n) for n in range(1, 12)]
    _offering, found = find_slots(store.id, service.id, days=days, now=NOW)
    slot = next(slot for day in found for slot in day.slots)
    member = Member.objects.create(name=english, created_at=NOW)
    by = Actor(member_id=member.id)
    booking = book(service.id, store_id=store.id, starts_at=slot.starts_at, by=by, now=NOW)
    kinds = set(booking.claims.values_list("resource__kind", flat=True))
    assert kinds == {"practitioner", kind}
    assert booking.status == ("held" if english in demo.deposits else "confirmed")


def test_a_second_start_tells_the_addresses_of_now(committed: None, settings, tmp_path, monkeypatch) -> None:
    manifest, demo = next((one, demo) for one, demo in CHAINS if demo.slug == "shanye")
    monkeypatch.setattr("web.dev.seeding.demo.verticals", lambda: (replace(manifest, demo=(demo,)),))
    settings.DATA = tmp_path
    told: list[str] = []
    for base in ("localhost:8000", "localhost:9000"):
        settings.BASE = base
        seed_demo(now=NOW, seed=7, tell=told.append)
        written = json.loads((tmp_path / "demo.json").read_text())
        assert [chain["url"] for chain in written["chains"]] == [f"http://shanye.{base}/"]
        assert {login["role"] for login in written["logins"]} == {"operator", "member", *Role.values}
        assert {login["url"].split("/")[2] for login in written["logins"]} == {base, f"shanye.{base}"}
    assert len(told) == 1


def test_a_seeded_chains_figures_stand_in_the_console(committed: None) -> None:
    manifest, demo = min(CHAINS, key=lambda pair: len(pair[1].stores))
    assert _seed_chain(manifest, demo, now=NOW, seed=7, tell=str) is not None
    with platform_scope():
        chain = Chain.objects.get(slug=demo.slug)
    assert set(chain.figures) == {"stores", "employees", "members", "bookings_30d"}
    assert (chain.figures["stores"], chain.figures["members"]) == (len(demo.stores), MEMBERS)
    with chain_scope(chain):
        counted = sum(Usage.objects.filter(metric="bookings").values_list("count", flat=True))
        assert counted == Booking.objects.count() > 0
    assert chain.figures["bookings_30d"] > 0 and chain.figures["employees"] > len(demo.stores)
