"""Every text of the house is there in Chinese."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.core import validators
from django.utils import translation
from rest_framework import exceptions, fields, relations, serializers

from web import translations
from web.translations import check_catalogue, source_messages


def test_every_text_is_translated_with_the_same_placeholders() -> None:
    assert check_catalogue().faults == []


def test_a_text_without_translation_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(translations, "PARTS", tmp_path)
    assert len(check_catalogue().missing) == len(source_messages())


def test_two_parts_that_disagree_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (tmp_path / "a.po").write_text(head + 'msgid "Store"\nmsgstr "门店"\n', encoding="utf-8")
    (tmp_path / "b.po").write_text(head + 'msgid "Store"\nmsgstr "商店"\n', encoding="utf-8")
    monkeypatch.setattr(translations, "PARTS", tmp_path)
    assert check_catalogue().contradicting == ["'Store' in a.po and b.po"]


def test_a_lost_placeholder_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (tmp_path / "a.po").write_text(head + 'msgid "%(n)s left"\nmsgstr "剩下"\n', encoding="utf-8")
    monkeypatch.setattr(translations, "PARTS", tmp_path)
    assert check_catalogue().placeholders == ["'%(n)s left'"]


COMPOUNDS = re.compile("请求|申请|请假|邀请")


def _begs(text: str) -> bool:
    return bool(re.search("[请您]", COMPOUNDS.sub("", text)))


def _said_of_fields() -> set[str]:
    """Every sentence with which the libraries refuse a field, a call or a sign-in, in Chinese."""
    said: list[object] = []
    for module in (fields, relations, serializers, forms.fields, forms.models):
        for _name, kind in inspect.getmembers(module, inspect.isclass):
            said += getattr(kind, "default_error_messages", {}).values()
    for _name, kind in inspect.getmembers(exceptions, inspect.isclass):
        said += [getattr(kind, "default_detail", "")]
    for _name, kind in inspect.getmembers(validators, inspect.isclass):
        said += [getattr(kind, "message", "")]
    for adapter in (get_adapter(), DefaultMFAAdapter()):
        said += adapter.error_messages.values()
    with translation.override("zh-hans"):
        return {str(one) for one in said}


def test_no_sentence_of_an_error_begs_whoever_wrote_it() -> None:
    said = _said_of_fields()
    assert len(said) > 100
    assert [text for text in sorted(said) if _begs(text)] == []


def test_nobody_is_begged() -> None:
    """look.md: no "please", in neither language. What the console's own library says is not ours to word."""
    assert [
        text for _context, text in source_messages() if re.search(r"\bplease\b", text, re.IGNORECASE)
    ] == []
    polite = [
        f"{path.name}: {line}"
        for path in sorted(translations.PARTS.glob("*.po"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.startswith("msgid") and _begs(line)
    ]
    assert polite == []
