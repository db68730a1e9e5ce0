"""Which host leads where, and how fast a change is heard."""

from __future__ import annotations

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chains import hosts
from chains.hosts import announce_change, chain_at, forget_hosts
from chains.models import Chain, Domain
from chains.scope import platform_scope
from tests.ground.chains import TwoChains

pytestmark = pytest.mark.usefixtures("committed")
HOST = "alpha.tessera.test"


def test_a_known_host_leads_to_its_chain_and_an_unknown_one_nowhere(two_chains: TwoChains) -> None:
    assert chain_at(HOST) == two_chains.a
    assert chain_at("nobody.tessera.test") is None


def test_hosts_are_remembered_known_and_unknown(
    two_chains: TwoChains, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    chain_at(HOST)
    chain_at("nobody.tessera.test")
    with CaptureQueriesContext(connection) as queries:
        chain_at(HOST)
        chain_at("nobody.tessera.test")
    assert len(queries) == 0


def test_a_change_made_elsewhere_is_seen_after_the_cache_has_run_out(
    two_chains: TwoChains, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain_at(HOST)
    with platform_scope():
        Domain.objects.filter(domain=HOST).update(domain="moved.tessera.test")
    try:
        assert chain_at(HOST) == two_chains.a
        real = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: real() + hosts.CACHE_SECONDS + 1)
        assert chain_at(HOST) is None
    finally:
        with platform_scope():
            Domain.objects.filter(domain="moved.tessera.test").update(domain=HOST)


def test_a_change_announced_by_another_process_is_heard_within_a_second(
    two_chains: TwoChains, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain_at(HOST)
    with platform_scope():
        Chain.objects.filter(id=two_chains.a.id).update(name="Changed")
    try:
        hosts._valkey().incr(hosts._KEY)  # what announce_change does in the other process
        monkeypatch.setattr(hosts._heard, "look_at", 0.0)
        found = chain_at(HOST)
        assert found is not None and found.name == "Changed"
    finally:
        with platform_scope():
            Chain.objects.filter(id=two_chains.a.id).update(name="Alpha")


def test_a_change_rolled_back_is_not_announced(two_chains: TwoChains) -> None:
    before = hosts._valkey().get(hosts._KEY)
    with pytest.raises(ZeroDivisionError), platform_scope():
        announce_change()
        raise ZeroDivisionError
    assert hosts._valkey().get(hosts._KEY) == before


def test_without_valkey_hosts_are_still_found(two_chains: TwoChains, monkeypatch: pytest.MonkeyPatch) -> None:
    import redis

    class Gone:
        def get(self, key: str) -> bytes:
            raise redis.ConnectionError

    monkeypatch.setattr(hosts, "_valkey", Gone)
    monkeypatch.setattr(hosts._heard, "look_at", 0.0)
    forget_hosts()
    assert chain_at(HOST) == two_chains.a
