"""A day at a shop's desk, for the browser: people, guests and bookings around the shop's noon."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import segno
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from chains.hosts import ChainInfo
from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.domain.change import complete_booking, mark_no_show
from tenants.booking.domain.keys import qr_of
from tenants.booking.domain.redeem import redeem_booking
from tenants.booking.models import Booking
from tenants.catalogue.models import Service
from tenants.members.domain.members import welcome_member
from tenants.members.models import Member
from tenants.people.models import Employee, Leave, Role, WeeklyShift
from tenants.stores.models import OpeningHours, Store
from tests.browser.shops import Shops
from tests.ground.cast import Chain, fill_alpha, make_employee, make_service
from tests.ground.kept import fill_once

NAMES: dict[str, dict[str, Any]] = {
    "zh-Hans": {
        "people": ["小雅", "林乔", "阿宁", "周苒"],
        "services": [("深层补水护理", 60, 10, 10, 39800), ("眼周护理", 30, 0, 0, 19800), ("紧致提拉", 75, 5, 10, 58800)],
        "guests": ["苏晴", "陈可", "江澄", "许知夏", "罗一", "顾明", "周启", "叶蓁", "沈微", "程意", "丁若", "方宜"],
        "stores": ("静安梧桐店", "徐汇店"),
        "note": "上次额头有点红，这次轻一点。",
    },
    "en": {
        "people": ["Alice", "Brook", "Clara", "Dana"],
        "services": [("Deep hydration", 60, 10, 10, 39800), ("Eye care", 30, 0, 0, 19800), ("Lift and firm", 75, 5, 10, 58800)],
        "guests": ["Su Qing", "Chen Ke", "Jane Low", "Ida Moss", "Lou Yates", "Guy Ming", "Zoe Quick", "Yara Zahn", "Wes Shen", "Chen Yi", "Dina Ruo", "Fay Yi"],
        "stores": ("Wutong Lane", "West Side"),
        "note": "My forehead was red last time, gentler please.",
    },
}  # fmt: skip


def zone_at_noon(now: datetime) -> str:
    """A zone in which it is between 12:00 and 13:00 now, so that every hour of a test run is midday."""
    offset = 12 - now.astimezone(UTC).hour
    return "UTC" if offset == 0 else f"Etc/GMT{-offset:+d}"


@dataclass
class ShopDay:
    """A chain whose first store has a full day; who and what stands in it by a short name."""

    chain: Chain
    store: Store
    other: Store
    noon: datetime
    people: list[Employee] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    guests: list[Member] = field(default_factory=list)
    bookings: dict[str, Booking] = field(default_factory=dict)

    def path(self, tail: str = "") -> str:
        """An address of the store's workbench."""
        return f"/workbench/{self.store.id}/{tail}"

    def at(self, hours: float) -> datetime:
        """That many hours after the noon before now."""
        return self.noon + timedelta(hours=hours)

    def book(
        self, name: str, guest: int, who: int, hours: float, *, service: int = 0, **more: Any
    ) -> Booking:
        """A booking of the day, made yesterday by the owner."""
        made = book(
            self.services[service].id,
            store_id=more.pop("store", self.store).id,
            starts_at=self.at(hours),
            by=self.chain.actors["owner"],
            now=more.pop("now", self.noon - timedelta(hours=30)),
            member=self.guests[guest].id,
            practitioner_id=self.people[who].id,
            **more,
        )
        self.bookings[name] = made
        return made

    def again(self, name: str) -> Booking:
        """The booking as it is now."""
        with chain_scope(self.chain.info):
            return Booking.objects.get(id=self.bookings[name].id)

    def qr(self, name: str) -> str:
        """What the guest's phone shows."""
        with chain_scope(self.chain.info):
            text = qr_of(self.again(name))
        assert text is not None
        return text


def make_day(open_shop: Shops, language: str) -> ShopDay:
    """A shop of its own with a day that shows every status."""
    info = open_shop.empty(name="栖白" if language != "en" else "Qibai", locale=language)
    now = timezone.now()
    noon = now.astimezone(ZoneInfo(zone_at_noon(now))).replace(hour=12, minute=0, second=0, microsecond=0)
    day = fill_once(info, ("day", language, noon), lambda chain: _planned_day(chain, language, noon))
    day.chain.info = info
    with chain_scope(info):
        _fill_by_the_minute(day, now)
    return day


