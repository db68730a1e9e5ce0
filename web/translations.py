"""The Chinese catalogue: one .po file a part, compiled into the one .mo that Django reads.

Needs neither gettext's programs nor Django's settings. English is the source, so it needs no catalogue.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[1]
PARTS = ROOT / "web" / "locale" / "parts"
COMPILED = ROOT / "web" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.mo"
SOURCES = ("platform", "tenants", "verticals", "billing", "api", "web")

_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")

Key = tuple[str | None, str]


@dataclass(slots=True)
class Findings:
    """What is wrong with the catalogue; all empty when it is complete."""

    missing: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    contradicting: list[str] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Every fault as a line; unused entries are no fault."""
        return [
            *(f"missing: {line}" for line in self.missing),
            *(f"translated twice, differently: {line}" for line in self.contradicting),
            *(f"placeholders differ: {line}" for line in self.placeholders),
        ]


def _parts() -> Iterator[tuple[Path, Catalog]]:
    for path in sorted(PARTS.glob("*.po")):
        with path.open("rb") as file:
            yield path, read_po(file, locale="zh_Hans_CN", charset="utf-8")


def _key(message: Message) -> Key:
    text = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
    return message.context or None, str(text)


def merged_catalogue() -> tuple[Catalog, list[str]]:
    """All parts as one catalogue, and the messages that two parts translate differently."""
    whole = Catalog(locale="zh_Hans_CN", charset="utf-8", fuzzy=False)
    contradicting = []
    seen: dict[Key, tuple[object, Path]] = {}
    for path, part in _parts():
        for message in part:
            if not message.id or not message.string:
                continue
            before = seen.setdefault(_key(message), (message.string, path))
            if before[0] != message.string:
                contradicting.append(f"{_key(message)[1]!r} in {before[1].name} and {path.name}")
            whole.add(message.id, message.string, context=message.context)
    return whole, contradicting


def compile_catalogue() -> Path:
    """Write the .mo file; its path."""
    whole, _contradicting = merged_catalogue()
    COMPILED.parent.mkdir(parents=True, exist_ok=True)
    draft = COMPILED.with_suffix(".draft")
    with draft.open("wb") as file:
        write_mo(file, whole)
    draft.rename(COMPILED)
    return COMPILED


def source_messages() -> dict[Key, str]:
    """Every translatable text of the code and templates, with the first place it stands at."""
    found: dict[Key, str] = {}
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*")):
            if path.suffix not in {".py", ".html", ".txt"} or "migrations" in path.parts:
                continue
            if path.suffix == ".txt" and "templates" not in path.parts:
                continue
            for line, key in _extract(path):
                found.setdefault(key, f"{path.relative_to(ROOT)}:{line}")
    return found


def _extract(path: Path) -> Iterator[tuple[int, Key]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        from django.utils.translation.template import templatize

        if "{%" not in text and "{{" not in text:
            return
        text = "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).splitlines())
    rows = extract("python", io.BytesIO(text.encode()), keywords=_KEYWORDS)
    for line, message, _comments, context in rows:
        singular = message[0] if isinstance(message, tuple) else message
        if singular:
            yield line, (context, singular)


def check_catalogue() -> Findings:
    """Compare the catalogue with the sources."""
    whole, contradicting = merged_catalogue()
    translated = {_key(message): message for message in whole if message.id}
    used = source_messages()
    findings = Findings(contradicting=contradicting)
    findings.missing = [f"{key[1]!r} ({place})" for key, place in used.items() if key not in translated]
    findings.unused = [repr(key[1]) for key in translated if key not in used]
    for key, message in translated.items():
        strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        wanted = set(_PLACEHOLDER.findall(key[1]))
        if any(set(_PLACEHOLDER.findall(str(text))) != wanted for text in strings):
            findings.placeholders.append(repr(key[1]))
    return findings
