"""Fitness: private training one to one, and group classes with a cap."""

from __future__ import annotations

from tenants.extension.manifest import (
    DemoChain,
    DemoPass,
    DemoPerson,
    DemoSession,
    DemoStore,
    DemoThing,
    Manifest,
    ServiceTemplate,
)

_COACH = {"zh-Hans": "私教", "en": "Personal training"}
_STRETCH = {"zh-Hans": "拉伸", "en": "Stretching"}
_CLASS = {"zh-Hans": "团课", "en": "Group classes"}

services = (
    ServiceTemplate(
        names={"zh-Hans": "私教课 60 分钟", "en": "Personal training, 60 minutes"},
        descriptions={"zh-Hans": "一对一，按你的目标定当天内容", "en": "One to one, planned for your goal"},
        category=_COACH,
        minutes=60,
        prices={"CNY": 36000, "USD": 8000, "EUR": 7500},
        skill=_COACH,
    ),
    ServiceTemplate(
        names={"zh-Hans": "私教体验课", "en": "First session"},
        descriptions={
            "zh-Hans": "体测加一次完整训练，第一次来选它",
            "en": "Assessment and a full session, for your first visit",
        },
        category=_COACH,
        minutes=60,
        prepare=5,
        prices={"CNY": 9900, "USD": 2500, "EUR": 2500},
        skill=_COACH,
    ),
    ServiceTemplate(
        names={"zh-Hans": "运动拉伸", "en": "Sports stretch"},
        descriptions={
            "zh-Hans": "练后或久坐，45 分钟松开全身",
            "en": "After training or a long day at the desk",
        },
        category=_STRETCH,
        minutes=45,
        clean_up=5,
        prices={"CNY": 22000, "USD": 5500, "EUR": 5000},
        skill=_STRETCH,
    ),
    ServiceTemplate(
        names={"zh-Hans": "体态评估", "en": "Posture check"},
        descriptions={
            "zh-Hans": "30 分钟看清问题，带走一份计划",
            "en": "Thirty minutes, and a plan to take home",
        },
        category=_STRETCH,
        minutes=30,
        prices={"CNY": 12800, "USD": 3500, "EUR": 3000},
        skill=_STRETCH,
    ),
    ServiceTemplate(
        names={"zh-Hans": "晨间流瑜伽", "en": "Morning flow yoga"},
        descriptions={
            "zh-Hans": "跟着呼吸活动开，新手也跟得上",
            "en": "Move with the breath; newcomers welcome",
        },
        category=_CLASS,
        minutes=60,
        prices={"CNY": 8800, "USD": 2000, "EUR": 1800},
        skill=_CLASS,
        booked_as="session",
    ),
    ServiceTemplate(
        names={"zh-Hans": "杠铃塑形", "en": "Barbell shaping"},
        descriptions={
            "zh-Hans": "45 分钟全身力量，重量自己选",
            "en": "Whole-body strength, you pick the weight",
        },
        category=_CLASS,
        minutes=45,
        prices={"CNY": 7800, "USD": 1800, "EUR": 1600},
        skill=_CLASS,
        booked_as="session",
    ),
    ServiceTemplate(
        names={"zh-Hans": "拳击入门", "en": "Boxing basics"},
        descriptions={
            "zh-Hans": "从站姿和直拳开始，手套现场有",
            "en": "Stance and straight punches; gloves are here",
        },
        category=_CLASS,
        minutes=50,
        prices={"CNY": 9800, "USD": 2200, "EUR": 2000},
        skill=_CLASS,
        booked_as="session",
    ),
)

_BOTH = ("Personal training", "Stretching")


def _floor(coaches: int) -> tuple[DemoThing, ...]:
    """A place on the floor for each coach, and the studio of the classes behind them."""
    places = (
        DemoThing({"zh-Hans": f"训练位 {number}", "en": f"Training bay {number}"}, "station")
        for number in range(1, coaches + 1)
    )
    return (*places, DemoThing({"zh-Hans": "团课教室", "en": "Studio"}, "room", 16))


