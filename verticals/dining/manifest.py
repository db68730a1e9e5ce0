"""Dining: sittings in a private room with a host; dishes and queues follow."""

from __future__ import annotations

from tenants.extension.manifest import DemoChain, DemoPerson, DemoStore, Manifest, ServiceTemplate

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
                directions={
                    "zh-Hans": "湖滨公园南门旁，有停车场",
                    "en": "Beside the south gate of the park; parking",
                },
                opens=660,
                closes=1320,
                people=(
                    DemoPerson("竹间 · 阿芳", ("Room host",)),
                    DemoPerson("松间 · 小顾", ("Room host",)),
                    DemoPerson("云间 · 老魏", ("Room host", "Chef")),
                ),
            ),
            DemoStore(
                names={"zh-Hans": "老城店", "en": "Old Town"},
                address={"zh-Hans": "书院巷 21 号", "en": "21 Shuyuan Alley"},
                directions={
                    "zh-Hans": "巷口第三家，门前有灯笼",
                    "en": "Third house in the alley, a lantern at the door",
                },
                opens=660,
                closes=1320,
                people=(
                    DemoPerson("听雨 · 小蔡", ("Room host",)),
                    DemoPerson("观山 · 段师傅", ("Room host", "Chef")),
                ),
            ),
        ),
        busy_hours={11: 1.2, 12: 1.6, 13: 0.8, 14: 0.2, 15: 0.1, 16: 0.3, 17: 1.3, 18: 1.8, 19: 1.2, 20: 0.4},
        busy_weekdays={1: 0.6, 2: 0.7, 3: 0.7, 4: 0.8, 5: 1.3, 6: 1.6, 7: 1.4},
        no_show_share=0.05,
        cancel_share=0.07,
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
