"""Bookings, redemptions and availability over HTTP: of ours, of a bare Django view and of pretix, in turns.

Ours goes through the shipped server and address: token, permission, idempotency key, outbox, roles.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.beside import NotThere
from bench.ground import Ground
from bench.load import CLIENTS, Asked, Measured, Request, Side, in_turns, measure_load
from bench.pretix.standing import standing_pretix
from bench.serving import serving

HOST = "traffic.tessera.test"
# 250 of a client in all, and a few before
ROUNDS, EACH, WARM_UP = 5, 50, 8


@dataclass
class Shop:
    """What the prepared chain holds; see prepare_traffic.py."""

    schema: str
    store: str
    service: str
    practitioners: list[str]
    resources: list[str]
    members: list[str]
    tokens: list[str]
    clerk: str
    codes: list[str]
    slots: list[str]


@dataclass(frozen=True)
class OverHttp:
    """What each took. Where pretix could not be installed there is a sentence in its place."""

    ours: Asked
    bare: Measured
    pretix: Asked | str
    week: Measured


def measure_over_http(ground: Ground, shop: Shop) -> OverHttp:
    """All servers stand at once and are asked one after the other, round by round."""
    with ExitStack() as standing:
        port, processes = standing.enter_context(
            serving(sys.executable, "config.wsgi:application", ground.environment(), alive="/livez")
        )
        ours, bare = Side(port, processes, each=EACH), standing.enter_context(_bare_view(ground, shop))
        # every worker has loaded its views and asked its first questions before anything is measured
        for warm_up in (_availability(shop, days=1), _bookings(shop, offset=0), _redemptions(shop)):
            measure_load(port, processes, warm_up, each=WARM_UP, first=ROUNDS * EACH)
        try:
            pretix = [standing.enter_context(standing_pretix(ground, rounds=ROUNDS))]
        except NotThere as why:
            pretix, missing = [], str(why)
        alone = in_turns(
            ours.turns(_bookings(shop, offset=CLIENTS), clients=1),
            *(one.ordered_alone for one in pretix),
            rounds=ROUNDS,
        )
        booking = in_turns(
            ours.turns(_bookings(shop, offset=0)),
            bare.turns(_bare_bookings(shop)),
            *(one.ordered for one in pretix),
            rounds=ROUNDS,
        )
        redemption = in_turns(
            ours.turns(_redemptions(shop)), *(one.checked_in for one in pretix), rounds=ROUNDS
        )
        week = _availability(shop, days=7)
        measure_load(port, processes, week, each=WARM_UP)
        return OverHttp(
            ours=Asked(alone[0], booking[0], redemption[0]),
            bare=booking[1],
            pretix=Asked(alone[1], booking[2], redemption[1]) if pretix else missing,
            week=measure_load(port, processes, week, clients=1, each=60),
        )


@contextmanager
def _bare_view(ground: Ground, shop: Shop) -> Iterator[Side]:
    """A view with the same two INSERTs and nothing around it, warmed up; see bench/bare."""
    environment = ground.environment(
        DJANGO_SETTINGS_MODULE="bench.bare.settings", BENCH_VARIANT="plain", BENCH_SCHEMA=shop.schema
    )
    with serving(sys.executable, "bench.bare.wsgi:application", environment, alive="/") as (port, processes):
        measure_load(port, processes, _bare_bookings(shop), each=WARM_UP, first=ROUNDS * EACH)
        yield Side(port, processes, each=EACH)


def _bookings(shop: Shop, *, offset: int) -> Callable[[int, int], Request]:
    def request(client: int, number: int) -> Request:
        who = client + offset
        body = {
            "store": shop.store,
            "service": shop.service,
            "starts_at": shop.slots[number],
            "practitioner": shop.practitioners[who],
        }
        return _post("/api/v1/bookings", body, shop.tokens[who], key=f"booking-{client}-{number}")

    return request


def _bare_bookings(shop: Shop) -> Callable[[int, int], Request]:
    def request(client: int, number: int) -> Request:
        # people and members of whom the other measurements book nothing
        who = client + CLIENTS + 1
        body = {
            "store": shop.store,
            "service": shop.service,
            "member": shop.members[80 + client],
            "practitioner": shop.practitioners[who],
            "resource": shop.resources[who],
            "starts_at": shop.slots[number],
        }
        return Request("POST", "/bookings", json.dumps(body), {"Content-Type": "application/json"})

    return request


def _redemptions(shop: Shop) -> Callable[[int, int], Request]:
    def request(client: int, number: int) -> Request:
        body = {"store": shop.store, "code": shop.codes[number * CLIENTS + client]}
        return _post("/api/v1/redemptions", body, shop.clerk, key=f"redemption-{client}-{number}")

    return request


def _availability(shop: Shop, *, days: int) -> Callable[[int, int], Request]:
    first, last = shop.slots[0][:10], shop.slots[48 * days][:10]
    address = f"/api/v1/availability?store={shop.store}&service={shop.service}&from={first}&to={last}"
    headers = {"Host": HOST, "Authorization": f"Bearer {shop.tokens[0]}"}

    def request(client: int, number: int) -> Request:
        return Request("GET", address, None, headers)

    return request


def _post(path: str, body: dict[str, str], token: str, *, key: str) -> Request:
    headers = {
        "Host": HOST,
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": key,
    }
    return Request("POST", path, json.dumps(body), headers)
