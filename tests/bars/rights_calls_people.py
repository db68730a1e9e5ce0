"""How the endpoints of those who serve and of those who wait are asked: days off, swaps, policies, the waiting list."""

from __future__ import annotations

from typing import Any

from tests.bars.rights_registry import CALLS, Body, Call, call, on_booking, on_store, simple
from tests.bars.rights_things import Things
from tests.bars.rights_world import ROLES, World, free_time

simple("GET /practitioner/day")
simple("GET /leave-requests")
simple("GET /swaps")
simple("GET /calendar-feed")
simple("POST /calendar-feed", body={})
simple("DELETE /calendar-feed")
simple(
    "POST /leave-requests",
    body={"starts_at": "2027-02-01T09:00:00+08:00", "ends_at": "2027-02-02T09:00:00+08:00"},
)
on_booking("POST /bookings/{booking_id}/running-late", "today", {"minutes": 15})


@call("POST /swaps")
def _ask_swap(world: World, column: str, at: Things) -> Call:
    colleague = world.cast.alpha.employees["second"].id
    return Call(body={"store": str(at.store), "colleague": str(colleague), "gives_on": "2027-01-25"})


def _wish(act: str, body: Body) -> None:
    CALLS[f"POST /leave-requests/{{request_id}}/{act}"] = lambda world, column, at: Call(
        {"request_id": at.wish}, body=body
    )


def _swap(act: str, which: str) -> None:
    CALLS[f"POST /swaps/{{swap_id}}/{act}"] = lambda world, column, at: Call(
        {"swap_id": getattr(at, which)}, body={}
    )


_wish("approve", {"despite": []})
_wish("decline", {})
_wish("withdraw", {})
_swap("accept", "swap_asked")
_swap("refuse", "swap_asked")
_swap("approve", "swap_accepted")
_swap("decline", "swap_accepted")
_swap("withdraw", "swap_accepted")


on_booking("GET /bookings/{booking_id}/terms", "coming")
on_booking("GET /bookings/{booking_id}/penalties", "coming")
CALLS["POST /penalties/{penalty_id}/waive"] = lambda world, column, at: Call(
    {"penalty_id": at.penalty}, body={"reason": "was ill"}
)
on_booking("GET /bookings/{booking_id}/payments", "deposit")
on_booking("POST /bookings/{booking_id}/payments", "deposit", {"means": "desk"})
on_booking("POST /bookings/{booking_id}/payments/given-back", "returned", {})
on_store("GET /stores/{store_id}/refunds")
CALLS["POST /refunds/{refund_id}/given-back"] = lambda world, column, at: Call(
    {"refund_id": at.refund}, body={}
)
CALLS["POST /refunds/{refund_id}/retry"] = lambda world, column, at: Call(
    {"refund_id": at.late_refund}, body={}
)
on_booking("POST /bookings/{booking_id}/deposit/waive", "deposit", {"reason": "a regular"})
simple("GET /policies")
CALLS["POST /policies"] = lambda world, column, at: Call(
    body={"store": str(at.store), "late": {"kind": "points", "value": 10}}
)
CALLS["GET /policies/{policy_id}"] = lambda world, column, at: Call({"policy_id": at.policy})
CALLS["PATCH /policies/{policy_id}"] = lambda world, column, at: Call(
    {"policy_id": at.policy}, body={"cancel_notice": 90}
)
CALLS["DELETE /policies/{policy_id}"] = lambda world, column, at: Call({"policy_id": at.policy})
on_store("GET /stores/{store_id}/waiting-rules")
on_store("PATCH /stores/{store_id}/waiting-rules", {"per_day": 5})


@call("GET /waiting")
def _queue(world: World, column: str, at: Things) -> Call:
    return Call(query={"store": at.store, "date": "2026-11-24"} if column in ROLES else {})


@call("POST /waiting")
def _join(world: World, column: str, at: Things) -> Call:
    window = [free_time(10).isoformat(), free_time(12).isoformat()]
    body: dict[str, Any] = {"store": str(at.store), "services": [str(at.service)], "windows": [window]}
    if column in ROLES:
        body["member"] = str(world.cast.alpha.members["su"].id)
    return Call(body=body)


def _waiting_one(endpoint: str, body: Body = None) -> None:
    CALLS[endpoint] = lambda world, column, at: Call({"wish_id": at.waiting}, body=body)


_waiting_one("GET /waiting/{wish_id}")
_waiting_one("DELETE /waiting/{wish_id}")
_waiting_one("POST /waiting/{wish_id}/accept", {})
_waiting_one("POST /waiting/{wish_id}/decline", {})
