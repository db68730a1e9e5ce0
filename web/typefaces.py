"""The typeface that documents are set in: one of Debian's that has Chinese, found where Debian puts it.

A browser brings its own; a PDF carries the glyphs it uses inside it, so the server needs the whole face once.
Nothing of 20 MB is shipped with the program for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Typeface:
    """Files of a face: regular and bold (the same where there is no bold), and which face of the file it is."""

    regular: Path
    bold: Path
    number: int = 0


_SHARED = Path("/usr/share/fonts")
# Noto first: it is what the pages are drawn for. Simplified Chinese is the third face of its files.
KNOWN = (
    Typeface(
        _SHARED / "opentype/noto/NotoSansCJK-Regular.ttc", _SHARED / "opentype/noto/NotoSansCJK-Bold.ttc", 2
    ),
    Typeface(_SHARED / "truetype/wqy/wqy-microhei.ttc", _SHARED / "truetype/wqy/wqy-microhei.ttc"),
    Typeface(_SHARED / "truetype/wqy/wqy-zenhei.ttc", _SHARED / "truetype/wqy/wqy-zenhei.ttc"),
)


class NoTypeface(Refusal):
    """This server has no typeface with Chinese, so it cannot set a document."""

    code = "no_typeface"
    status = 503
    title = _("No typeface on this server")
    detail = _("The server has no typeface with Chinese characters, so it cannot make a PDF.")
    fix = _("Ask whoever runs it to do this once: apt-get install fonts-noto-cjk. Until then print the list.")


@lru_cache(maxsize=1)
def _found() -> Typeface | None:
    return next((face for face in KNOWN if face.regular.is_file() and face.bold.is_file()), None)


def require_typeface() -> Typeface:
    """The typeface to set documents in. Raises NoTypeface."""
    face = _found()
    if face is None:
        # it may be installed while we run
        _found.cache_clear()
        raise NoTypeface
    return face