def _planned_day(info: ChainInfo, language: str, noon: datetime) -> ShopDay:
    """All of it but what depends on the minute."""
    words, zone = NAMES[language], str(noon.tzinfo)
    chain = fill_alpha(info)
    with chain_scope(info):
        store, other = chain.stores["north"], chain.stores["south"]
        Store.objects.exclude(id__in=[store.id, other.id]).delete()
        for one, name in zip((store, other), words["stores"], strict=True):
            one.name, one.time_zone = name, zone
            one.save()
        OpeningHours.objects.update(opens=0, closes=24 * 60)
        Service.objects.update(active=False)
        day = ShopDay(chain, store, other, noon)
        WeeklyShift.objects.all().delete()
        for number, name in enumerate(words["people"]):
            person = make_employee(f"p{number}", Role.PRACTITIONER, store=store, practitioner=True)
            person.name = name
            person.save()
            day.people.append(person)
        WeeklyShift.objects.filter(employee__in=day.people).update(starts=9 * 60, ends=21 * 60)
        WeeklyShift.objects.filter(employee=day.people[2]).update(starts=12 * 60)
        WeeklyShift.objects.filter(employee=day.people[3]).update(ends=18 * 60)
        day.people.append(make_employee("else", Role.PRACTITIONER, store=other, practitioner=True))
        for name, minutes, prepare, clean_up, price in words["services"]:
            day.services.append(
                make_service(
                    name,
                    [store, other],
                    minutes=minutes,
                    prepare=prepare,
                    clean_up=clean_up,
                    price_amount=price,
                )
            )
        for number, name in enumerate(words["guests"]):
            day.guests.append(
                welcome_member(f"+861380013{2040 + number}", name=name, now=noon - timedelta(days=90))[0]
            )
        clerk = chain.employees["clerk"]
        clerk.name = "唐宁" if language != "en" else "Tang Ning"
        clerk.save()
        _fill(day, words["note"])
    return day


def _fill(day: ShopDay, note: str) -> None:
    by = day.chain.actors["owner"]

    def arrive(name: str, at: datetime) -> None:
        redeem_booking(day.store.id, booking_id=day.bookings[name].id, by=by, now=at)

    day.book("done", 5, 0, -2.5)
    arrive("done", day.at(-2.5))
    complete_booking(day.bookings["done"].id, by=by, now=day.at(-1.4))
    day.book("missed", 6, 1, -2, service=1)
    mark_no_show(day.bookings["missed"].id, by=by, now=day.at(-1))
    day.book("serving", 3, 3, -0.5)
    arrive("serving", day.at(-0.4))
    day.book("next", 0, 0, 1.5, note=note)
    day.book("after", 2, 1, 2.5)
    day.book("soon", 4, 2, 2, service=1)
    day.book("leave", 9, 2, 5)
    day.book("evening", 7, 0, 4, service=2)
    day.book("last", 8, 3, 4.5)
    day.book("elsewhere", 11, 4, 3, store=day.other)
    Leave.objects.create(employee=day.people[2], starts_at=day.at(4.5), ends_at=day.at(9), reason="")


def _fill_by_the_minute(day: ShopDay, now: datetime) -> None:
    late = now - timedelta(minutes=22)
    late = late - timedelta(minutes=late.minute % 5, seconds=late.second, microseconds=late.microsecond)
    day.book("late", 1, 1, (late - day.noon).total_seconds() / 3600, service=1)
    day.book("held", 10, 1, 4, hold=True, now=now - timedelta(minutes=8))


def sign_in(page: Page, site: Any, day: ShopDay, role: str = "clerk") -> None:
    """The employee's session in the page's browser."""
    sign_in_as(page, day.chain, role)


def sign_in_as(page: Page, chain: Chain, role: str) -> None:
    """The session of the cast's employee of that role in the page's browser."""
    host = f"{chain.info.slug}.tessera.test"
    client = Client(HTTP_HOST=host)
    with chain_scope(chain.info):
        client.force_login(
            chain.employees[role].user, backend="allauth.account.auth_backends.AuthenticationBackend"
        )
    page.context.add_cookies(
        [
            {
                "name": "tessera_session",
                "value": client.cookies["tessera_session"].value,
                "domain": host,
                "path": "/",
            }
        ]
    )


def write_camera(path: Path, text: str, *, width: int = 640, height: int = 480, frames: int = 12) -> Path:
    """A film for Chromium's fake camera: the text's QR held into the picture, as raw YUV 4:2:0."""
    matrix = [list(row) for row in segno.make(text, error="q", boost_error=False).matrix_iter(border=4)]
    scale = (height - 60) // len(matrix)
    side = scale * len(matrix)
    top, left = (height - side) // 2, (width - side) // 2
    luma = bytearray([70]) * (width * height)
    for row, cells in enumerate(matrix):
        line = bytearray(b"".join(bytes([16 if dark else 235]) * scale for dark in cells))
        for y in range(row * scale, (row + 1) * scale):
            start = (top + y) * width + left
            luma[start : start + side] = line
    chroma = bytes([128]) * (width * height // 2)
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{width} H{height} F15:1 Ip A1:1 C420mpeg2\n".encode())
        for _frame in range(frames):
            film.write(b"FRAME\n" + bytes(luma) + chroma)
    return path
