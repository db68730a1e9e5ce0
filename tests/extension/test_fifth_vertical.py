"""A fifth vertical comes as a wheel, runs a shop, and goes again: nothing of ours changes.

docs/verticals.md teaches by this very package (docs/examples/escape_room).
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_booking_flow import free_slot
from tests.browser.test_booking_flow import words as guest_words
from tests.browser.test_workbench import WORDS as DESK
from tests.extension.house import (
    DATABASE,
    House,
    build_wheel,
    copy_environment,
    digest_of_ours,
    install,
    uninstall,
)
from tests.ground.browser import OpenPage, axe_violations, keep_screenshot
from tests.ground.plugin import _settings

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("django_db_setup")]
OWNER, PASSWORD, SLUG = "morgan@lockandkey.example", "gentle river stones", "lockandkey"
PHONE = "+353851000077"


@dataclass
class Shop:
    """The shop that was signed up, as its owner's program sees it."""

    house: House
    token: str
    store: str
    game: str
    other: str
    on: date

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.house.call(SLUG, method, path, body, token=self.token)

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        status, document = self.call(method, path, body)
        assert status < 300, (path, document)
        return document

    def starts(self, service: str) -> list[str]:
        """The free starts of the day everything happens on."""
        asked = (
            f"availability?store={self.store}&service={service}&from={self.on}&to={self.on + timedelta(1)}"
        )
        return [slot["starts_at"] for slot in self.ok("GET", asked)["days"][0]["slots"]]

    def next_start(self) -> str:
        """The last five minutes of the clock: when a guest at the door has come."""
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        return (now - timedelta(minutes=now.minute % 5)).isoformat()

    def book(self, service: str, starts_at: str, name: str, **more: Any) -> Any:
        body = {"store": self.store, "service": service, "starts_at": starts_at, "member": {"name": name}}
        return self.call("POST", "bookings", {**body, **more})


def sign_up(house: House, slug: str, email: str, vertical: str) -> None:
    """From the form to a chain that is ready."""
    wish = {
        "brand": slug.title(), "slug": slug, "email": email, "password": PASSWORD, "verticals": [vertical],
        "locale": "en", "time_zone": "Europe/Dublin", "currency": "EUR",
    }  # fmt: skip
    status, signup = house.call("", "POST", "signups", wish)
    assert status == 202, signup
    verified = house.call("", "POST", f"signups/{signup['id']}/verify", {"code": house.newest_code(email)})
    assert verified[0] in (200, 202), verified
    for _ in range(1200):
        state = house.call("", "GET", f"signups/{signup['id']}")[1]["state"]
        if state == "ready":
            return
        assert state != "failed"
        time.sleep(0.05)
    raise AssertionError("the chain was not set up")


def set_up(house: House) -> Shop:
    """Hours, two game masters, one room, the doors open."""
    login = {"email": OWNER, "password": PASSWORD}
    token = house.call(SLUG, "POST", "auth/employee/token", login)[1]["token"]
    shop = Shop(house, token, "", "", "", datetime.now(UTC).date() + timedelta(3))
    shop.store = shop.ok("GET", "stores")["results"][0]["id"]
    shop.ok("PATCH", f"stores/{shop.store}", {"address": "1 Quay Street"})
    hours = [{"weekday": day, "from": "00:00", "to": "24:00"} for day in range(1, 8)]
    shop.ok("PUT", f"stores/{shop.store}/hours", hours)
    (service,) = shop.ok("GET", f"services?store={shop.store}")["results"]
    shop.game = service["id"]
    skills = [row["id"] for row in shop.ok("GET", "skills")["results"]]
    for name in ("Morgan", "Robin"):
        employee = shop.ok(
            "POST",
            "employees",
            {
                "name": name,
                "email": f"{name.lower()}@game.example",
                "roles": [{"role": "practitioner", "store": shop.store}],
                "skills": skills,
            },
        )
        shop.ok("PUT", f"employees/{employee['id']}/shifts", {"store": shop.store, "weeks": hours})
    shop.ok("POST", "resources", {"store": shop.store, "kind": "room", "name": "Vault", "capacity": 8})
    price = {"amount": 1500, "currency": "EUR"}
    shop.other = shop.ok(
        "POST",
        "services",
        {"name": "Party talk", "minutes": 30, "price": price, "store": shop.store, "skills": skills},
    )["id"]
    shop.ok("POST", "chain/open")
    return shop


