"""A sample Saturday for the timeline, 10:00–20:00 in rows of five minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Translate = Callable[[str, str], str]


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


def timeline(t: Translate) -> dict[str, Any]:
    columns = (first_column(t), second_column(t), third_column(t), room_column(t))
    hours = [{"row": (hour - 10) * 12, "label": f"{hour}:00"} for hour in range(11, 20)]
    return {"rows": 120, "hours": hours, "now": {"row": at("14:20"), "label": "14:20"}, "columns": columns}


def first_column(t: Translate) -> dict[str, Any]:
    return {
        "name": t("小雅", "Xiaoya"),
        "second": t("10:00–19:00 · 5 约", "10:00–19:00 · 5"),
        "aways": [away("12:45", "13:30", t("午休", "Lunch"))],
        "buffers": [buffer("12:30", 2), buffer("13:35", 2), buffer("14:45", 2), buffer("16:00", 2)],
        "blocks": [
            block("10:00", "11:00", "completed", t("顾明", "Gu Ming"), t("B5 舒缓导入", "B5 calming")),
            block(
                "11:30", "12:30", "completed", t("何思远", "He Siyuan"), t("深层补水护理", "Deep hydration")
            ),
            block(
                "13:45",
                "14:45",
                "arrived",
                t("许知夏", "Xu Zhixia"),
                t("水光修护 3 / 6", "Glow repair 3 / 6"),
            ),
            block(
                "15:00",
                "16:00",
                "confirmed",
                t("苏晴", "Su Qing"),
                t("深层补水护理", "Deep hydration"),
                current=True,
            ),
            block("17:00", "18:15", "confirmed", t("叶蓁", "Ye Zhen"), t("紧致提拉", "Lift and firm")),
        ],
    }


def second_column(t: Translate) -> dict[str, Any]:
    return {
        "name": t("林乔", "Lin Qiao"),
        "second": t("10:00–19:00 · 4 约", "10:00–19:00 · 4"),
        "aways": [away("13:00", "13:45", t("午休", "Lunch"))],
        "blocks": [
            block("10:30", "11:45", "completed", t("温雅", "Wen Ya"), t("紧致提拉", "Lift and firm")),
            block("12:00", "12:45", "no_show", t("周启", "Zhou Qi"), t("清洁护理", "Deep cleanse")),
            block(
                "14:00",
                "15:00",
                "late",
                t("陈可", "Chen Ke"),
                t("敏感肌舒缓", "Sensitive calm"),
                detail=t("20 分", "20 min"),
            ),
            block(
                "15:30",
                "16:30",
                "held",
                t("线上顾客", "Online guest"),
                t("深层补水护理", "Deep hydration"),
                detail="6:12",
            ),
            block("17:30", "18:30", "confirmed", t("程意", "Cheng Yi"), t("清洁护理", "Deep cleanse")),
        ],
    }


def third_column(t: Translate) -> dict[str, Any]:
    return {
        "name": t("阿宁", "Aning"),
        "second": t("12:00–21:00 · 5 约", "12:00–21:00 · 5"),
        "aways": [away("10:00", "12:00", t("12:00 上班", "Starts 12:00"))],
        "buffers": [buffer("16:20", 2)],
        "blocks": [
            block("13:30", "15:00", "arrived", t("方宜 · 2 人", "Fang Yi · 2"), t("肩颈舒压", "Shoulders")),
            block("15:30", "16:00", "confirmed", t("罗一", "Luo Yi"), t("眼周护理", "Eye care")),
            block("16:30", "17:30", "confirmed", t("沈微", "Shen Wei"), t("深层补水护理", "Deep hydration")),
        ],
    }


def room_column(t: Translate) -> dict[str, Any]:
    return {
        "name": t("护理室 A", "Room A"),
        "second": t("设备 · 3 约", "Device · 3"),
        "place": "door-open",
        "lanes": 2,
        "aways": [away("15:30", "16:30", t("设备保养", "Service"))],
        "blocks": [
            block(
                "10:00",
                "11:15",
                "completed",
                t("吕晨", "Lü Chen"),
                t("水光修护 3 / 6", "Glow repair 3 / 6"),
                lane=1,
            ),
            block(
                "10:30",
                "11:15",
                "completed",
                t("白露", "Bai Lu"),
                t("水光修护 3 / 6", "Glow repair 3 / 6"),
                lane=2,
            ),
            block(
                "17:00",
                "17:15",
                "confirmed",
                t("叶蓁", "Ye Zhen"),
                t("水光修护 3 / 6", "Glow repair 3 / 6"),
                lane=1,
            ),
        ],
    }
