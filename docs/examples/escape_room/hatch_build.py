"""Compiles the translations into the wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileTranslations(BuildHookInterface[Any]):
    """Every django.po beside its django.mo."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the .mo files and name them as part of the wheel."""
        for source in sorted(Path(self.root).glob("escape_room/locale/*/LC_MESSAGES/django.po")):
            compiled = source.with_suffix(".mo")
            with source.open("rb") as read, compiled.open("wb") as write:
                write_mo(write, read_po(read))
            build_data["artifacts"].append(compiled.relative_to(self.root).as_posix())