def play_by_api(shop: Shop) -> dict[str, Any]:
    """What the vertical asks, refuses, claims and keeps; the booking that was played."""
    start = shop.starts(shop.game)[2]
    asked = shop.ok("GET", f"steps?store={shop.store}&service={shop.game}")["results"]
    assert [(row["vertical"], row["name"], row["required"]) for row in asked] == [
        ("booking", "note", False),
        ("escape_room", "players", True),
        ("escape_room", "level", True),
    ]
    level = {"escape_room": {"level": "first"}}
    missing = shop.book(shop.game, start, "Ann", party_size=4)
    assert (missing[0], missing[1]["code"]) == (422, "details_invalid")
    assert [error["field"] for error in missing[1]["errors"]] == ["details.escape_room.level"]
    alone = shop.book(shop.game, start, "Ann", party_size=1, details=level)
    assert (alone[0], alone[1]["code"], alone[1]["detail"]) == (
        422,
        "team_size",
        "This game takes 2 to 6 players.",
    )
    status, booked = shop.book(shop.game, start, "Ann", party_size=4, details=level)
    assert status == 201, booked
    assert (booked["resource_name"], booked["party_size"], booked["details"]) == (
        "Vault",
        4,
        {"escape_room": {"level": "first"}},
    )
    # a second game master is free at once, the only room not before its puzzles stand again
    starts = shop.starts(shop.other)
    assert start in starts
    second = shop.book(shop.game, start, "Ben", party_size=4, details=level)
    assert (second[0], second[1]["code"]) == (409, "slot_taken")
    return booked


def redeem_by_api(shop: Shop) -> dict[str, Any]:
    """A team at the door plays at once, and gets out."""
    level = {"escape_room": {"level": "some"}}
    status, booked = shop.book(shop.game, shop.next_start(), "Finn", party_size=2, details=level)
    assert (status, booked["channel"]) == (201, "walk_in"), booked
    result = {"booking": booked["id"], "minutes": 52, "escaped": True}
    early = shop.call("POST", "escape_room/results", result)
    assert (early[0], early[1]["code"]) == (409, "not_played")
    redeemed = shop.ok("POST", "redemptions", {"store": shop.store, "code": booked["code"]})
    assert redeemed["booking"]["status"] == "arrived"
    assert shop.call("POST", "escape_room/results", result)[0] == 201
    return booked


def redeem_by_browser(shop: Shop, owner: Page, desk: str) -> None:
    """Another guest at the door, at the desk."""
    status, booked = shop.book(shop.other, shop.next_start(), "Gus")
    assert status == 201, booked
    owner.goto(f"{desk}redeem/?by=code")
    expect(owner.locator("#redeem-code")).to_be_focused()  # the browser may do so after the page's load
    owner.keyboard.type(booked["code"])
    owner.keyboard.press("Enter")
    expect(owner.locator("h2").first).to_have_text(DESK["en"]["redeemed"])


def walk_in_browser(shop: Shop, page: Page) -> None:
    """A guest books the game by hand: the shop asks its questions on the page that confirms."""
    say = guest_words["en"]
    page.goto(shop.house.url(SLUG, f"/book/{shop.game}/?store={shop.store}&day={shop.on}"))
    free_slot(page, 8).tap()
    page.get_by_role("button", name=say["to_confirm"]).tap()
    page.wait_for_url("**/confirm/**")
    assert axe_violations(page) == []
    keep_screenshot(page, "escape-room-confirm")
    page.get_by_label(say["phone"]).fill("085 100 0077")
    page.get_by_role("button", name=say["send"]).tap()
    page.locator("input[name=code]").wait_for()
    page.get_by_label(say["code"]).fill(shop.house.newest_code(PHONE))
    page.get_by_label("Experience").select_option("some")
    page.get_by_label("Players").fill("7")
    expect(page.get_by_label("Players")).to_have_value("7")
    page.get_by_role("button", name=say["confirm"]).tap()
    expect(page.locator(".alert")).to_contain_text("This game takes 2 to 6 players.")
    keep_screenshot(page, "escape-room-refused")
    page.get_by_label("Players").fill("3")
    page.get_by_role("button", name=say["confirm"]).tap()
    expect(page.get_by_role("heading", name=say["booked"])).to_be_visible()


