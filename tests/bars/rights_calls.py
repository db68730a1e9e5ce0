"""How each endpoint of a chain's API is asked, with a body that would be accepted from who may."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import urlencode

from tests.bars import rights_calls_people  # noqa: F401 (what it registers)
from tests.bars.rights_registry import API, CALLS, Body, Call, call, on_booking, on_store, simple
from tests.bars.rights_things import Things
from tests.bars.rights_world import ROLES, World, ask, free_time

_numbers = count(1000)


def phone() -> str:
    """A number that has not asked for a code in this run."""
    return f"+861380000{next(_numbers):04}"


CALLS["POST /auth/member/code"] = lambda world, column, at: Call(body={"phone": phone()})
CALLS["POST /auth/member/token"] = lambda world, column, at: Call(body={"phone": phone(), "code": "000000"})
CALLS["POST /auth/employee/token"] = lambda world, column, at: Call(
    body={"email": f"nobody{next(_numbers)}@alpha.test", "password": "wrong"}
)
simple("DELETE /auth/token")
simple("GET /chain")
simple("POST /chain/open")
simple("GET /subscription")
simple("GET /usage")
simple("POST /subscription/checkout", body={"plan": "growth"})
simple("POST /subscription/portal")
simple("POST /subscription/change", body={"plan": "growth"})
simple("POST /subscription/cancel")
simple("POST /subscription/resume")
simple("POST /subscription/withdraw")
simple("GET /stores")
simple("POST /stores", body={"name": "West"})
simple("GET /resources")
simple("GET /services")
simple("GET /skills")
simple("GET /employees")
simple("GET /practitioners")
simple("GET /members/me")
simple("PATCH /members/me", body={"name": "Su"})
simple("GET /members")
simple("GET /schema")
simple("GET /docs")


on_store("GET /stores/{store_id}")
on_store("PATCH /stores/{store_id}", {"name": "North by north"})
on_store("PUT /stores/{store_id}/hours", [{"weekday": 1, "from": "09:00", "to": "21:00"}])
on_store("POST /stores/{store_id}/closures", {"from": "2027-01-01", "to": "2027-01-02"})


@call("DELETE /stores/{store_id}/closures/{closure_id}")
def _reopen(world: World, column: str, at: Things) -> Call:
    return Call({"store_id": at.store, "closure_id": at.closure})


@call("POST /resources")
def _add_resource(world: World, column: str, at: Things) -> Call:
    return Call(body={"store": str(at.store), "kind": "room", "name": "Room B"})


simple("GET /combinations")


@call("PATCH /resources/{resource_id}")
def _change_resource(world: World, column: str, at: Things) -> Call:
    return Call({"resource_id": at.resource}, body={"name": "Room C"})


@call("POST /combinations")
def _combine(world: World, column: str, at: Things) -> Call:
    return Call(body={"store": str(at.store), "members": [str(one) for one in at.tables], "max_party": 6})


@call("DELETE /combinations/{combination_id}")
def _take_apart(world: World, column: str, at: Things) -> Call:
    return Call({"combination_id": at.combination})


@call("PUT /stores/{store_id}/travel")
def _travel(world: World, column: str, at: Things) -> Call:
    own = at is world.things["own"]
    other = world.things["other" if own else "own"].store
    return Call({"store_id": at.store}, body={"store": str(other), "minutes": 20})


@call("GET /availability/nearby")
def _nearby(world: World, column: str, at: Things) -> Call:
    return Call(query={"service": at.service, "from": "2026-11-24", "to": "2026-11-25"})


@call("POST /services")
def _add_service(world: World, column: str, at: Things) -> Call:
    price = {"amount": 100, "currency": "CNY"}
    return Call(body={"name": "New", "minutes": 30, "price": price, "store": str(at.store)})


CALLS["GET /services/{service_id}"] = lambda world, column, at: Call({"service_id": at.service})
CALLS["PATCH /services/{service_id}"] = lambda world, column, at: Call(
    {"service_id": at.service}, body={"name": "Another name"}
)


@call("POST /employees")
def _add_employee(world: World, column: str, at: Things) -> Call:
    roles = [{"role": "clerk", "store": str(at.store)}]
    return Call(body={"name": "New", "email": f"new{next(_numbers)}@alpha.test", "roles": roles})


def _employee(endpoint: str, body: Body = None) -> None:
    CALLS[endpoint] = lambda world, column, at: Call({"employee_id": at.practitioner}, body=body)


_employee("GET /employees/{employee_id}")
_employee("PATCH /employees/{employee_id}", {"title": "Senior"})
_employee("POST /employees/{employee_id}/invitation")
_employee(
    "POST /employees/{employee_id}/leave",
    {"starts_at": "2026-12-01T09:00:00+08:00", "ends_at": "2026-12-02T09:00:00+08:00"},
)


@call("DELETE /employees/{employee_id}/leave/{leave_id}")
def _cancel_leave(world: World, column: str, at: Things) -> Call:
    return Call({"employee_id": at.practitioner, "leave_id": at.leave})


@call("PUT /employees/{employee_id}/shifts")
def _shifts(world: World, column: str, at: Things) -> Call:
    weeks = [{"weekday": 1, "from": "09:00", "to": "21:00"}]
    return Call({"employee_id": at.practitioner}, body={"store": str(at.store), "weeks": weeks})


def _member(endpoint: str, body: Body = None) -> None:
    CALLS[endpoint] = lambda world, column, at: Call({"member_id": at.member}, body=body)


_member("GET /members/{member_id}")
_member("PATCH /members/{member_id}", {"name": "Su"})
_member("POST /members/{member_id}/phone")

CALLS["GET /bookings"] = lambda world, column, at: Call(query={"store": at.store})


@call("POST /bookings")
def _book(world: World, column: str, at: Things) -> Call:
    body = {
        "store": str(at.store),
        "service": str(at.service),
        "practitioner": str(at.practitioner),
        "starts_at": free_time(10).isoformat(),
    }
    if column in ROLES:
        body["member"] = str(world.cast.alpha.members["su"].id)
    return Call(body=body)


@call("POST /bookings/plans")
def _plan(world: World, column: str, at: Things) -> Call:
    item = {
        "service": str(at.service),
        "practitioner": str(at.practitioner),
        "starts_at": free_time(10).isoformat(),
    }
    body: dict[str, Any] = {"store": str(at.store), "items": [item]}
    if column in ROLES:
        body["member"] = str(world.cast.alpha.members["su"].id)
    return Call(body=body)


CALLS["POST /bookings/groups"] = _plan


@call("POST /bookings/series")
def _book_series(world: World, column: str, at: Things) -> Call:
    body: dict[str, Any] = {
        "store": str(at.store),
        "service": str(at.service),
        "practitioner": str(at.practitioner),
        "every_days": 7,
        "times": [{"starts_at": free_time(10).isoformat()}],
    }
    if column in ROLES:
        body["member"] = str(world.cast.alpha.members["su"].id)
    return Call(body=body)


CALLS["GET /bookings/groups/{group_id}"] = lambda world, column, at: Call({"group_id": at.group})
CALLS["POST /bookings/groups/{group_id}/cancel"] = lambda world, column, at: Call(
    {"group_id": at.group}, body={}
)
CALLS["GET /bookings/series/{series_id}"] = lambda world, column, at: Call({"series_id": at.series})


def _series(what: str, make: Callable[[str], Body]) -> None:
    CALLS[f"POST /bookings/series/{{series_id}}/{what}"] = lambda world, column, at: Call(
        {"series_id": at.series}, body=make(str(at.booking("coming")))
    )


_series("cancel", lambda booking: {"booking": booking})
_series("plans", lambda booking: {"booking": booking, "starts_at": free_time(15).isoformat()})
_series("move", lambda booking: {"moves": [{"booking": booking, "starts_at": free_time(15).isoformat()}]})

on_booking("GET /bookings/{booking_id}", "coming")
on_booking("POST /bookings/{booking_id}/confirm", "held", {})
on_booking("POST /bookings/{booking_id}/cancel", "coming", {})
on_booking("POST /bookings/{booking_id}/reschedule", "coming", {"starts_at": free_time(15).isoformat()})
on_booking("POST /bookings/{booking_id}/complete", "arrived", {})
on_booking("POST /bookings/{booking_id}/no-show", "begun", {})
on_booking("POST /bookings/{booking_id}/undo-redemption", "arrived", {})


CALLS["GET /sessions"] = lambda world, column, at: Call(query={"store": at.store})
CALLS["GET /pickup-windows"] = lambda world, column, at: Call(query={"store": at.store})
CALLS["GET /products"] = lambda world, column, at: Call(query={"store": at.store})


@call("POST /sessions")
def _plan_session(world: World, column: str, at: Things) -> Call:
    starts_at = free_time(18).isoformat()
    return Call(
        body={"store": str(at.store), "service": str(at.seats), "starts_at": starts_at, "capacity": 5}
    )


def _session(endpoint: str, body: Body = None) -> None:
    CALLS[endpoint] = lambda world, column, at: Call({"session_id": at.session}, body=body)


_session("GET /sessions/{session_id}")
_session("PATCH /sessions/{session_id}", {"capacity": 9})
_session("POST /sessions/{session_id}/call-off", {})
CALLS["POST /sessions/{session_id}/move"] = lambda world, column, at: Call(
    {"session_id": at.session}, body={"starts_at": free_time(20).isoformat()}
)
simple("POST /products", body={"name": "New", "price": {"amount": 100, "currency": "CNY"}})
CALLS["PATCH /products/{product_id}"] = lambda world, column, at: Call(
    {"product_id": at.product}, body={"name": "Another name"}
)
CALLS["POST /products/{product_id}/stock"] = lambda world, column, at: Call(
    {"product_id": at.product}, body={"store": str(at.store), "units": 1}
)
CALLS["PUT /stores/{store_id}/pickup-plan"] = lambda world, column, at: Call(
    {"store_id": at.store}, body={"service": str(at.pickup), "rows": []}
)


@call("GET /availability")
def _availability(world: World, column: str, at: Things) -> Call:
    query = {"store": at.store, "service": at.service, "from": "2026-11-24", "to": "2026-11-25"}
    return Call(query=query)


@call("GET /availability/why")
def _why(world: World, column: str, at: Things) -> Call:
    query = {"store": at.store, "service": at.service, "starts_at": free_time(10).isoformat()}
    return Call(query=query)


@call("GET /steps")
def _steps(world: World, column: str, at: Things) -> Call:
    return Call(query={"store": at.store, "service": at.service})


@call("GET /recommendations")
def _recommend(world: World, column: str, at: Things) -> Call:
    return Call(query={"store": at.store, "service": at.service})


@call("POST /redemptions")
def _redeem(world: World, column: str, at: Things) -> Call:
    return Call(body={"store": str(at.store), "booking": str(at.booking("today"))})


CALLS["POST /live"] = lambda world, column, at: Call(body={"store": str(at.store)})


def call_api(
    world: World,
    endpoint: str,
    column: str,
    at: Things,
    *,
    host: str = "alpha",
    token: str = "",
    change: Callable[[Body], Any] | None = None,
) -> Any:
    """One call as that column; `change` alters the body before it is sent. Undone after."""
    method, path = endpoint.split()
    made = CALLS[endpoint](world, column, at)
    query = f"?{urlencode(made.query)}" if made.query else ""
    token = token or world.tokens.get(column, "")
    body = made.body if change is None else change(made.body)
    return ask(
        method,
        f"{API}{path.format(**made.ids)}{query}",
        host=host,
        headers={"authorization": f"Bearer {token}"} if token else {},
        data=b"" if body is None else json.dumps(body),
    )
