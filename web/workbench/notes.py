"""The desk's own part of a booking's panel: what the member and the booking say of themselves."""

from __future__ import annotations

from collections.abc import Sequence

from tenants.extension.hooks import Panel, PanelAsked


def show_notes(asked: PanelAsked) -> Sequence[Panel]:
    """The member's note and the booking's, where there are any."""
    return [Panel("workbench/_notes.html")]
