"""How a name is found: by its characters, one or two at a time, by pinyin, by the beginning of a word.

    name      王小雅 (Anna)
    grams     王 小 雅 王小 小雅 · w wa … wangxiaoya x … xiaoya y … ya · wx wxy xy · wangx wangxy · a an ann anna
    found by  小  小雅  wxy  xy  wangxiao  xiaoya  wang xiaoya  ann

Trigrams cannot find two Chinese characters. What is looked for is a set of grams too, and a name is found
when it has all of them: of three characters and more, the pairs say it all but for chance.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, pairwise, product

# Raised whenever a name would get other grams than before: the round writes those of every member anew.
SCHEME = 1
LONGEST = 32
# A run of characters longer than a name is read in full from its beginning only.
NAME_LENGTH = 4
MOST_SYLLABLES = 8
READINGS_EACH = 2
MOST_READINGS = 12
MOST_WORDS = 8

# Surnames that are read otherwise than the same character elsewhere, or in more than one way.
SURNAMES: dict[str, tuple[str, ...]] = {
    "万俟": ("mo qi",), "单于": ("chan yu",), "尉迟": ("yu chi",), "长孙": ("zhang sun",), "澹台": ("tan tai",),
    "乐": ("yue", "le"), "仇": ("qiu",), "任": ("ren",), "佴": ("nai",), "冼": ("xian",), "洗": ("xian",),
    "区": ("ou",), "卜": ("bu",), "单": ("shan",), "召": ("shao",), "员": ("yun",), "哈": ("ha",),
    "娄": ("lou",), "宁": ("ning",), "宓": ("mi", "fu"), "尹": ("yin",), "应": ("ying",), "折": ("she",),
    "曲": ("qu",), "曾": ("zeng",), "朴": ("piao",), "查": ("zha",), "牟": ("mu", "mou"), "盖": ("ge", "gai"),
    "盛": ("sheng",), "种": ("chong",), "秘": ("bi",), "纪": ("ji",), "繁": ("po",), "缪": ("miao",),
    "翟": ("zhai", "di"), "葛": ("ge",), "行": ("xing",), "褚": ("chu",), "覃": ("qin", "tan"), "解": ("xie",),
    "谌": ("chen", "shen"), "逄": ("pang",), "重": ("chong",), "长": ("chang",), "隗": ("wei", "kui"), "黑": ("he",),
}  # fmt: skip


def grams_of(name: str) -> list[str]:
    """All that a name is found by, sorted, each once; nothing for an empty name."""
    return sorted(gram_set(name))


@lru_cache(maxsize=4096)
def gram_set(name: str) -> frozenset[str]:
    """As `grams_of`; kept, for the names of staff and services are asked about with every search."""
    found: set[str] = set()
    for run, spelled in _runs(name):
        if spelled:
            found.update(_beginnings(run))
        else:
            found.update(run)
            found.update(first + second for first, second in pairwise(run))
            for syllables in _readings(run[:MOST_SYLLABLES]):
                found.update(_spelled(syllables))
    return frozenset(found)


def grams_sought(text: str) -> list[str]:
    """The grams that a name must all have to be found by `text`; empty where there is nothing to look for."""
    found: set[str] = set()
    for run, spelled in _runs(text):
        if spelled:
            found.add(run[:LONGEST])
        elif len(run) == 1:
            found.add(run)
        else:
            found.update(first + second for first, second in pairwise(run))
    return sorted(found)


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """The words of a text, small and without accents; True for one of letters, False for one of characters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    # accents of letters go; the marks of kana are part of them
    bare = "".join(
        sign if _is_character(sign) else _without_accent(sign) for sign in unicodedata.normalize("NFC", plain)
    )
    word, kind = "", False
    count = 0
    for sign in f"{bare} ":
        is_character = _is_character(sign)
        if word and (not sign.isalnum() or is_character == kind):
            yield word, kind
            count += 1
            word = ""
            if count == MOST_WORDS:
                return
        if sign.isalnum():
            word, kind = word + sign, not is_character


def _without_accent(sign: str) -> str:
    return "".join(part for part in unicodedata.normalize("NFD", sign) if not unicodedata.combining(part))


def _is_character(sign: str) -> bool:
    """Whether the sign stands for itself in a name without spaces: Chinese, kana, Hangul."""
    return (
        "\u3040" <= sign <= "\u9fff" or "\uac00" <= sign <= "\ud7af" or "\U00020000" <= sign <= "\U0003ffff"
    )


def _beginnings(word: str) -> Iterator[str]:
    return (word[:length] for length in range(1, min(len(word), LONGEST) + 1))


def _readings(run: str) -> Iterator[Sequence[str]]:
    """The ways to read a run of characters, likeliest first, a syllable each; none without pinyin."""
    # its dictionary is a sixth of what a process reads when it starts, and most processes spell no name
    from pypinyin import Style, pinyin

    options: list[list[str]] = []
    surname = next((run[:length] for length in (2, 1) if run[:length] in SURNAMES), "")
    if surname:
        spelled = [reading.split() for reading in SURNAMES[surname]]
        options = [list(dict.fromkeys(way[place] for way in spelled)) for place in range(len(surname))]
    usual = pinyin(run, style=Style.NORMAL)
    for place, sign in enumerate(run):
        also = pinyin(sign, style=Style.NORMAL, heteronym=True)[0]
        before = options[place] if place < len(options) else []
        # a surname has the readings of surnames; rare readings are for what parents choose
        others = also[:READINGS_EACH] if place else ()
        ways = dict.fromkeys([*before, usual[place][0] if len(usual) == len(run) else "", *others])
        kept = [way for way in ways if way.isascii() and way.isalpha()]
        if not kept:
            return
        spread = list(dict.fromkeys(letters for way in kept for letters in _umlauts(way)))
        options[place : place + 1] = [spread]
    yield from islice(product(*options), MOST_READINGS)


def _umlauts(syllable: str) -> tuple[str, ...]:
    """`lv` is typed lv, lu and lyu."""
    if "v" not in syllable:
        return (syllable,)
    return (syllable, syllable.replace("v", "u"), syllable.replace("v", "yu"))


def _spelled(syllables: Sequence[str]) -> Iterator[str]:
    """A reading in full from each syllable on, its initials, and surname in full with initials after it."""
    whole = len(syllables) <= NAME_LENGTH
    initials = "".join(syllable[0] for syllable in syllables)
    for start in range(len(syllables) if whole else 1):
        yield from _beginnings("".join(syllables[start:]))
        yield from _beginnings(initials[start:])
        if start:
            yield from (
                "".join(syllables[:start]) + initials[start:end]
                for end in range(start + 1, len(initials) + 1)
            )