demo = (
    DemoChain(
        slug="juli",
        names={"zh-Hans": "聚力", "en": "Juli Fitness"},
        taglines={"zh-Hans": "私教健身 · 每次都算数", "en": "Personal training that counts"},
        accent="#E8590C",
        locale="zh-Hans",
        time_zone="Asia/Shanghai",
        currency="CNY",
        country="CN",
        stores=(
            DemoStore(
                names={"zh-Hans": "滨江店", "en": "Riverside"},
                address={"zh-Hans": "江望路 60 号 B1", "en": "60 Jiangwang Road, B1"},
                place=(31.2331, 121.5052),
                directions={"zh-Hans": "地铁 4 号线 2 口直达", "en": "Straight from metro line 4, exit 2"},
                opens=420,
                closes=1320,
                people=(
                    DemoPerson("陈锋", _BOTH, 0),
                    DemoPerson("赵一凡", _BOTH, 1),
                    DemoPerson("Mia", ("Stretching",), 2),
                    DemoPerson("老唐", _BOTH, 3),
                    DemoPerson("高岚", ("Group classes",)),
                ),
                things=_floor(4),
            ),
            DemoStore(
                names={"zh-Hans": "科技园店", "en": "Tech Park"},
                address={"zh-Hans": "园一路 8 号 3 层", "en": "8 Yuanyi Road, 3rd floor"},
                place=(31.3127, 120.6802),
                directions={
                    "zh-Hans": "园区东门进，左手第二栋",
                    "en": "East gate, second building on the left",
                },
                opens=420,
                closes=1320,
                people=(
                    DemoPerson("孙浩", _BOTH, 0),
                    DemoPerson("顾言", _BOTH, 1),
                    DemoPerson("石头", ("Personal training",), 2),
                    DemoPerson("陈野", ("Group classes",)),
                    DemoPerson("罗峻", ("Group classes",)),
                ),
                things=_floor(3),
            ),
        ),
        busy_hours={
            7: 1.1,
            8: 1.2,
            9: 0.7,
            10: 0.5,
            11: 0.6,
            12: 1.2,
            13: 0.8,
            14: 0.4,
            15: 0.4,
            16: 0.6,
            17: 0.9,
            18: 1.6,
            19: 1.8,
            20: 1.5,
            21: 0.8,
        },
        busy_weekdays={1: 1.2, 2: 1.1, 3: 1.1, 4: 1.1, 5: 0.9, 6: 1.1, 7: 0.9},
        no_show_share=0.06,
        cancel_share=0.12,
        passes=(
            DemoPass(
                {"zh-Hans": "团课 10 次卡", "en": "Ten classes"},
                10,
                ("Morning flow yoga", "Barbell shaping", "Boxing basics"),
            ),
        ),
        takes={one.names["en"]: "station" for one in services if one.booked_as == "time"},
        sessions=(
            DemoSession("Morning flow yoga", (1, 2, 3, 4, 5, 6, 7), 8 * 60, seats=12, person=-1, thing=-1),
            DemoSession("Barbell shaping", (1, 3, 5, 6), 9 * 60 + 30, seats=16, person=-1, thing=-1),
            DemoSession("Morning flow yoga", (6, 7), 14 * 60, seats=8, person=-1, thing=-1),
            DemoSession(
                "Barbell shaping", (1, 2, 3, 4, 5, 6, 7), 18 * 60 + 30, seats=10, person=-1, thing=-1
            ),
            DemoSession(
                "Boxing basics", (1, 2, 3, 4, 5, 6, 7), 20 * 60, seats=8, minimum=6, person=-1, thing=-1
            ),
        ),
    ),
)

manifest = Manifest(
    code="fitness",
    names={"zh-Hans": "健身", "en": "Fitness"},
    icon="dumbbell",
    order=10,
    services=services,
    demo=demo,
)
