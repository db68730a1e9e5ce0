"""QR codes as inline SVG, drawn by segno."""

from __future__ import annotations

from io import BytesIO

import segno
from django.utils.safestring import SafeString, mark_safe


def draw_qr(text: str) -> SafeString:
    """`<svg>` of a QR that shows `text`, error correction M, without size or colour of its own.

    The colour is `currentColor` and the size the stylesheet's, for a strict CSP allows no inline style.
    """
    out = BytesIO()
    segno.make(text, error="m", boost_error=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=0, svgclass=None, lineclass=None
    )
    # segno writes a drawing of modules; nothing of `text` is in it as text.
    return mark_safe(out.getvalue().decode().replace('stroke="#000"', 'stroke="currentColor"'))  # noqa: S308
