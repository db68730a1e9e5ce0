"""Invented content for /dev/components: one beauty shop on one Saturday, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import segno
from django.utils.safestring import mark_safe

samples_qr = "TSR1.QB7K4M2P.sample"


def draw_qr(text: str) -> str:
    """QR as SVG without size and colour of its own: CSS sets both."""
    out = BytesIO()
    segno.make(text, error="q", boost_error=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=0, svgclass=None, lineclass=None
    )
    return mark_safe(out.getvalue().decode().replace('stroke="#000"', 'stroke="currentColor"'))  # noqa: S308


def make_samples(*, chinese: bool) -> dict[str, Any]:
    """Template context of the sample pages."""

    def t(zh: str, en: str) -> str:
        return zh if chinese else en

    return {
        "chain_name": t("栖白", "Qibai"),
        "chain_line": t("品牌 · 12 家门店", "Brand · 12 stores"),
        "employee_name": t("唐宁", "Tang Ning"),
        "page_title": t("选时间", "Choose a time"),
        "back_url": "#back",
        "tab": "shop",
        "shop_url": "#shop",
        "bookings_url": "#bookings",
        "me_url": "#me",
        "login_url": "#login",
        "redeem_url": "#redeem",
        "new_url": "#new",
        "search_url": "#search",
        "store_name": t("静安梧桐店", "Wutong Lane"),
        "start": datetime(2026, 11, 26, 11, 30, tzinfo=UTC),
        "end": datetime(2026, 11, 26, 12, 30, tzinfo=UTC),
        "qr": draw_qr(samples_qr),
        "theme_css_url": "/theme.css?colour=2C7A66",
        "people": people(t),
        "days": days(t),
        "picks": picks(t),
        "parts": parts(t),
        "timeline": timeline(t),
        "services": services(t),
        "steps": steps(t),
        "nav": nav(t),
        "rail": rail(t),
        "tabs": tabs(t),
        "verticals": [
            {"value": "fitness", "label": t("健身", "Fitness"), "icon": "dumbbell"},
            {"value": "beauty", "label": t("美业", "Beauty"), "icon": "droplets", "checked": True},
            {"value": "dining", "label": t("餐饮", "Dining"), "icon": "utensils"},
            {"value": "retail", "label": t("零售", "Retail"), "icon": "shopping-bag"},
        ],
        "pay": [
            {
                "value": "stored",
                "label": t("储值", "Stored value"),
                "hint": t("余额 ¥1,260.00", "¥1,260.00 left"),
                "icon": "wallet",
                "checked": True,
            },
            {
                "value": "scan",
                "label": t("扫付款码", "Payment code"),
                "hint": t("微信、支付宝", "WeChat, Alipay"),
                "icon": "qr-code",
            },
            {
                "value": "cash",
                "label": t("现金", "Cash"),
                "hint": t("自动算找零", "Change worked out"),
                "icon": "banknote",
            },
            {
                "value": "card",
                "label": t("刷卡", "Card"),
                "hint": t("终端没连上", "Terminal is off"),
                "icon": "credit-card",
                "disabled": True,
            },
        ],
        "kv": [
            {"key": t("服务项目", "Service"), "value": t("深层补水护理 · 60 分钟", "Deep hydration · 60 min")},
            {"key": t("服务人员", "With"), "value": t("小雅", "Xiaoya")},
            {
                "key": t("价格", "Price"),
                "value": "¥358",
                "second": t("到店付，无需定金", "Pay at the shop, no deposit"),
            },
        ],
        "bill": [
            {"key": t("小计，3 项", "Subtotal, 3 items"), "value": "¥696.00"},
            {"key": t("已自动用 4 项优惠", "4 benefits used"), "value": "−¥468.90"},
        ],
        "stats": [
            {"label": t("储值", "Stored value"), "value": "¥1,260"},
            {"label": t("次卡", "Pass"), "value": t("剩 4 次", "4 left")},
            {"label": t("积分", "Points"), "value": "2,480"},
            {"label": t("优惠券", "Coupons"), "value": t("2 张", "2")},
        ],
        "crumbs": [{"label": t("品牌", "Brand"), "url": "#brand"}, {"label": t("服务项目", "Services")}],
        "tab_items": [
            {"label": label, "url": "#tab", "current": at == 0}
            for at, label in enumerate(
                [
                    t("补水", "Hydration"),
                    t("清洁", "Cleansing"),
                    t("紧致", "Firming"),
                    t("敏感肌", "Sensitive"),
                    t("肩颈", "Shoulders"),
                    t("到店礼", "Gifts"),
                ]
            )
        ],
        "views": [
            {"label": t("人员", "People"), "url": "#people", "current": True},
            {"label": t("房间", "Rooms"), "url": "#rooms"},
            {"label": t("列表", "List"), "url": "#list"},
        ],
        "options": [("60", t("60 分钟", "60 min")), ("90", t("90 分钟", "90 min"))],
        "walk": [t("门店", "Store"), t("营业时间", "Hours"), t("服务", "Service"), t("员工", "Staff")],
        "statuses": ["held", "confirmed", "arrived", "late", "completed", "no_show", "cancelled", "expired", "full", "waiting"],
        "sizes": [26, 32, 40, 44, 48],
    }


def people(t: Any) -> list[dict[str, Any]]:
    return [
        {"value": "any", "label": t("不限", "Anyone"), "icon": "users", "checked": True},
        *[
            {"value": name, "label": name, "person": name}
            for name in (t("小雅", "Xiaoya"), t("林乔", "Lin Qiao"), t("阿宁", "Aning"), t("周苒", "Zhou Ran"))
        ],
    ]


def days(t: Any) -> list[dict[str, Any]]:
    names = t("今天 周日 周一 周二 周三 周四 周五 周六", "Today Sun Mon Tue Wed Thu Fri Sat").split()
    open_word, full, closed = t("可约", "Open"), t("约满", "Full"), t("休息", "Closed")
    plenty, tight = t("充足", "Plenty"), t("紧张", "Few")
    words = [(2, open_word), (0, full), (None, closed), (3, plenty), (3, plenty), (2, open_word), (1, tight), (3, plenty)]
    return [
        {
            "value": f"2026-11-{21 + at}",
            "weekday": names[at],
            "date": 21 + at,
            "pips": pips,
            "word": word,
            "none": not pips,
            "checked": at == 5,
        }
        for at, (pips, word) in enumerate(words)
    ]


def picks(t: Any) -> list[dict[str, Any]]:
    return [
        {
            "value": "pick-1930",
            "time": "19:30",
            "day": t("周四 26日", "Thu 26"),
            "icon": "repeat",
            "why": t("你常来的周四晚", "Your usual Thursday evening"),
            "who": t("小雅空闲，上次也是她", "Xiaoya is free, as last time"),
            "checked": True,
        },
        {
            "value": "pick-1400",
            "time": "14:00",
            "day": t("周四 26日", "Thu 26"),
            "icon": "leaf",
            "why": t("店里空档，减 ¥30", "Quiet hour, ¥30 off"),
            "who": t("林乔空闲 · ¥328", "Lin Qiao is free · ¥328"),
        },
        {
            "value": "pick-1830",
            "time": "18:30",
            "day": t("周五 27日", "Fri 27"),
            "icon": "timer",
            "why": t("距上次 29 天，间隔合适", "29 days since, a good interval"),
            "who": t("周苒空闲，擅长敏感肌", "Zhou Ran is free, good with sensitive skin"),
        },
    ]


def parts(t: Any) -> list[dict[str, Any]]:
    def slots(text: str) -> list[dict[str, Any]]:
        made = []
        for word in text.split():
            time, _, state = word.partition("/")
            words = {"deal": t("减 ¥30", "¥30 off"), "last": t("剩 1", "1 left")}
            made.append(
                {
                    "value": time,
                    "time": time,
                    "state": state if state != "on" else "free",
                    "word": words.get(state, ""),
                    "checked": state == "on",
                }
            )
        return made

    return [
        {"label": t("上午", "a.m."), "slots": slots("10:00 10:30 11:00/full 11:30")},
        {
            "label": t("下午", "p.m."),
            "slots": slots("13:30 14:00/deal 14:30 15:00/full 15:30/full 16:00 16:30/last 17:00"),
        },
        {"label": t("晚上", "Eve"), "slots": slots("18:00 19:00/full 19:30/on 20:00")},
    ]


def timeline(t: Any) -> dict[str, Any]:
    """10:00–20:00 in five-minute rows."""

    def at(clock: str) -> int:
        hours, minutes = clock.split(":")
        return (int(hours) - 10) * 12 + int(minutes) // 5

    def block(start: str, end: str, status: str, name: str, line: str, **more: Any) -> dict[str, Any]:
        return {
            "id": f"{status}-{at(start)}-{len(name)}",
            "row": at(start),
            "span": at(end) - at(start),
            "status": status,
            "name": name,
            "line1": line,
            "line2": f"{start}–{end}",
            "url": "#booking",
            **more,
        }

    def away(start: str, end: str, label: str) -> dict[str, Any]:
        return {"row": at(start), "span": at(end) - at(start), "label": label}

    def buffer(start: str, rows: int) -> dict[str, int]:
        return {"row": at(start), "span": rows}

    hydrate, repair = t("深层补水护理", "Deep hydration"), t("水光修护 3 / 6", "Glow repair 3 / 6")
    clean, calm = t("清洁护理", "Deep cleanse"), t("敏感肌舒缓", "Sensitive calm")
    lunch = t("午休", "Lunch")
    return {
        "rows": 120,
        "hours": [{"row": (hour - 10) * 12, "label": f"{hour}:00"} for hour in range(11, 20)],
        "now": {"row": at("14:20"), "label": "14:20"},
        "columns": [
            {
                "name": t("小雅", "Xiaoya"),
                "second": t("10:00–19:00 · 5 约", "10:00–19:00 · 5"),
                "aways": [away("12:45", "13:30", lunch)],
                "buffers": [buffer("12:30", 2), buffer("13:35", 2), buffer("14:45", 2), buffer("16:00", 2)],
                "blocks": [
                    block("10:00", "11:00", "completed", t("顾明", "Gu Ming"), t("B5 舒缓导入", "B5 calming")),
                    block("11:30", "12:30", "completed", t("何思远", "He Siyuan"), hydrate),
                    block("13:45", "14:45", "arrived", t("许知夏", "Xu Zhixia"), repair),
                    block("15:00", "16:00", "confirmed", t("苏晴", "Su Qing"), hydrate, current=True),
                    block("17:00", "18:15", "confirmed", t("叶蓁", "Ye Zhen"), t("紧致提拉", "Lift and firm")),
                ],
            },
            {
                "name": t("林乔", "Lin Qiao"),
                "second": t("10:00–19:00 · 4 约", "10:00–19:00 · 4"),
                "aways": [away("13:00", "13:45", lunch)],
                "blocks": [
                    block("10:30", "11:45", "completed", t("温雅", "Wen Ya"), t("紧致提拉", "Lift and firm")),
                    block("12:00", "12:45", "no_show", t("周启", "Zhou Qi"), clean),
                    block("14:00", "15:00", "late", t("陈可", "Chen Ke"), calm, detail=t("20 分", "20 min")),
                    block("15:30", "16:30", "held", t("线上顾客", "Online guest"), hydrate, detail="6:12"),
                    block("17:30", "18:30", "confirmed", t("程意", "Cheng Yi"), clean),
                ],
            },
            {
                "name": t("阿宁", "Aning"),
                "second": t("12:00–21:00 · 5 约", "12:00–21:00 · 5"),
                "aways": [away("10:00", "12:00", t("12:00 上班", "Starts 12:00"))],
                "buffers": [buffer("16:20", 2)],
                "blocks": [
                    block("13:30", "15:00", "arrived", t("方宜 · 2 人", "Fang Yi · 2"), t("肩颈舒压", "Shoulders")),
                    block("15:30", "16:00", "confirmed", t("罗一", "Luo Yi"), t("眼周护理", "Eye care")),
                    block("16:30", "17:30", "confirmed", t("沈微", "Shen Wei"), hydrate),
                ],
            },
            {
                "name": t("护理室 A", "Room A"),
                "second": t("设备 · 3 约", "Device · 3"),
                "place": "door-open",
                "lanes": 2,
                "aways": [away("15:30", "16:30", t("设备保养", "Service"))],
                "blocks": [
                    block("10:00", "11:15", "completed", t("吕晨", "Lü Chen"), repair, lane=1),
                    block("10:30", "11:15", "completed", t("白露", "Bai Lu"), repair, lane=2),
                    block("17:00", "17:15", "confirmed", t("叶蓁", "Ye Zhen"), repair, lane=1),
                ],
            },
        ],
    }


def services(t: Any) -> dict[str, Any]:
    columns = [
        {"label": t("名称", "Name")},
        {"label": t("时长", "Time")},
        {"label": t("价格", "Price"), "number": True},
        {"label": t("门店", "Stores"), "number": True},
        {"label": t("30 天预约", "30 days"), "number": True},
    ]
    rows = [
        {"group": t("补水", "Hydration")},
        {
            "name": t("深层补水护理", "Deep hydration"),
            "second": "Deep hydration",
            "url": "#service",
            "cells": [t("60 分钟", "60 min"), "¥398", "12", "1,284"],
            "selected": True,
        },
        {
            "name": t("B5 舒缓导入", "B5 calming"),
            "second": "B5 calming",
            "url": "#service",
            "cells": [t("45 分钟", "45 min"), "¥268", "12", "906"],
        },
        {"group": t("清洁", "Cleansing")},
        {
            "name": t("清洁护理", "Deep cleanse"),
            "second": "Deep cleanse",
            "url": "#service",
            "cells": [t("45 分钟", "45 min"), "¥298", "12", "1,120"],
        },
    ]
    return {"columns": columns, "rows": rows}


def steps(t: Any) -> list[dict[str, Any]]:
    return [
        {
            "title": t("建好你的独立空间", "Your own space"),
            "second": t("数据和其他品牌完全隔开", "Apart from every other chain"),
            "state": "done",
            "aside": t("1.2 秒", "1.2 s"),
        },
        {
            "title": t("开通地址", "Your address"),
            "second": "qibai.tessera.example",
            "state": "done",
            "aside": t("0.3 秒", "0.3 s"),
        },
        {
            "title": t("建第一家门店", "First store"),
            "second": t("营业时间、房间和设备", "Hours, rooms and devices"),
            "state": "busy",
            "aside": t("进行中", "under way"),
        },
        {
            "title": t("邀请你做品牌主", "Invite you as owner"),
            "second": t("登录后先改价格，再分享链接", "Sign in, set prices, share the link"),
            "state": "todo",
            "icon": "user",
        },
    ]


def nav(t: Any) -> list[dict[str, Any]]:
    def item(label: str, icon: str, current: bool = False) -> dict[str, Any]:
        return {"label": label, "icon": icon, "url": "#" + icon, "current": current}

    return [
        {"entries": [item(t("总览", "Overview"), "layout-dashboard"), item(t("工作台", "Workbench"), "calendar-days")]},
        {
            "label": t("卖什么", "What you sell"),
            "entries": [item(t("服务项目", "Services"), "sparkles", True), item(t("商品", "Products"), "package")],
        },
        {
            "label": t("谁来做", "Who does it"),
            "entries": [
                item(t("员工和排班", "Staff and shifts"), "users"),
                item(t("门店和区域", "Stores and regions"), "store"),
                item(t("房间和设备", "Rooms and devices"), "armchair"),
            ],
        },
        {"rest": True, "entries": [item(t("设置", "Settings"), "settings")]},
    ]


def rail(t: Any) -> list[dict[str, Any]]:
    return [
        {"label": t("工作台", "Workbench"), "icon": "calendar-days", "url": "#day", "current": True},
        {"label": t("会员", "Members"), "icon": "users", "url": "#members"},
        {"label": t("收银", "Till"), "icon": "receipt-text", "url": "#till", "count": 2},
        {"label": t("候补", "Waiting"), "icon": "hourglass", "url": "#waiting"},
        {"label": t("设置", "Settings"), "icon": "settings", "url": "#settings", "rest": True},
    ]


def tabs(t: Any) -> list[dict[str, Any]]:
    return [
        {"label": t("今天", "Today"), "icon": "calendar-days", "url": "#day", "current": True},
        {"label": t("会员", "Members"), "icon": "users", "url": "#members"},
        {"label": t("收银", "Till"), "icon": "receipt-text", "url": "#till", "count": 2},
        {"label": t("更多", "More"), "icon": "ellipsis", "url": "#more"},
    ]
