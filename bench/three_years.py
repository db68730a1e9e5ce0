"""Years of bookings made in bulk, for measuring what grows with them: members with names, and their visits."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from psycopg import sql

from chains.schemas.owner import owner_connection
from tenants.booking.domain.codes import ALPHABET
from tenants.members.domain.name_index import index_names
from tenants.members.models import Member

# The commonest come often: the first surname is every thirteenth member's.
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈单解"
GIVEN = "小雅思远晴明可静怡子涵雨欣宇轩浩然梓萱一诺诗琪俊杰佳怡志强丽娟建国秀英桂兰文博嘉伟晓芳雪梅海燕春"
LATIN = (
    "Anna Schmidt",
    "Chen Ke",
    "José Álvarez",
    "Olivia Brown",
    "Liam O'Neil",
    "Emma Li",
    "Noah Wang",
    "Mia Zhou",
)

_BOOKINGS = """
INSERT INTO booking_booking (id, code, status, store_id, service_id, member_id, practitioner_id, starts_at, ends_at,
    party_size, price_amount, currency, note, channel, notice, reason, details, version, created_at)
SELECT uuidv7(),
    (SELECT string_agg(substr(%(alphabet)s, (((n * 11400714819 %% (1::bigint << 35)) >> (5 * place)) %% 32)::int + 1, 1), '')
        FROM generate_series(0, 6) place) || '2',
    CASE WHEN day > 0 THEN CASE WHEN n %% 20 = 0 THEN 'cancelled' ELSE 'confirmed' END
        WHEN n %% 25 = 0 THEN 'no_show' WHEN n %% 12 = 0 THEN 'cancelled' ELSE 'completed' END,
    %(store)s,
    (%(services)s::uuid[])[1 + floor(power(hashint8(n) & 65535, 2) / power(65536, 2) * %(count)s)::int],
    (%(members)s::uuid[])[1 + (n * 7919 %% array_length(%(members)s::uuid[], 1))],
    (%(staff)s::uuid[])[1 + seat %% array_length(%(staff)s::uuid[], 1)],
    at, at + interval '50 minutes', 1, 39800, 'CNY', '', 'online', 240, '', '{}', 1, at - interval '3 days'
FROM (
    SELECT day, seat, (day + %(days)s)::bigint * %(per_day)s + seat AS n,
        %(midnight)s::timestamptz + make_interval(days => day, hours => 8 + seat / array_length(%(staff)s::uuid[], 1)) AS at
    FROM generate_series(1 - %(days)s, %(ahead)s) day, generate_series(0, %(per_day)s - 1) seat) place
"""


@dataclass(frozen=True, slots=True)
class Years:
    """How much: days behind and ahead of a midnight (aware), bookings a day, members."""

    midnight: datetime
    days: int = 1096
    ahead: int = 30
    per_day: int = 500
    members: int = 60_000


def make_members(count: int, *, now: datetime, rng: random.Random) -> list[Member]:
    """Members with Chinese names, every twentieth with a Latin one, each with a phone and found by both."""
    made: list[Member] = []
    for number in range(count):
        surname = SURNAMES[min(int(rng.paretovariate(0.9)) - 1, len(SURNAMES) - 1)]
        name = surname + "".join(rng.choice(GIVEN) for _ in range(rng.choice((1, 2, 2, 2))))
        if number % 20 == 0:
            name = rng.choice(LATIN)
        phone = f"+8613{(number * 7919) % 10**9:09d}"
        made.append(Member(name=name, phone=phone, created_at=now))
    for start in range(0, count, 5000):
        part = made[start : start + 5000]
        Member.objects.bulk_create(part)
        index_names(part)
    return made


def make_bookings(
    years: Years,
    *,
    store: UUID,
    services: Sequence[UUID],
    staff: Sequence[UUID],
    members: Sequence[UUID],
) -> int:
    """The bookings of a store, hour after hour for every one of the staff; how many. Without claims.

    No member has two at a time: there must be more members than bookings in a day, and 7919 not divide them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _BOOKINGS,
            {
                "alphabet": ALPHABET,
                "store": store,
                "services": list(services),
                "count": len(services),
                "staff": list(staff),
                "members": list(members),
                "days": years.days,
                "ahead": years.ahead,
                "per_day": years.per_day,
                "midnight": years.midnight,
            },
        )
        return int(cursor.rowcount)


def gather_figures(schema: str) -> None:
    """ANALYZE what was made, once it is committed: only the owner may, and the planner needs it."""
    with owner_connection() as owner:
        for table in ("booking_booking", "members_member", "members_nameindex"):
            owner.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(schema, table)))
