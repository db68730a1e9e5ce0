"""How each page of a chain's host is asked for, and what is posted there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from tests.bars.rights_things import Things
from tests.bars.rights_world import COLUMNS, World, ask, free_time

PAGE_COLUMNS = (*COLUMNS, "visitor")
SIGN_IN = ("/staff/login/", "/my/sign-in/")
FORM = "application/x-www-form-urlencoded"

# Which of a target's bookings an address with a booking in it means.
STATES = {
    "/my/{booking_id}/": "coming",
    "/my/{booking_id}/pay/": "deposit",
    "/workbench/{store}/bookings/{booking}/deposit/waive/": "deposit",
    "/workbench/{store}/bookings/{booking}/take-deposit/": "deposit",
    "/workbench/{store}/bookings/{booking}/give-back/": "returned",
    "/workbench/mine/visits/{booking}/complete/": "arrived",
    "/workbench/mine/visits/{booking}/late/": "today",
    "/my/{booking_id}/repeat/": "today",
    "/my/{booking_id}/bring/": "today",
    "/workbench/{store}/bookings/{booking}/repeat/": "today",
    "/workbench/{store}/bookings/{booking}/following/": "today",
    "/workbench/{store}/bookings/{booking}/bring/": "today",
    "/workbench/{store}/bookings/{booking}/redeem/": "today",
    "/workbench/{store}/bookings/{booking}/redeemed/": "arrived",
    "/workbench/{store}/bookings/{booking}/{act}/": "begun",
    "/workbench/{store}/bookings/{booking}/waive/": "begun",
}

Form = Callable[[World, Things], dict[str, Any]]
REPEATED = {"every": "7", "times": "2", "choice_0": f"{free_time(15).isoformat()}|"}
BROUGHT = {"guest": "Mei", "choice_0": f"{free_time(15).isoformat()}|"}
FORMS: dict[str, Form] = {
    "/book/{service_id}/take/": lambda world, at: {
        "store": at.store,
        "at": f"{free_time(10):%Y-%m-%dT%H:%M}Z",
    },
    "/my/{booking_id}/move/": lambda world, at: {"at": f"{free_time(15):%Y-%m-%dT%H:%M}Z"},
    "/my/{booking_id}/repeat/": lambda world, at: REPEATED,
    "/my/{booking_id}/bring/": lambda world, at: BROUGHT,
    "/waiting/join/{service_id}/": lambda world, at: {
        "store": at.store,
        "at": f"{free_time(10):%Y-%m-%dT%H:%M}Z",
        "when": "time",
    },
    "/my/profile/": lambda world, at: {"name": "Su", "language": "en"},
    "/workbench/{store}/bookings/{booking}/move/": lambda world, at: {"starts_at": free_time(15).isoformat()},
    "/workbench/{store}/bookings/{booking}/place/": lambda world, at: {
        "starts_at": free_time(15).isoformat()
    },
    "/workbench/{store}/bookings/{booking}/following/": lambda world, at: {
        "starts_at": free_time(15).isoformat()
    },
    "/workbench/{store}/bookings/{booking}/repeat/": lambda world, at: REPEATED,
    "/workbench/{store}/bookings/{booking}/bring/": lambda world, at: BROUGHT,
    "/workbench/{store}/bookings/{booking}/waive/": lambda world, at: {
        "penalty": at.penalty,
        "reason": "ill",
    },
    "/workbench/{store}/bookings/{booking}/deposit/waive/": lambda world, at: {"reason": "a regular"},
    "/workbench/{store}/new/": lambda world, at: {
        "service": at.service,
        "who": "Somebody new",
        "starts_at": free_time(10).isoformat(),
    },
    "/workbench/{store}/party/": lambda world, at: {
        "service_0": at.service,
        "who": "Somebody new",
        "on": f"{free_time(10):%Y-%m-%d}",
        "at": "10:00",
        "step": "plan",
    },
    "/workbench/{store}/sessions/{session}/join/": lambda world, at: {"who": "Somebody new"},
    "/workbench/{store}/sessions/{session}/move/": lambda world, at: {
        "on": f"{free_time(20):%Y-%m-%d}",
        "at": "20:00",
    },
    "/workbench/{store}/sessions/{session}/place/": lambda world, at: {
        "starts_at": free_time(20).isoformat()
    },
    "/workbench/{store}/redeem/": lambda world, at: {"means": "code", "code": at.bookings["today"].code},
    "/workbench/{store}/redeem/take-over/": lambda world, at: {
        # the guest of the chain's other store, who shows the code here
        "code": world.things["other" if at is world.things["own"] else "own"].bookings["coming"].code,
        "starts_at": free_time(10).isoformat(),
    },
    "/workbench/mine/requests/leave/": lambda world, at: {"first": "2027-02-01"},
    "/workbench/mine/requests/swap/": lambda world, at: {
        "colleague": world.cast.alpha.employees["second"].id,
        "gives_on": "2027-01-25",
    },
    "/workbench/mine/visits/{booking}/late/": lambda world, at: {"minutes": "15"},
    "/pickup/": lambda world, at: {"store": at.store},
    "/workbench/{store}/stock/{product}/": lambda world, at: {"units": "1", "reason": "delivered"},
    "/workbench/live/": lambda world, at: {"store": at.store},
    "/i18n/setlang/": lambda world, at: {"language": "en"},
}


def address_of(route: str, world: World, at: Things) -> str:
    """The route with the target's ids in it."""
    booking = at.booking(STATES.get(route, "coming"))
    if route.startswith("/confirm/"):
        booking = world.cookies["hold"]["id"]  # type: ignore[assignment]
    return route.format(
        store=at.store,
        booking=booking,
        booking_id=booking,
        service_id=at.service,
        session_id=at.session,
        session=at.session,
        product_id=at.product,
        product=at.product,
        store_id=at.store,
        employee_id=at.practitioner,
        closure_id=at.closure,
        resource_id=at.resource,
        combination_id=at.combination,
        leave_id=at.leave,
        wish_id=at.waiting,
        policy_id=at.policy,
        payment_id=at.payment,
        refund=at.late_refund if route.endswith("/retry/") else at.refund,
        day="2026-11-30",
        name="nothing.png",
        code="growth",
        act="approve" if "/requests/" in route else "no-show",
        wish=at.swap_accepted if "/swap/" in route else at.wish,
        secret="x" * 40,
        token="x" * 40,
        uidb36="1",
        key="set-password",
    )


