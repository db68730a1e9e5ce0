"""A chain may pick any colour: what stands on it, beside it and in it stays readable."""

from __future__ import annotations

import pytest

from chains.domain.accent import (
    Accent,
    AccentTokens,
    ColourUnreadable,
    contrast,
    dark_grounds,
    greatest_chroma,
    ink,
    light_grounds,
    make_accent,
    oklch_of,
    white,
)

grid = [
    f"#{red:02X}{green:02X}{blue:02X}"
    for red in range(0, 256, 17)
    for green in range(0, 256, 17)
    for blue in range(0, 256, 17)
]

# The table of the design: picked, then fill, on, text, wash of the light and of the dark theme.
table = {
    "#2C7A66": AccentTokens(
        Accent("#2C7A66", white, "#287763", "#EAF6F1"), Accent("#71BCA6", ink, "#71BCA6", "#1A2C26")
    ),
    "#E8590C": AccentTokens(
        Accent("#CB4B01", white, "#B84301", "#FEEFE9"), Accent("#F8875B", ink, "#F8875B", "#3A2016")
    ),
    "#FFC53D": AccentTokens(
        Accent("#FFC53D", ink, "#896505", "#F9F2E2"), Accent("#FDC649", ink, "#FDC649", "#32260B")
    ),
}


def channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def contrasts(tokens: AccentTokens) -> list[float]:
    light, dark = tokens.light, tokens.dark
    return [
        contrast(light.fill, light.on),
        contrast(dark.fill, dark.on),
        *(contrast(light.text, ground) for ground in (*light_grounds, light.wash)),
        *(contrast(dark.text, ground) for ground in (*dark_grounds, dark.wash)),
    ]


def test_every_contrast_holds_for_all_4096_colours_of_the_grid():
    worst = min((min(contrasts(make_accent(colour))), colour) for colour in grid)

    assert len(grid) == 4096
    assert worst[0] >= 4.6, worst


@pytest.mark.parametrize("picked", table)
def test_the_designs_examples_come_out_within_one_step_of_255(picked):
    made, wanted = make_accent(picked), table[picked]

    far = {
        (theme, name): (getattr(getattr(made, theme), name), getattr(getattr(wanted, theme), name))
        for theme in ("light", "dark")
        for name in ("fill", "on", "text", "wash")
        if any(
            abs(one - other) > 1
            for one, other in zip(
                channels(getattr(getattr(made, theme), name)),
                channels(getattr(getattr(wanted, theme), name)),
                strict=True,
            )
        )
    }
    assert far == {}


def test_a_colour_that_carries_white_is_left_as_picked():
    assert make_accent("#2c7a66").light.fill == "#2C7A66"


def test_a_colour_too_light_for_white_carries_ink_and_stays_as_picked():
    light = make_accent("#FFC53D").light

    assert (light.fill, light.on) == ("#FFC53D", ink)


def test_no_fill_is_more_vivid_than_the_chroma_allowed():
    # Rounding to whole steps of 255 may add a little.
    assert (
        max(oklch_of(make_accent(colour).light.fill).chroma for colour in grid[::7])
        <= greatest_chroma + 0.004
    )


@pytest.mark.parametrize("written", ["2C7A66", "#2C7A6", "#GGGGGG", "", "red", "#2C7A66\n"])
def test_what_is_no_colour_is_refused_with_a_way_out(written):
    with pytest.raises(ColourUnreadable) as refused:
        make_accent(written)

    assert refused.value.code == "colour_unreadable"
    assert "#2C7A66" in refused.value.way_out()
