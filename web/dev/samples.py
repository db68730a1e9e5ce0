"""Invented content for /dev/components: one shop on one Saturday, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import segno
from django.utils.safestring import SafeString, mark_safe

from tenants.extension.registry import verticals
from web.dev.booking_samples import Translate, days, parts, people, picks
from web.dev.day_samples import timeline
from web.signup.industries import industry_words

samples_qr = "TSR1.QB7K4M2P.sample"


def draw_qr(text: str) -> SafeString:
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
        **frame(t),
        **choices(t),
        **facts(t),
        **ways(t),
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
    }


def frame(t: Translate) -> dict[str, Any]:
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
        "theme_css_url": "/dev/theme.css?colour=2C7A66",
    }


def choices(t: Translate) -> dict[str, Any]:
    return {
        "verticals": [
            {
                "value": each.code,
                "label": each.name(t("zh-hans", "en")),
                "icon": each.icon,
                "checked": not place,
            }
            for place, each in enumerate(verticals())
        ],
        "industry_words": industry_words(),
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
    }


def facts(t: Translate) -> dict[str, Any]:
    return {
        "kv": [
            {
                "key": t("服务项目", "Service"),
                "value": t("深层补水护理 · 60 分钟", "Deep hydration · 60 min"),
            },
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
    }


def ways(t: Translate) -> dict[str, Any]:
    return {
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
        "statuses": [
            "held",
            "confirmed",
            "arrived",
            "late",
            "completed",
            "no_show",
            "cancelled",
            "expired",
            "full",
            "waiting",
        ],
        "sizes": [26, 32, 40, 44, 48],
    }


def services(t: Translate) -> dict[str, Any]:
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


def steps(t: Translate) -> list[dict[str, Any]]:
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


def nav(t: Translate) -> list[dict[str, Any]]:
    def item(label: str, icon: str, current: bool = False) -> dict[str, Any]:
        return {"label": label, "icon": icon, "url": "#" + icon, "current": current}

    return [
        {
            "entries": [
                item(t("总览", "Overview"), "layout-dashboard"),
                item(t("工作台", "Workbench"), "calendar-days"),
            ]
        },
        {
            "label": t("卖什么", "What you sell"),
            "entries": [
                item(t("服务项目", "Services"), "sparkles", True),
                item(t("商品", "Products"), "package"),
            ],
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


def rail(t: Translate) -> list[dict[str, Any]]:
    return [
        {"label": t("工作台", "Workbench"), "icon": "calendar-days", "url": "#day", "current": True},
        {"label": t("会员", "Members"), "icon": "users", "url": "#members"},
        {"label": t("收银", "Till"), "icon": "receipt-text", "url": "#till", "count": 2},
        {"label": t("候补", "Waiting"), "icon": "hourglass", "url": "#waiting"},
        {"label": t("设置", "Settings"), "icon": "settings", "url": "#settings", "rest": True},
    ]


def tabs(t: Translate) -> list[dict[str, Any]]:
    return [
        {"label": t("今天", "Today"), "icon": "calendar-days", "url": "#day", "current": True},
        {"label": t("会员", "Members"), "icon": "users", "url": "#members"},
        {"label": t("收银", "Till"), "icon": "receipt-text", "url": "#till", "count": 2},
        {"label": t("更多", "More"), "icon": "ellipsis", "url": "#more"},
    ]
