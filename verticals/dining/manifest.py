"""Dining: sittings in a private room with a host; dishes and queues follow."""

from __future__ import annotations

from tenants.extension.manifest import DemoChain, DemoPerson, DemoStore, DemoThing, Manifest, ServiceTemplate

_HOST = {"zh-Hans": "包间管家", "en": "Room host"}
_ROOM = {"zh-Hans": "包间", "en": "Private rooms"}

services = (
    ServiceTemplate(
        names={"zh-Hans": "包间午市", "en": "Private room, lunch"},
        descriptions={
            "zh-Hans": "两小时，一位管家照看，按位到店点",
            "en": "Two hours with a host of your own; order at the table",
        },
        category=_ROOM,
        minutes=120,
        prepare=15,
        clean_up=15,
        prices={"CNY": 20000, "USD": 4000, "EUR": 4000},
        skill=_HOST,
    ),
    ServiceTemplate(
        names={"zh-Hans": "包间晚市", "en": "Private room, dinner"},
        descriptions={"zh-Hans": "两个半小时，适合 4–10 人", "en": "Two and a half hours for four to ten"},
        category=_ROOM,
        minutes=150,
        prepare=15,
        clean_up=15,
        prices={"CNY": 30000, "USD": 6000, "EUR": 6000},
        skill=_HOST,
    ),
    ServiceTemplate(
        names={"zh-Hans": "主厨试菜", "en": "Tasting with the chef"},
        descriptions={"zh-Hans": "六道小份，主厨在桌边讲", "en": "Six small courses, told by the chef"},
        category={"zh-Hans": "主厨", "en": "Chef"},
        minutes=90,
        prepare=15,
        clean_up=15,
        prices={"CNY": 58000, "USD": 12000, "EUR": 11000},
        skill={"zh-Hans": "主厨", "en": "Chef"},
    ),
)


def _room(chinese: str, english: str, most: int) -> DemoThing:
    return DemoThing({"zh-Hans": chinese, "en": english}, "room", most)


def _table(number: int, most: int) -> DemoThing:
    return DemoThing({"zh-Hans": f"{number} 号桌", "en": f"Table {number}"}, "table", most)


demo = (
    DemoChain(
        slug="shanye",
        names={"zh-Hans": "山野小馆", "en": "Shanye Kitchen"},
        taglines={"zh-Hans": "云贵菜 · 包间要提前约", "en": "Yunnan kitchen; book the rooms ahead"},
        accent="#4C6B22",
        locale="zh-Hans",
        time_zone="Asia/Shanghai",
        currency="CNY",
        country="CN",
        stores=(
            DemoStore(
                names={"zh-Hans": "湖滨店", "en": "Lakeside"},
                address={"zh-Hans": "湖滨路 3 号", "en": "3 Hubin Road"},
                place=(30.2525, 120.1551),
                directions={
                    "zh-Hans": "湖滨公园南门旁，有停车场",
                    "en": "Beside the south gate of the park; parking",
                },
                opens=660,
                closes=1320,
                people=(
                    DemoPerson("竹间 · 阿芳", ("Room host",), 0),
                    DemoPerson("松间 · 小顾", ("Room host",), 1),
                    DemoPerson("云间 · 老魏", ("Room host", "Chef"), 2),
                ),
                things=(
                    _room("竹间", "Bamboo room", 8),
                    _room("松间", "Pine room", 10),
                    _room("云间", "Cloud room", 12),
                    _table(1, 4),
                    _table(2, 4),
                    _table(3, 2),
                ),
            ),
            DemoStore(
                names={"zh-Hans": "老城店", "en": "Old Town"},
                address={"zh-Hans": "书院巷 21 号", "en": "21 Shuyuan Alley"},
                place=(30.2741, 120.1702),
                directions={
                    "zh-Hans": "巷口第三家，门前有灯笼",
                    "en": "Third house in the alley, a lantern at the door",
                },
                opens=660,
                closes=1320,
                people=(
                    DemoPerson("听雨 · 小蔡", ("Room host",), 0),
                    DemoPerson("观山 · 段师傅", ("Room host", "Chef"), 1),
                ),
                things=(
                    _room("听雨", "Rain room", 8),
                    _room("观山", "Hill room", 10),
                    _table(1, 4),
                    _table(2, 2),
                ),
            ),
        ),
        busy_hours={11: 1.2, 12: 1.6, 13: 0.8, 14: 0.2, 15: 0.1, 16: 0.3, 17: 1.3, 18: 1.8, 19: 1.2, 20: 0.4},
        busy_weekdays={1: 0.6, 2: 0.7, 3: 0.7, 4: 0.8, 5: 1.3, 6: 1.6, 7: 1.4},
        no_show_share=0.05,
        cancel_share=0.07,
        takes={one.names["en"]: "room" for one in services},
        deposits={"Private room, dinner": 10000},
    ),
)

manifest = Manifest(
    code="dining",
    names={"zh-Hans": "餐饮", "en": "Dining"},
    icon="utensils",
    order=30,
    services=services,
    demo=demo,
)
