"""Sample people, days, recommended times and slots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Translate = Callable[[str, str], str]


def people(t: Translate) -> list[dict[str, Any]]:
    return [
        {"value": "any", "label": t("不限", "Anyone"), "icon": "users", "checked": True},
        *[
            {"value": name, "label": name, "person": name}
            for name in (
                t("小雅", "Xiaoya"),
                t("林乔", "Lin Qiao"),
                t("阿宁", "Aning"),
                t("周苒", "Zhou Ran"),
            )
        ],
    ]


def days(t: Translate) -> list[dict[str, Any]]:
    names = t("今天 周日 周一 周二 周三 周四 周五 周六", "Today Sun Mon Tue Wed Thu Fri Sat").split()
    open_word, full, closed = t("可约", "Open"), t("约满", "Full"), t("休息", "Closed")
    plenty, tight = t("充足", "Plenty"), t("紧张", "Few")
    words = [
        (2, open_word),
        (0, full),
        (None, closed),
        (3, plenty),
        (3, plenty),
        (2, open_word),
        (1, tight),
        (3, plenty),
    ]
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


def picks(t: Translate) -> list[dict[str, Any]]:
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


def parts(t: Translate) -> list[dict[str, Any]]:
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
