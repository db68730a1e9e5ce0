"""Beauty: facials and care by a therapist of the customer's choice."""

from __future__ import annotations

from tenants.extension.manifest import DemoChain, DemoPerson, DemoStore, DemoThing, Manifest, ServiceTemplate

_CARE = {"zh-Hans": "皮肤护理", "en": "Skin care"}
_BODY = {"zh-Hans": "肩颈", "en": "Neck and shoulders"}
_HYDRATE = {"zh-Hans": "补水", "en": "Hydration"}
_CLEAN = {"zh-Hans": "清洁", "en": "Cleansing"}
_CALM = {"zh-Hans": "敏感肌和紧致", "en": "Calm and firm"}

services = (
    ServiceTemplate(
        names={"zh-Hans": "深层补水护理", "en": "Deep hydration"},
        descriptions={
            "zh-Hans": "温和补水，适合换季干燥、上妆前",
            "en": "Gentle hydration for dry seasons and before make-up",
        },
        category=_HYDRATE,
        minutes=60,
        prepare=10,
        clean_up=10,
        prices={"CNY": 39800, "USD": 8900, "EUR": 8200},
        skill=_CARE,
    ),
    ServiceTemplate(
        names={"zh-Hans": "B5 舒缓导入", "en": "B5 calming"},
        descriptions={
            "zh-Hans": "泛红、晒后修护，全程无香精",
            "en": "For redness and after the sun, free of perfume",
        },
        category=_HYDRATE,
        minutes=45,
        clean_up=10,
        prices={"CNY": 26800, "USD": 6500, "EUR": 5900},
        skill=_CARE,
    ),
    ServiceTemplate(
        names={"zh-Hans": "清洁护理", "en": "Deep cleanse"},
        descriptions={
            "zh-Hans": "小气泡加手清，毛孔干净不紧绷",
            "en": "Clear pores without the tight feeling",
        },
        category=_CLEAN,
        minutes=45,
        prepare=5,
        clean_up=10,
        prices={"CNY": 29800, "USD": 6900, "EUR": 6400},
        skill=_CARE,
    ),
    ServiceTemplate(
        names={"zh-Hans": "敏感肌舒缓", "en": "Sensitive calm"},
        descriptions={
            "zh-Hans": "先做测试，再定当天的步骤",
            "en": "We test first, then choose the day's steps",
        },
        category=_CALM,
        minutes=60,
        prepare=10,
        clean_up=10,
        prices={"CNY": 45800, "USD": 9900, "EUR": 9200},
        skill=_CARE,
    ),
    ServiceTemplate(
        names={"zh-Hans": "紧致提拉", "en": "Lift and firm"},
        descriptions={"zh-Hans": "手法加仪器，轮廓更清楚", "en": "By hand and device, for a clearer contour"},
        category=_CALM,
        minutes=75,
        prepare=10,
        clean_up=10,
        prices={"CNY": 68000, "USD": 13900, "EUR": 12900},
        skill=_CARE,
    ),
    ServiceTemplate(
        names={"zh-Hans": "肩颈舒压", "en": "Neck and shoulders"},
        descriptions={"zh-Hans": "久坐肩颈僵硬，力度随时说", "en": "For stiff necks; say when to press less"},
        category=_BODY,
        minutes=60,
        clean_up=10,
        prices={"CNY": 25800, "USD": 7500, "EUR": 6900},
        skill=_BODY,
    ),
)

_BOTH = ("Skin care", "Neck and shoulders")


# every treatment has a room to itself
_TAKES = {one.names["en"]: "room" for one in services}


def _rooms(count: int) -> tuple[DemoThing, ...]:
    """Treatment rooms, one bed in each."""
    return tuple(
        DemoThing({"zh-Hans": f"护理室 {number}", "en": f"Treatment room {number}"}, "room")
        for number in range(1, count + 1)
    )


