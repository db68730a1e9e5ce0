"""A QR code as inline SVG, without style attributes."""

from __future__ import annotations

import io

import segno
from django.utils.safestring import SafeString, mark_safe


def qr_svg(text: str) -> SafeString:
    """Black on white, in both themes: scanners want it so."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", scale=5, border=4, dark="#000000", light="#ffffff", xmldecl=False, nl=False
    )
    return mark_safe(out.getvalue().decode())  # noqa: S308 - drawn by segno, carries no text of ours
