"""What tests of the member's pages share: a browser, and the steps of a booking."""

from __future__ import annotations

import html
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.test import Client
from django.utils import timezone

from chains.hosts import forget_hosts
from chains.models import Chain as ChainRow
from chains.outgoing import sent_messages
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.codes import draw_code
from tenants.booking.models import Booking
from tests.ground.cast import SHANGHAI, Cast

LANGUAGES = ["en", "zh-Hans"]
PHONE = "+8613800000077"


def change_chain(cast: Cast, **fields: Any) -> None:
    with platform_scope():
        ChainRow.objects.filter(id=cast.alpha.info.id).update(**fields)
    forget_hosts()


def browser(language: str = "en", *, host: str = "alpha", **options: Any) -> Client:
    return Client(headers={"host": f"{host}.tessera.test", "accept-language": language}, **options)


def text_of(answer: Any) -> str:
    """The words of a page, without its markup."""
    plain = re.sub(r"<(script|style|svg).*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", plain))).strip()


def tomorrow(hour: int, minute: int = 0) -> datetime:
    """That wall time of tomorrow in Shanghai."""
    day = timezone.now().astimezone(SHANGHAI) + timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0).astimezone(UTC)


def take(client: Client, shop: Cast, at: datetime | str, *, who: str = "", store: str = "north") -> Any:
    """Press the button under the times."""
    chain = shop.alpha
    return client.post(
        f"/book/{chain.services['facial'].id}/take/",
        {
            "store": chain.stores[store].id,
            "at": at if isinstance(at, str) else f"{at:%Y-%m-%dT%H:%M}Z",
            "with": chain.employees[who].id if who else "",
        },
    )


def held_id(answer: Any) -> UUID:
    assert answer.status_code == 302, text_of(answer)
    return UUID(answer["Location"].removeprefix("/confirm/").removesuffix("/"))


def sent_code(phone: str = PHONE) -> str:
    return str(next(row["code"] for row in sent_messages() if row["to"] == phone and row["code"]))


def sign_in(client: Client, phone: str = "+8613800000001") -> None:
    assert client.post("/my/sign-in/", {"phone": phone, "send": "1"}).status_code == 200
    answer = client.post("/my/sign-in/", {"phone": phone, "code": sent_code(phone)})
    assert (answer.status_code, answer["Location"]) == (302, "/my/")


def booking_of(shop: Cast, member: str = "su", *, hours: float = 48, status: str = "confirmed") -> Booking:
    """A booking of that member, so many hours from now; made by hand, at any minute."""
    chain = shop.alpha
    starts_at = timezone.now().replace(second=0, microsecond=0) + timedelta(hours=hours)
    with chain_scope(chain.info):
        return Booking.objects.create(
            code=draw_code(randbelow=secrets.randbelow),
            status=status,
            store=chain.stores["north"],
            service=chain.services["facial"],
            member=chain.members[member],
            practitioner=chain.employees["practitioner"],
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            price_amount=39800,
            currency="CNY",
            channel="online",
            notice=240,
            created_at=timezone.now(),
        )


def statuses(shop: Cast) -> list[str]:
    with chain_scope(shop.alpha.info):
        return sorted(Booking.objects.values_list("status", flat=True))
