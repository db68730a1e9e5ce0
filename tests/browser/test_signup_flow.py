"""Sign-up in a browser: from the first page to the new chain, in both languages, on a phone and a desk."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from chains.domain.provisioning import run_once
from tests.chains.signups import PASSWORD, empty_outbox, newest_code
from tests.ground.browser import OpenPage, Site, axe_violations
from tests.ground.browser import keep_screenshot as _keep

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("committed"),
]


WORDS = {
    "en": {"beauty": "Beauty", "brand": "Qibai Skin", "create": "Create my chain", "free": "Free",
           "set_up": "Set up my chain", "doing": "Setting up Qibai Skin", "enter": "Enter my chain"},
    "zh-Hans": {"beauty": "美业", "brand": "栖白", "create": "创建品牌", "free": "可用",
                "set_up": "开始搭建", "doing": "正在搭建「栖白」", "enter": "进入工作台"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "width", "theme"),
    [("en", 1440, "light"), ("zh-Hans", 375, "dark")],
)
def test_a_brand_signs_up_and_its_owner_arrives_signed_in(
    site: Site, open_page: OpenPage, language: str, width: int, theme: str
) -> None:
    empty_outbox()
    words, look = WORDS[language], f"{language}-{width}-{theme}"
    slug = f"qibai-{language[:2]}{width}"  # one each: the server remembers for a while where a host led
    page = open_page(width=width, language=language, theme=theme, timezone_id="Asia/Shanghai")
    page.goto(site.url(""))
    page.get_by_role("checkbox", name=words["beauty"]).check()
    page.locator("#brand").fill(words["brand"])
    page.locator("#slug").press_sequentially(slug, delay=30)
    expect(page.locator("#address .input-ok")).to_have_text(words["free"])
    expect(page.locator("#slug")).to_have_value(slug)
    page.locator("#email").fill("su@qibai.example")
    assert page.locator("#time_zone").input_value() == "Asia/Shanghai"
    assert page.locator("#currency").input_value() == "CNY"
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    _keep(page, f"signup-1-{look}")
    page.get_by_role("button", name=words["create"]).click()

    page.wait_for_url(re.compile(r"/signups/[0-9a-f-]+/$"))
    assert axe_violations(page) == []
    _keep(page, f"signup-2-{look}")
    page.locator("#code").press_sequentially(newest_code("su@qibai.example"))
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name=words["set_up"]).click()

    expect(page.get_by_role("heading", name=words["doing"])).to_be_visible()
    assert axe_violations(page) == []
    _keep(page, f"signup-3-{look}")
    assert run_once(now=timezone.now()) is True
    enter = page.get_by_role("link", name=words["enter"])
    expect(enter).to_be_visible()
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    _keep(page, f"signup-4-{look}")
    enter.click()
    page.wait_for_url(re.compile(rf"//{slug}\.tessera\.test:\d+/manage/setup/"))
    names = {cookie["name"] for cookie in page.context.cookies(site.url(slug))}
    assert "tessera_session" in names
    assert "tessera_signup" not in names


def test_sign_up_by_keyboard_alone(site: Site, open_page: OpenPage) -> None:
    empty_outbox()
    page = open_page(width=1440)
    page.goto(site.url(""))
    page.locator("input[name=vertical]").first.focus()
    page.keyboard.press("Space")
    page.locator("#brand").focus()
    for text in ("Keys", "keysandmore", "su@keys.example"):
        page.keyboard.type(text, delay=20)
        if text == "keysandmore":
            expect(page.locator("#address .input-ok")).to_be_visible()
            expect(page.locator("#slug")).to_be_focused()
        page.keyboard.press("Tab")
    page.locator("#email").press("Enter")
    page.wait_for_url(re.compile(r"/signups/"))
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(newest_code("su@keys.example"))
    page.keyboard.press("Tab")
    expect(page.locator("#password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Setting up Keys")).to_be_visible()


@pytest.mark.parametrize("path", ["/pricing/", "/help/", "/terms/", "/privacy/", "/login/", "/dev/outbox"])
@pytest.mark.parametrize(("language", "width", "theme"), [("en", 1440, "light"), ("zh-Hans", 375, "dark")])
def test_page_of_the_platform_reads_well(
    site: Site, open_page: OpenPage, path: str, language: str, width: int, theme: str
) -> None:
    page = open_page(width=width, language=language, theme=theme)
    page.goto(site.url("", path))
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    _keep(page, f"platform{path.replace('/', '-')}-{language}-{width}-{theme}")


def test_wrong_fields_stand_where_they_are(site: Site, open_page: OpenPage) -> None:
    page = open_page(width=375)
    page.goto(site.url(""))
    page.locator("#slug").press_sequentially("www")
    expect(page.locator("#slug-error")).to_contain_text("is kept for the platform itself")
    page.get_by_role("button", name="Create my chain").click()
    expect(page.locator("#brand-error")).to_contain_text("Enter the name your guests know.")
    assert page.locator("#slug").input_value() == "www"
    assert axe_violations(page) == []
    _keep(page, "signup-refused-en-375")
