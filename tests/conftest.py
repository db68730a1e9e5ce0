"""One cast for all tests, and the ground they stand on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from django.test.client import ClientHandler
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from chains import hosts
from chains.hosts import forget_hosts
from chains.outgoing import wait_for_post
from chains.schemas.owner import owner_connection
from chains.schemas.public import secure_public
from tenants.events.domain import relay
from tests.bars import FULL
from tests.ground.browser import chromium, open_page, site
from tests.ground.cast import Cast, fill_alpha, fill_beta
from tests.ground.chains import TwoChains, empty_chain, empty_public, make_chain, tables_to_empty
from tests.ground.kept import Kept

# The same examples in every run, however slow the machine; in the full form other ones each time.
hypothesis_settings.register_profile(
    "tessera",
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)
hypothesis_settings.load_profile("tessera")

__all__ = ["chromium", "open_page", "site"]  # fixtures


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> None:
    """The database was made by tests.ground.plugin; here the platform's role of this copy gets its rights."""
    with owner_connection() as owner:
        secure_public(owner)


@pytest.fixture(scope="session", autouse=True)
def _one_middleware() -> Iterator[None]:
    """The test clients share what the first has loaded; one that is asked under other settings loads its own."""
    load, loaded, untouched = ClientHandler.load_middleware, {}, django_settings._wrapped
    kept = ("_view_middleware", "_template_response_middleware", "_exception_middleware", "_middleware_chain")

    def load_once(handler: ClientHandler, is_async: bool = False) -> None:
        if is_async or django_settings._wrapped is not untouched:
            load(handler, is_async)
            return
        if not loaded:
            load(handler)
            loaded.update({name: getattr(handler, name) for name in kept})
        vars(handler).update(loaded)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "load_middleware", load_once)
        yield


@pytest.fixture(autouse=True)
def _nothing_cached(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test starts with an empty host cache, which nothing empties in its midst but what it does itself.

    A look at the other processes' changes would come by the clock, and cost whoever counts queries one more.
    """
    monkeypatch.setattr(hosts._heard, "look_at", math.inf)
    forget_hosts()
    yield
    wait_for_post()  # what is sent aside does not come to be read by the next test
    forget_hosts()


@pytest.fixture(autouse=True)
def _second_factors_clock_stands(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A six-digit code never ages between being made and being typed, however slow the machine is.

    A browser talks to a second process, whose clock goes on.
    """
    if request.node.nodeid.startswith(("tests/api/", "tests/console/", "tests/web/")):
        clock = SimpleNamespace(time=lambda: 1_800_000_015)
        monkeypatch.setattr("allauth.mfa.totp.internal.auth.time", clock)


@pytest.fixture(autouse=True)
def _deliveries_take_no_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within this process the relay's stop-watch stands: on a slow machine one second later is another moment."""
    if not request.node.nodeid.startswith("tests/events/"):
        monkeypatch.setattr(relay, "time", SimpleNamespace(monotonic=lambda: 0.0))


@pytest.fixture()
def empty_cache() -> None:
    """Counters of rate limits start at nothing."""
    cache.clear()


@pytest.fixture(scope="session")
def two_chains_standing(django_db_setup: None, django_db_blocker: object) -> TwoChains:
    """Two chains that stand for the whole run of this worker."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        return TwoChains(a=make_chain("alpha", standing=True), b=make_chain("beta", standing=True))


@pytest.fixture()
def committed(django_db_setup: None, django_db_blocker: object) -> Iterator[None]:
    """Transactions of this test really commit; public rows it leaves are removed after it.

    For what a savepoint cannot show: scopes, threads, processes, hooks after the commit. Everything
    else takes `django_db`, whose transaction is rolled back.
    """
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield
        connection.close()
        empty_public()


@pytest.fixture()
def two_chains(committed: None, two_chains_standing: TwoChains) -> Iterator[TwoChains]:
    """Two chains with nothing in them; what the test commits there is removed after it."""
    yield two_chains_standing
    empty_chain(two_chains_standing.a)
    empty_chain(two_chains_standing.b)


# By the day it is, for a test that stands in another time has ids and dates of that one.
_kept: dict[date, Kept] = {}


@pytest.fixture()
def cast(two_chains: TwoChains) -> Cast:
    """The cast, fresh for each test, in the two standing chains; what a test commits is removed after it."""
    today = datetime.now(UTC).date()
    if today in _kept:
        found: Cast = _kept[today].write()
        return found
    made = Cast(alpha=fill_alpha(two_chains.a), beta=fill_beta(two_chains.b))
    chains = (two_chains.a, two_chains.b)
    tables = [name for chain in chains for name in tables_to_empty(chain.schema_name)]
    _kept[today] = Kept(made, tables, chains=chains)
    return made
