"""What the design system promises about its own files."""

from __future__ import annotations

import re
from pathlib import Path

from chains.domain import accent
from web.icons import icon_paths

web = Path(__file__).parents[2] / "web"
templates = sorted((web / "templates").rglob("*.html"))
stylesheets = sorted((web / "static" / "css").glob("*.css"))


def test_only_the_tokens_name_colours():
    naming = [
        sheet.name
        for sheet in stylesheets
        if re.search(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(", sheet.read_text())
    ]

    assert naming == ["tokens.css"]


def test_every_custom_property_that_is_used_is_defined():
    text = "".join(sheet.read_text() for sheet in stylesheets)
    defined = set(re.findall(r"(--[a-z0-9-]+)\s*:", text))
    used = set(re.findall(r"var\((--[a-z0-9-]+)\s*\)", text))

    assert used - defined == set()


def test_no_template_has_inline_style_or_script():
    inline = [
        path.name
        for path in templates
        if re.search(
            r"\sstyle=|\son(?!e=)[a-z]+=|<style|<script(?![^>]*\bsrc=)|javascript:", path.read_text()
        )
    ]

    assert inline == []


def test_every_partial_begins_with_its_contract():
    undocumented = [
        path.name
        for path in (web / "templates" / "ui").glob("[a-z]*.html")
        if not path.read_text().startswith("{% comment %}")
    ]

    assert undocumented == []


def test_every_icon_named_in_a_template_is_vendored():
    named = {
        name for path in templates for name in re.findall(r'icon(?:="|\s+")([a-z0-9-]+)"', path.read_text())
    }

    assert named - set(icon_paths()) == set()


def test_the_accent_is_measured_on_the_grounds_of_the_tokens():
    text = (web / "static" / "css" / "tokens.css").read_text()

    def pair(name):
        return re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\)", text).groups()

    light, dark = zip(*(pair(name) for name in ("surface", "canvas", "sunken", "raised")), strict=True)
    assert light[:3] == accent.light_grounds
    assert (dark[0], dark[3]) == accent.dark_grounds
    assert pair("ink")[0] == accent.ink