# Pages that show nothing before a store is named.
WITH_STORE = ("/book/{service_id}/", "/book/{service_id}/month/", "/book/{service_id}/stores/", "/pickup/")


def visit(world: World, method: str, route: str, column: str, at: Things, *, host: str = "alpha") -> Any:
    """One request of a page, undone after."""
    path = address_of(route, world, at)
    if method == "GET":
        query = {"/book/{service_id}/why/": {"store": at.store, "at": f"{free_time(10):%Y-%m-%dT%H:%M}Z"}}
        asked = query.get(route) or ({"store": at.store} if route in WITH_STORE else {})
        return ask(
            "GET", f"{path}?{urlencode(asked)}" if asked else path, cookies=world.cookies[column], host=host
        )
    form = FORMS[route](world, at) if route in FORMS else {}
    return ask(
        "POST", path, cookies=world.cookies[column], host=host, data=urlencode(form), content_type=FORM
    )


def answer_text(answer: Any) -> str:
    """The status; `door` for one who is sent to sign in first."""
    if answer.status_code == 302 and answer["Location"].partition("?")[0] in SIGN_IN:
        return "door"
    return str(answer.status_code)


def hold_a_time(world: World, *, host: str = "alpha") -> None:
    """A visitor's cookies, and the hold that is theirs."""
    at = world.things["own"]
    visitor = Client(HTTP_HOST=f"{host}.tessera.test")
    form = {"store": at.store, "at": f"{free_time(18):%Y-%m-%dT%H:%M}Z"}
    answer = visitor.post(f"/book/{at.service}/take/", form)
    assert answer.status_code == 302, answer.content
    world.cookies["visitor"] = {name: morsel.value for name, morsel in visitor.cookies.items()}
    world.cookies["hold"] = {"id": answer["Location"].strip("/").rpartition("/")[2]}
