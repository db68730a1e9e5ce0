"""What names are found by."""

from __future__ import annotations

import pytest

from tenants.members.domain.names import gram_set, grams_of, grams_sought


def is_found_by(name: str, text: str) -> bool:
    """As every search asks it: the name has all that is looked for."""
    sought = grams_sought(text)
    return bool(sought) and set(sought) <= gram_set(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("王小雅", "王"),
        ("王小雅", "雅"),
        ("王小雅", "小雅"),
        ("王小雅", "王小雅"),
        ("王小雅", "wxy"),
        ("王小雅", "XY"),
        ("王小雅", "wangxiaoya"),
        ("王小雅", "wangxi"),
        ("王小雅", "xiaoya"),
        ("王小雅", "wang xiaoya"),
        ("王小雅", "wangxy"),
        ("单小雨", "shanxy"),
        ("单小雨", "dxy"),
        ("曾国藩", "zengguofan"),
        ("曾国藩", "cgf"),
        ("尉迟恭", "yuchigong"),
        ("万俟雨", "mqy"),
        ("吕布", "lvbu"),
        ("吕布", "lubu"),
        ("吕布", "lyubu"),
        ("欧阳娜娜", "oynn"),
        ("欧阳娜娜", "娜娜"),
        ("Anna Schmidt", "schm"),
        ("Anna Schmidt", "anna sch"),
        ("José Álvarez", "jose alvarez"),
        ("José", "José"),
        ("王小雅 (Anna)", "小雅 ann"),
        ("王小雅", "王 小"),
        ("ｙａｙａ", "yaya"),
        ("田中たなか", "なか"),
    ],
)
def test_a_name_is_found(name: str, text: str) -> None:
    assert is_found_by(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("王小雅", "李"),
        ("王小雅", "雅小"),
        ("王小雅", "wy"),
        ("王小雅", "yaxiao"),
        ("Anna", "nna"),
        ("", "a"),
    ],
)
def test_another_name_is_not(name: str, text: str) -> None:
    assert not is_found_by(name, text)


@pytest.mark.parametrize("text", ["", "   ", "·-()", "\u200b"])
def test_nothing_is_sought_by_what_says_nothing(text: str) -> None:
    assert grams_sought(text) == []
    assert not is_found_by("王小雅", text)


def test_grams_of_a_name_are_few_and_each_stands_once() -> None:
    grams = grams_of("欧阳娜娜")
    assert (len(grams) < 80, grams) == (True, sorted(set(grams)))


def test_a_name_as_long_as_a_name_may_be_stays_bounded() -> None:
    assert len(grams_of("乐" * 120)) < 200
    assert len(grams_of("a" * 120)) == 32
