"""Clients that ask a web server one request after the other, and what their answers took."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from bench.serving import cpu_of

CLIENTS = 8


@dataclass(frozen=True)
class Request:
    """One request as it goes over the wire."""

    method: str
    path: str
    body: str | None
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Measured:
    """Some requests, the seconds until the last was answered, the web processes' CPU for them, each one's seconds."""

    seconds: float
    cpu_seconds: float
    times: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.times) / self.seconds

    @property
    def cpu(self) -> float:
        """Milliseconds of CPU a request."""
        return self.cpu_seconds * 1000 / len(self.times)

    @property
    def median(self) -> float:
        """Milliseconds that half of the requests took at most."""
        return sorted(self.times)[len(self.times) // 2] * 1000

    def __str__(self) -> str:
        return f"{self.rate:,.0f}/s, {self.cpu:.1f} ms CPU"


@dataclass(frozen=True)
class Asked:
    """What bookings of one client took, and bookings and redemptions of all clients."""

    alone: Measured
    booking: Measured
    redemption: Measured


def measure_load(
    port: int,
    processes: list[psutil.Process],
    make: Callable[[int, int], Request],
    *,
    clients: int = CLIENTS,
    each: int,
    first: int = 0,
) -> Measured:
    """What `each` requests of every client took, each client on a kept connection of its own.

    `make` tells a client's request by the numbers of both. Every answer must be 200 or 201: RuntimeError otherwise.
    """
    times: list[float] = []
    wrong: list[Any] = []

    def go(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for number in range(first, first + each):
            request = make(client, number)
            begun = time.perf_counter()
            connection.request(request.method, request.path, body=request.body, headers=dict(request.headers))
            answer = connection.getresponse()
            text = answer.read()
            times.append(time.perf_counter() - begun)
            if answer.status not in (200, 201):
                wrong.append((answer.status, text[:300]))

    before = cpu_of(processes)
    begun = time.perf_counter()
    threads = [threading.Thread(target=go, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - begun
    if wrong:
        raise RuntimeError(f"{len(wrong)} wrong answers, the first {wrong[0]}")
    if len(times) != clients * each:
        raise RuntimeError(f"{len(times)} answers to {clients * each} requests")
    return Measured(spent, cpu_of(processes) - before, tuple(times))


@dataclass(frozen=True)
class Side:
    """A web server that is asked in turns with others: `each` times by a client in a round."""

    port: int
    processes: list[psutil.Process]
    each: int

    def turns(
        self, make: Callable[[int, int], Request], *, clients: int = CLIENTS
    ) -> Callable[[int], Measured]:
        """What a round took, by the round's number."""
        return lambda turn: measure_load(
            self.port, self.processes, make, clients=clients, each=self.each, first=turn * self.each
        )


def in_turns(*sides: Callable[[int], Measured], rounds: int) -> list[Measured]:
    """What each side took over all rounds. A side is told the number of its round.

    One side follows the other in every round, so that a slow moment of the machine meets all of them.
    """
    taken = [[side(turn) for side in sides] for turn in range(rounds)]
    return [
        Measured(
            sum(part.seconds for part in parts),
            sum(part.cpu_seconds for part in parts),
            tuple(seconds for part in parts for seconds in part.times),
        )
        for parts in zip(*taken, strict=True)
    ]
