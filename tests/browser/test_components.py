"""The design system in a browser: every component in both languages and themes, on a phone and a desk.

Screenshots are for looking at (set SCREENSHOTS to a folder), never compared by pixel.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.ground.browser import AXE_TAGS, run_axe

pytestmark = pytest.mark.browser

rules = [*AXE_TAGS, "best-practice"]
# Tall enough that no sticky bar lies over a control that is being measured.
sizes = {375: 1600, 1440: 1600}
layouts = ["/member", "/time", "/confirm", "/staff", "/owner", "/signup"]
looks = [
    *(
        ("", *look)
        for look in (
            ("zh-Hans", "light", 375),
            ("zh-Hans", "dark", 1440),
            ("en", "dark", 375),
            ("en", "light", 1440),
        )
    ),
    *((path, *look) for path in layouts for look in (("zh-Hans", "light", 375), ("en", "dark", 1440))),
]


def open_sample(page, platform_url, path, *, language, theme, width):
    """Load a sample page and return what the browser's console complained about."""
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_viewport_size({"width": width, "height": sizes[width]})
    page.goto(f"{platform_url}/dev/components{path}?lang={language}&theme={theme}")
    return complaints


def find_violations(page):
    """axe's violations as (rule, targets)."""
    found = run_axe(page, rules)
    return [(item["id"], [node["target"] for node in item["nodes"]]) for item in found]


def keep_screenshot(page, name):
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize(("path", "language", "theme", "width"), looks)
def test_sample_pages_are_accessible_fit_and_keep_the_console_quiet(
    page, platform_url, path, language, theme, width
):
    complaints = open_sample(page, platform_url, path, language=language, theme=theme, width=width)
    keep_screenshot(page, f"components{path.replace('/', '-')}-{language}-{theme}-{width}")

    assert find_violations(page) == []
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_planted_contrast_fault_is_found(page, platform_url):
    open_sample(page, platform_url, "", language="en", theme="light", width=1440)
    page.evaluate("document.querySelector('h2').style.color = '#ddd'")

    assert [rule for rule, _ in find_violations(page)] == ["color-contrast"]


def test_a_dialog_takes_the_focus_and_gives_it_back(page, platform_url):
    open_sample(page, platform_url, "", language="en", theme="light", width=1440)
    opener = page.locator("[data-opens=dialog-1]").last
    opener.click()
    inside = page.evaluate("document.activeElement.closest('dialog')?.id")
    page.keyboard.press("Escape")

    assert inside == "dialog-1"
    assert page.locator("#dialog-1").is_visible() is False
    assert opener.evaluate("element => element === document.activeElement") is True


def test_escape_and_backdrop_never_throw_away_typed_text(page, platform_url):
    open_sample(page, platform_url, "", language="en", theme="light", width=1440)
    page.locator("[data-opens=sheet-1]").click()
    page.locator("#sheet-1 input").fill("Xiaoya")
    page.keyboard.press("Escape")
    page.mouse.click(5, 5)
    still_open = page.locator("#sheet-1").is_visible()
    page.locator("#sheet-1 button[data-closes]").first.click()

    assert still_open is True
    assert page.locator("#sheet-1").is_visible() is False


def test_six_boxes_show_what_is_pasted_into_the_one_input(page, platform_url):
    open_sample(page, platform_url, "", language="en", theme="light", width=375)
    page.locator("#code").fill("48 20-15")

    assert page.locator("#code").input_value() == "482015"
    assert page.locator("#code-field .code-box").all_inner_texts() == list("482015")


def test_the_theme_follows_the_choice_at_once_and_is_kept_in_a_cookie(page, platform_url):
    open_sample(page, platform_url, "", language="en", theme="light", width=1440)
    page.locator("details[data-menu] summary").first.click()
    page.locator("[data-theme-choice=dark]").first.click()
    kept = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}

    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 16, 20)"
    assert kept["theme"] == "dark"


def test_arrow_keys_walk_from_block_to_block(page, platform_url):
    open_sample(page, platform_url, "", language="en", theme="light", width=1440)
    blocks = page.locator(".timeline-col").first.locator(".block")
    blocks.nth(0).focus()
    page.keyboard.press("ArrowDown")
    down = blocks.nth(1).evaluate("element => element === document.activeElement")
    page.keyboard.press("ArrowRight")

    assert down is True
    assert (
        page.evaluate("document.activeElement.closest('.timeline-col').getAttribute('aria-labelledby')")
        == "col-2"
    )


def test_every_control_of_a_member_page_is_44_px_both_ways(page, platform_url):
    small = {}
    for path in ("/member", "/time", "/confirm"):
        open_sample(page, platform_url, path, language="zh-Hans", theme="light", width=375)
        small[path] = page.evaluate(
            """() => [...document.querySelectorAll('a, button, input, select, textarea, summary')]
              .filter((one) => one.checkVisibility() && !one.closest('p') && !one.matches('.skip-link'))
              .map((one) => [one, (one.closest('label, .input') ?? one).getBoundingClientRect()])
              .filter(([, box]) => box.width < 44 || box.height < 44)
              .map(([one, box]) => `${one.outerHTML.slice(0, 80)} ${box.width}×${box.height}`)"""
        )

    assert small == {"/member": [], "/time": [], "/confirm": []}