demo = (
    DemoChain(
        slug="qibai",
        names={"zh-Hans": "栖白", "en": "Qibai Skin"},
        taglines={"zh-Hans": "皮肤护理 · 让皮肤歇一歇", "en": "Skin care that lets skin rest"},
        accent="#2C7A66",
        locale="zh-Hans",
        time_zone="Asia/Shanghai",
        currency="CNY",
        country="CN",
        stores=(
            DemoStore(
                names={"zh-Hans": "静安梧桐店", "en": "Jing'an Wutong"},
                address={"zh-Hans": "梧桐里 26 号 2 层", "en": "26 Wutong Lane, 2nd floor"},
                place=(31.2243, 121.4456),
                directions={
                    "zh-Hans": "地铁 2 号线 3 口，步行 4 分钟",
                    "en": "Metro line 2, exit 3, four minutes on foot",
                },
                opens=600,
                closes=1290,
                people=(
                    DemoPerson("小雅", _BOTH, 0),
                    DemoPerson("林乔", ("Skin care",), 1),
                    DemoPerson("阿宁", _BOTH, 2),
                    DemoPerson("周苒", ("Skin care",), 3),
                ),
                things=_rooms(4),
            ),
            DemoStore(
                names={"zh-Hans": "徐汇店", "en": "Xuhui"},
                address={"zh-Hans": "汇锦路 118 号 1 层", "en": "118 Huijin Road, ground floor"},
                place=(31.1946, 121.4371),
                directions={"zh-Hans": "地铁 9 号线 1 口对面", "en": "Across from metro line 9, exit 1"},
                opens=600,
                closes=1290,
                people=(
                    DemoPerson("何苗", _BOTH, 0),
                    DemoPerson("叶青", ("Skin care",), 1),
                    DemoPerson("方圆", _BOTH, 2),
                ),
                things=_rooms(3),
            ),
            DemoStore(
                names={"zh-Hans": "苏州园区店", "en": "Suzhou Park"},
                address={"zh-Hans": "星湖街 9 号", "en": "9 Xinghu Street"},
                place=(31.3157, 120.6703),
                directions={"zh-Hans": "商场北门电梯上 3 层", "en": "North gate, lift to the 3rd floor"},
                opens=600,
                closes=1260,
                people=(DemoPerson("陆遥", _BOTH, 0), DemoPerson("许可", ("Skin care",), 1)),
                things=_rooms(2),
                franchise=True,
            ),
        ),
        busy_hours={
            10: 0.6,
            11: 0.8,
            12: 0.6,
            13: 0.8,
            14: 1.0,
            15: 1.1,
            16: 1.0,
            17: 0.9,
            18: 1.3,
            19: 1.5,
            20: 1.0,
        },
        busy_weekdays={1: 0.6, 2: 0.7, 3: 0.8, 4: 0.9, 5: 1.1, 6: 1.5, 7: 1.4},
        no_show_share=0.03,
        cancel_share=0.09,
        takes=_TAKES,
        deposits={"Lift and firm": 10000},
    ),
    DemoChain(
        slug="liffey",
        names={"zh-Hans": "Liffey Skin", "en": "Liffey Skin"},
        taglines={"zh-Hans": "都柏林的安静护肤", "en": "Quiet skin care in Dublin"},
        accent="#8E2F4B",
        locale="en",
        time_zone="Europe/Dublin",
        currency="EUR",
        country="IE",
        stores=(
            DemoStore(
                names={"zh-Hans": "码头店", "en": "Quays"},
                address={"zh-Hans": "14 Lantern Quay", "en": "14 Lantern Quay"},
                place=(53.3478, -6.2397),
                directions={"zh-Hans": "有轨电车站旁两分钟", "en": "Two minutes from the tram"},
                opens=540,
                closes=1200,
                people=(
                    DemoPerson("Aoife", _BOTH, 0),
                    DemoPerson("Niamh", ("Skin care",), 1),
                    DemoPerson("Conor", _BOTH, 2),
                ),
                things=_rooms(3),
            ),
            DemoStore(
                names={"zh-Hans": "运河店", "en": "Canal"},
                address={"zh-Hans": "3 Lock Lane", "en": "3 Lock Lane"},
                place=(53.3391, -6.2614),
                directions={"zh-Hans": "运河桥边", "en": "Beside the canal bridge"},
                opens=540,
                closes=1140,
                people=(DemoPerson("Saoirse", _BOTH, 0), DemoPerson("Eoin", ("Skin care",), 1)),
                things=_rooms(2),
            ),
        ),
        busy_hours={
            9: 0.6,
            10: 0.9,
            11: 1.0,
            12: 1.2,
            13: 1.1,
            14: 0.8,
            15: 0.9,
            16: 1.0,
            17: 1.4,
            18: 1.3,
            19: 0.8,
        },
        busy_weekdays={1: 0.6, 2: 0.8, 3: 0.9, 4: 1.1, 5: 1.3, 6: 1.4, 7: 0.5},
        no_show_share=0.04,
        cancel_share=0.07,
        takes=_TAKES,
        deposits={"Lift and firm": 2000},
    ),
)

manifest = Manifest(
    code="beauty",
    names={"zh-Hans": "美业", "en": "Beauty"},
    icon="droplets",
    order=20,
    services=services,
    demo=demo,
)
