"""Settings take the industries from their entry points, and nothing outside verticals/ names one."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from django.conf import settings

from config import verticals
from config.verticals import vertical_apps
from tenants.extension.registry import GROUP
from tests import gates


def entries(*named: tuple[str, str]) -> list[EntryPoint]:
    return [EntryPoint(name=name, value=value, group=GROUP) for name, value in named]


def test_apps_are_the_packages_of_the_manifests_in_the_order_of_their_codes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = entries(
        ("nails", "nails_vertical.manifest:manifest"), ("cinema", "houses.cinema.manifest:manifest")
    )
    monkeypatch.setattr(verticals, "entry_points", lambda *, group: found if group == GROUP else [])
    assert vertical_apps() == ["houses.cinema", "nails_vertical"]


def test_an_industry_that_is_registered_twice_is_one_app(monkeypatch: pytest.MonkeyPatch) -> None:
    found = entries(("nails", "nails.manifest:manifest"), ("nails", "nails.manifest:manifest"))
    monkeypatch.setattr(verticals, "entry_points", lambda *, group: found)
    assert vertical_apps() == ["nails"]


def test_without_any_industry_there_is_no_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verticals, "entry_points", lambda *, group: [])
    assert vertical_apps() == []


def test_every_folder_of_verticals_is_installed_in_every_chain() -> None:
    root = Path(gates.ROOT)
    folders = sorted(f"verticals.{path.parent.name}" for path in (root / "verticals").glob("*/manifest.py"))
    assert [app for app in settings.TENANT_APPS if app.startswith("verticals.")] == folders
    assert [app for app in settings.INSTALLED_APPS if app.startswith("verticals.")] == folders


def test_gate_finds_an_industry_named_outside_its_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("verticals/nails", "tenants", "web"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "verticals" / "nails" / "manifest.py").write_text('code = "nails"\n')
    (tmp_path / "tenants" / "shop.py").write_text('\nif vertical == "nails":\n')
    (tmp_path / "web" / "shop.html").write_text("thumbnails\n")
    monkeypatch.setattr(gates, "ROOT", tmp_path)
    assert list(gates.named_industries()) == [
        "tenants/shop.py:2 names the industry nails; only verticals/ may"
    ]


def test_nothing_of_ours_names_an_industry() -> None:
    assert list(gates.named_industries()) == []
