"""A chain's accent: from any picked colour to eight tokens whose contrast holds.

The work is done in OKLCH (https://www.w3.org/TR/css-color-4/#ok-lab), where a change of lightness keeps the
hue; contrast is WCAG 2's ratio (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio), measured on the colour
as it is written, in whole steps of 255. Tried on all 4,096 colours of a 16-step grid, see the tests.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, NamedTuple

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal, Text

# The grounds accent text stands on; the same values as in web/static/css/tokens.css.
white = "#FFFFFF"
ink = "#15181D"
light_grounds = ("#FFFFFF", "#F5F6F8", "#ECEEF1")
dark_grounds = ("#16191E", "#1D2127")

least_contrast = 4.6
greatest_chroma = 0.20
step = 0.005
greatest_darkening = 0.125
dark_fill_lightness = 0.74
dark_fill_chroma = 0.15
chroma_step = 0.002


class ColourUnreadable(Refusal):
    """The picked colour is not written as # and six hexadecimal digits."""

    code: ClassVar[str] = "colour_unreadable"
    status: ClassVar[int] = 422
    title: ClassVar[Text] = _("Colour not understood")
    detail: ClassVar[Text] = _('"%(colour)s" is not a colour we can read.')
    fix: ClassVar[Text] = _("Write it as # and six digits or letters from A to F, for example #2C7A66.")


class Oklch(NamedTuple):
    """Lightness 0–1, chroma 0–0.32 or so, hue in radians."""

    lightness: float
    chroma: float
    hue: float


@dataclass(frozen=True, slots=True)
class Accent:
    """One theme's accent: a fill with what stands on it, text for the grounds, a wash. All as #RRGGBB."""

    fill: str
    on: str
    text: str
    wash: str


@dataclass(frozen=True, slots=True)
class AccentTokens:
    """The eight tokens a chain stores."""

    light: Accent
    dark: Accent


def make_accent(picked: str) -> AccentTokens:
    """The accent of a chain that picked `picked` (#RRGGBB, any case).

    Promises a contrast of at least 4.6 between fill and what stands on it, and between text and every ground
    of its theme and its wash. The hue is kept, the chroma at most 0.20 and inside sRGB.
    Raises ColourUnreadable.
    """
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", picked):
        raise ColourUnreadable(params={"colour": picked})
    seen = oklch_of(picked)
    colour = seen._replace(chroma=min(seen.chroma, greatest_chroma))
    return AccentTokens(light=make_light_accent(colour), dark=make_dark_accent(colour))


def make_light_accent(colour: Oklch) -> Accent:
    fill = walk(colour, -step, lambda at: contrast(at, white) >= least_contrast, limit=greatest_darkening)
    on = white
    if fill is None:
        on = ink
        fill = walk(colour, step, lambda at: contrast(at, ink) >= least_contrast) or white
    wash = hex_of(Oklch(0.962, min(0.022, 0.16 * colour.chroma), colour.hue))
    grounds = (*light_grounds, wash)
    text = walk(colour, -step, lambda at: least_on(at, grounds) >= least_contrast) or ink
    return Accent(fill=fill, on=on, text=text, wash=wash)


def make_dark_accent(colour: Oklch) -> Accent:
    start = Oklch(
        max(colour.lightness, dark_fill_lightness), min(colour.chroma, dark_fill_chroma), colour.hue
    )
    fill = walk(start, step, lambda at: contrast(at, ink) >= least_contrast) or white
    wash = hex_of(Oklch(0.275, min(0.045, 0.31 * colour.chroma), colour.hue))
    grounds = (*dark_grounds, wash)
    text = walk(start, step, lambda at: least_on(at, grounds) >= least_contrast) or white
    return Accent(fill=fill, on=ink, text=text, wash=wash)


def walk(start: Oklch, by: float, good: Callable[[str], bool], *, limit: float = 1.0) -> str | None:
    """The first good colour from `start` on, changing lightness `by` a step; None beyond `limit` or black, white."""
    for count in range(int(limit / abs(by)) + 1):
        lightness = start.lightness + count * by
        if not 0 <= lightness <= 1:
            break
        colour = hex_of(start._replace(lightness=lightness))
        if good(colour):
            return colour
    return None


def least_on(colour: str, grounds: tuple[str, ...]) -> float:
    return min(contrast(colour, ground) for ground in grounds)


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio of two #RRGGBB colours, 1–21."""
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@cache
def linear(channel: int) -> float:
    """Linear light of an sRGB channel of 0–255."""
    value = channel / 255
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def linear_channels(colour: str) -> tuple[float, float, float]:
    return linear(int(colour[1:3], 16)), linear(int(colour[3:5], 16)), linear(int(colour[5:7], 16))


def luminance(colour: str) -> float:
    red, green, blue = linear_channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def oklch_of(colour: str) -> Oklch:
    """OKLCH of #RRGGBB."""
    red, green, blue = linear_channels(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    return Oklch(lightness, math.hypot(a, b), math.atan2(b, a))


def linear_of(colour: Oklch) -> tuple[float, float, float]:
    """Linear sRGB of an OKLCH colour; outside 0–1 where sRGB does not reach."""
    a, b = colour.chroma * math.cos(colour.hue), colour.chroma * math.sin(colour.hue)
    long = (colour.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (colour.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (colour.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def hex_of(colour: Oklch) -> str:
    """#RRGGBB of an OKLCH colour, its chroma lowered until it lies inside sRGB."""
    channels = linear_of(colour)
    while colour.chroma > 0 and not all(-1e-4 <= value <= 1 + 1e-4 for value in channels):
        colour = colour._replace(chroma=max(0.0, colour.chroma - chroma_step))
        channels = linear_of(colour)
    return "#" + "".join(f"{round(255 * encoded(value)):02X}" for value in channels)


def encoded(value: float) -> float:
    """sRGB channel 0–1 of linear light."""
    value = min(1.0, max(0.0, value))
    return 12.92 * value if value <= 0.0031308 else 1.055 * float(value ** (1 / 2.4)) - 0.055


def read_accent(kept: Mapping[str, Mapping[str, str]]) -> AccentTokens | None:
    """The tokens as `dataclasses.asdict` wrote them into a chain; None where it has none, or not all eight."""
    try:
        return AccentTokens(light=Accent(**kept["light"]), dark=Accent(**kept["dark"]))
    except (KeyError, TypeError):
        return None