def enter_workbench(shop: Shop, page: Page) -> str:
    """The owner signs in by the form; the desk's address."""
    page.goto(shop.house.url(SLUG, "/workbench/"))
    page.locator("input[name=login]").fill(OWNER)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/workbench/[0-9a-f-]{36}/"))
    return re.sub(r"(/workbench/[0-9a-f-]{36}/).*", r"\1", page.url)


def test_an_escape_room_comes_runs_and_goes_and_nothing_of_ours_differs(
    tmp_path: Path, open_page: OpenPage
) -> None:
    before = digest_of_ours()
    python = copy_environment(tmp_path / "environment")
    house = House(python)
    house.make_database()
    install(python, build_wheel(tmp_path / "wheel"))
    house.upgrade()

    with house.runs(provisions=True):
        sign_up(house, SLUG, OWNER, "escape_room")
        sign_up(house, "plain", "pat@plain.example", "retail")
        shop = set_up(house)
        played = play_by_api(shop)
        talk = shop.book(shop.other, shop.starts(shop.other)[5], "Cleo")[1]
        schema = shop.house.call(SLUG, "GET", "schema")[1]
        assert "/api/v1/escape_room/results" in schema
        out = redeem_by_api(shop)
        result = {"booking": out["id"], "minutes": 50, "escaped": True}
        elsewhere = house.call("plain", "POST", "escape_room/results", result)
        assert (elsewhere[0], elsewhere[1]["code"]) == (404, "not_found")

        guest = open_page(width=375, language="en", timezone_id="Europe/Dublin")
        walk_in_browser(shop, guest)

        owner = open_page(width=1280, language="en", timezone_id="Europe/Dublin")
        desk = enter_workbench(shop, owner)
        owner.goto(f"{desk}bookings/{played['id']}/")
        expect(owner.locator("#panel")).to_contain_text("It is our first time")
        assert owner.locator("#panel img[src$='escape_room/key.svg']").evaluate("one => one.naturalWidth") > 0
        keep_screenshot(owner, "escape-room-panel")
        redeem_by_browser(shop, owner, desk)
        owner.goto(house.url(SLUG, "/manage/"))
        expect(owner.locator("dl", has_text="Teams that got out")).to_contain_text("100%")
        listed = shop.ok("GET", f"bookings?store={shop.store}")["results"]
        for page in (owner, guest):
            page.goto("about:blank")  # an open page would miss its server and say so

    uninstall(python, "tessera-escape-room")
    house.upgrade()
    with house.runs():
        after = shop.ok("GET", f"bookings?store={shop.store}")["results"]
        assert after == listed
        assert {row["id"] for row in after} >= {played["id"], talk["id"], out["id"]}
        assert shop.call("POST", "escape_room/results", result)[0] == 404
        again = shop.book(shop.other, shop.starts(shop.other)[9], "Eve")
        assert again[0] == 201, again
        owner.goto(f"{desk}bookings/{played['id']}/")
        expect(owner.locator("#panel")).to_contain_text("Ann")
        owner.goto("about:blank")
        guest.goto(house.url(SLUG))
        expect(guest.get_by_role("link", name="Book Party talk")).to_be_visible()
    assert tables_left() == (1, 52)
    assert digest_of_ours() == before


def tables_left() -> tuple[int, int]:
    """What still stands in the vertical's tables: how many games, and how long the team took."""
    with psycopg.connect(_settings(DATABASE)["OWNER_DATABASE_URL"]) as connection:
        ((schema_name,),) = connection.execute(
            "SELECT schema_name FROM public.chains_chain WHERE slug = %s", (SLUG,)
        ).fetchall()
        games = connection.execute(f'SELECT count(*) FROM "{schema_name}".escape_room_game').fetchall()
        results = connection.execute(f'SELECT minutes FROM "{schema_name}".escape_room_result').fetchall()
    return games[0][0], results[0][0]
