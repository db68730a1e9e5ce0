"""Retail: an appointment at the counter with an adviser, and goods reserved for pickup."""

from __future__ import annotations

from tenants.extension.manifest import (
    DemoChain,
    DemoPerson,
    DemoPickup,
    DemoProduct,
    DemoStore,
    DemoThing,
    Manifest,
    ServiceTemplate,
)

_ADVICE = {"zh-Hans": "顾问", "en": "Advice"}
_OPTICS = {"zh-Hans": "验光", "en": "Eye test"}
_PICKUP = {"zh-Hans": "自提", "en": "Pickup"}

services = (
    ServiceTemplate(
        names={"zh-Hans": "专柜咨询", "en": "Counter appointment"},
        descriptions={
            "zh-Hans": "顾问先按你的需要备好货，到店直接看",
            "en": "An adviser lays out what suits before you come",
        },
        category=_ADVICE,
        minutes=30,
        prices={"CNY": 0, "USD": 0, "EUR": 0},
        skill=_ADVICE,
        step=15,
    ),
    ServiceTemplate(
        names={"zh-Hans": "验光配镜", "en": "Eye test and fitting"},
        descriptions={
            "zh-Hans": "30 分钟验光，配镜当天可抵",
            "en": "Thirty minutes; the fee counts towards your glasses",
        },
        category=_OPTICS,
        minutes=30,
        clean_up=5,
        prices={"CNY": 8800, "USD": 3000, "EUR": 2500},
        skill=_OPTICS,
        step=15,
    ),
    ServiceTemplate(
        names={"zh-Hans": "镜架调整", "en": "Frame adjustment"},
        descriptions={
            "zh-Hans": "鼻托、镜腿、清洗，15 分钟",
            "en": "Pads, temples and a clean, fifteen minutes",
        },
        category=_ADVICE,
        minutes=15,
        prices={"CNY": 0, "USD": 0, "EUR": 0},
        skill=_ADVICE,
        step=15,
    ),
    ServiceTemplate(
        names={"zh-Hans": "到店自提", "en": "Pickup"},
        descriptions={
            "zh-Hans": "先在手机上选好，到店报码就拿走",
            "en": "Choose on your phone, show the code, take it along",
        },
        category=_PICKUP,
        minutes=60,
        prices={"CNY": 0, "USD": 0, "EUR": 0},
        skill=_ADVICE,
        booked_as="pickup",
    ),
)

_BOTH = ("Advice", "Eye test")


def _desks(count: int) -> tuple[DemoThing, ...]:
    """Fitting desks with an eye chart at each."""
    return tuple(
        DemoThing({"zh-Hans": f"验配台 {number}", "en": f"Fitting desk {number}"}, "station")
        for number in range(1, count + 1)
    )


demo = (
    DemoChain(
        slug="mingjing",
        names={"zh-Hans": "明镜眼镜", "en": "Mingjing Eyewear"},
        taglines={"zh-Hans": "验光配镜 · 约好不用等", "en": "Eyewear without the wait"},
        accent="#FFC53D",
        locale="zh-Hans",
        time_zone="Asia/Shanghai",
        currency="CNY",
        country="CN",
        stores=(
            DemoStore(
                names={"zh-Hans": "中山广场店", "en": "Zhongshan Square"},
                address={"zh-Hans": "广场东街 5 号 1 层", "en": "5 Square East Street, ground floor"},
                place=(31.2319, 121.4747),
                directions={"zh-Hans": "商场 2 号门进，扶梯旁", "en": "Gate 2, beside the escalator"},
                opens=600,
                closes=1320,
                people=(
                    DemoPerson("郑老师", _BOTH, 0),
                    DemoPerson("小满", ("Advice",), 1),
                    DemoPerson("谷雨", _BOTH, 2),
                ),
                things=_desks(3),
            ),
            DemoStore(
                names={"zh-Hans": "大学城店", "en": "University Town"},
                address={"zh-Hans": "学府路 77 号", "en": "77 Xuefu Road"},
                place=(31.2989, 121.5015),
                directions={
                    "zh-Hans": "公交学府路站下，往南 100 米",
                    "en": "100 metres south of the bus stop",
                },
                opens=600,
                closes=1260,
                people=(DemoPerson("夏至", _BOTH, 0), DemoPerson("立冬", ("Advice",), 1)),
                things=_desks(2),
                franchise=True,
            ),
        ),
        busy_hours={
            10: 0.6,
            11: 0.9,
            12: 1.0,
            13: 0.9,
            14: 0.9,
            15: 1.0,
            16: 1.0,
            17: 1.1,
            18: 1.2,
            19: 1.3,
            20: 0.9,
            21: 0.5,
        },
        busy_weekdays={1: 0.7, 2: 0.7, 3: 0.8, 4: 0.8, 5: 1.0, 6: 1.6, 7: 1.5},
        no_show_share=0.08,
        cancel_share=0.06,
        products=(
            DemoProduct(
                {"zh-Hans": "日抛隐形眼镜 30 片", "en": "Daily lenses, 30"},
                {"zh-Hans": "含水量 58%，干眼也合适", "en": "58 % water, good for dry eyes"},
                {"CNY": 16800},
                units=40,
            ),
            DemoProduct(
                {"zh-Hans": "护理液 360 ml", "en": "Lens solution, 360 ml"},
                {"zh-Hans": "一瓶约用三个月", "en": "Lasts about three months"},
                {"CNY": 5900},
                units=24,
            ),
            DemoProduct(
                {"zh-Hans": "钛架太阳镜", "en": "Titanium sunglasses"},
                {"zh-Hans": "偏光镜片，19 克", "en": "Polarised, 19 grams"},
                {"CNY": 129900},
                units=5,
            ),
            DemoProduct(
                {"zh-Hans": "镜布与清洁喷雾", "en": "Cloth and spray"},
                {"zh-Hans": "镀膜镜片可用", "en": "Safe for coated lenses"},
                {"CNY": 3900},
                units=60,
            ),
        ),
        takes={one.names["en"]: "station" for one in services if one.booked_as == "time"},
        pickups=(DemoPickup("Pickup", 10 * 60, 21 * 60, 60, cap=6),),
    ),
)

manifest = Manifest(
    code="retail",
    names={"zh-Hans": "零售", "en": "Retail"},
    icon="shopping-bag",
    order=40,
    services=services,
    demo=demo,
)
