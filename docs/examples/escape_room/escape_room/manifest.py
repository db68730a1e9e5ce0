"""Escape rooms: a team, a game master, a room whose puzzles must stand again before the next team."""

from __future__ import annotations

from escape_room.hooks import HOOKS
from tenants.extension.manifest import DemoChain, DemoPerson, DemoStore, Manifest, ServiceTemplate

_MASTER = {"zh-Hans": "主持", "en": "Game master"}
services = (
    ServiceTemplate(
        names={"zh-Hans": "古堡密室", "en": "The Vault"},
        descriptions={"zh-Hans": "一小时，找到出去的路", "en": "One hour to find the way out"},
        category={"zh-Hans": "密室", "en": "Games"},
        minutes=60,
        prepare=10,
        prices={"CNY": 16800, "USD": 3500, "EUR": 3200},
        skill=_MASTER,
        step=30,
    ),
)
demo = (
    DemoChain(
        slug="vault",
        names={"zh-Hans": "锁钥密室", "en": "Lock & Key"},
        taglines={"zh-Hans": "一小时的谜题", "en": "One hour of puzzles"},
        accent="#6F42C1",
        locale="en",
        time_zone="Europe/Dublin",
        currency="EUR",
        country="IE",
        stores=(
            DemoStore(
                names={"zh-Hans": "码头店", "en": "Docklands"},
                address={"zh-Hans": "码头路 1 号", "en": "1 Quay Street"},
                directions={"zh-Hans": "轻轨终点站旁", "en": "Beside the last tram stop"},
                opens=600,
                closes=1320,
                people=(DemoPerson("Morgan", ("Game master",)), DemoPerson("Robin", ("Game master",))),
            ),
        ),
        busy_hours={18: 1.0, 19: 1.5, 20: 1.2},
    ),
)
manifest = Manifest(
    code="escape_room",
    names={"zh-Hans": "密室逃脱", "en": "Escape room"},
    icon="lock",
    order=100,
    services=services,
    demo=demo,
    hooks=HOOKS,
    api="escape_room.api",
)
