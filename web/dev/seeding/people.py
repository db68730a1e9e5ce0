"""Invented people for the demo: names, phones, notes."""

from __future__ import annotations

import random
from dataclasses import dataclass

_FAMILY = "陈林王李张刘黄吴周徐孙马朱胡郭何罗高梁郑谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任沈姚卢傅钟姜崔谭陆范汪廖石金韦贾夏方邹熊白孟秦邱侯江尹薛闫雷龙史陶黎贺毛郝顾龚邵万覃武钱戴严莫孔向常"
_GIVEN = "晴雨桐子涵一诺思远若溪书宁嘉禾知夏景行安然星河清和明轩可心念初予墨云舒望舒以沫南乔听澜向晚如初言蹊承泽沐阳初见亦凡慕青语嫣佳宁婉清雅文子墨浩然俊熙宇辰梓萱欣妍诗雨梦瑶"
_FIRST_EN = [
    "Aisling",
    "Orla",
    "Ciara",
    "Sinead",
    "Emma",
    "Grace",
    "Sophie",
    "Maeve",
    "Roisin",
    "Clodagh",
    "Sean",
    "Cian",
    "Liam",
    "Jack",
    "Oisin",
    "Patrick",
    "Daniel",
    "Fionn",
    "Adam",
    "Tara",
    "Una",
    "Nora",
    "Kate",
    "Ellen",
    "Hugh",
    "Rory",
    "Declan",
    "Brian",
]
_LAST_EN = [
    "Murphy",
    "Kelly",
    "Byrne",
    "Ryan",
    "Walsh",
    "Doyle",
    "Nolan",
    "Brennan",
    "Quinn",
    "Moran",
    "Dunne",
    "Farrell",
    "Keane",
    "Healy",
    "Power",
    "Lynch",
    "Foley",
    "Burke",
    "Shea",
    "Daly",
]
_NOTES_ZH = ("", "", "", "", "怕痛，力度轻一点", "不聊天", "对香精敏感", "喜欢靠窗", "常带朋友来", "只约晚上")
_NOTES_EN = (
    "",
    "",
    "",
    "",
    "Prefers little talk",
    "Sensitive to perfume",
    "Evenings only",
    "Brings a friend now and then",
)


@dataclass(frozen=True, slots=True)
class InventedMember:
    """A customer that does not exist. `phone` is E.164."""

    name: str
    phone: str
    note: str


def invent_members(rng: random.Random, *, country: str, count: int) -> list[InventedMember]:
    """`count` members with different phones, in the names and numbers of the country."""
    members = []
    for number in range(count):
        if country == "CN":
            given = rng.sample(_GIVEN, rng.choice((1, 2)))
            name, note = rng.choice(_FAMILY) + "".join(given), rng.choice(_NOTES_ZH)
            phone = f"+861380013{number:04d}"
        else:
            name, note = f"{rng.choice(_FIRST_EN)} {rng.choice(_LAST_EN)}", rng.choice(_NOTES_EN)
            phone = f"+35385012{number:04d}"
        members.append(InventedMember(name, phone, note))
    return members
