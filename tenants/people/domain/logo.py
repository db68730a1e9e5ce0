"""A chain's logo: one small picture in the chain's own folder. No SVG, for it may carry script."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal
from tenants.people.domain.rights import Action, Actor, NotSeen, require

FOLDER = "logo"
LARGEST = 512 * 1024
SIDES = range(32, 4097)
TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


class LogoWrong(Refusal):
    """Not a PNG, JPEG or WebP picture, too large, or of odd size."""

    code = "logo_wrong"
    status = 422
    title = _("This picture cannot be the logo")
    detail = _("The logo is a PNG, JPEG or WebP picture of at most 512 KB, 32 to 4096 pixels a side.")
    fix = _("Save it as PNG, about 512 by 512 pixels, and upload it again.")


@dataclass(frozen=True, slots=True)
class Logo:
    """A stored logo: its bytes and their media type."""

    data: bytes
    media_type: str


def save_logo(data: bytes, *, by: Actor) -> str:
    """Keep the picture as the chain's logo in place of the one before; returns its stored name.

    It is replaced after the commit: a request that is rolled back leaves the logo as it was.

    What it is, is read from its bytes, never from what the browser says. Raises Forbidden, LogoWrong.
    """
    require(by, Action.MANAGE_CHAIN)
    kind = kind_of(data)
    if kind is None or len(data) > LARGEST or not all(side in SIDES for side in size_of(data, kind)):
        raise LogoWrong(errors=[FieldError("logo", "invalid", LogoWrong.detail)])
    name = f"{hashlib.sha256(data).hexdigest()[:16]}.{kind}"
    transaction.on_commit(partial(_replace, name, data))
    return name


def remove_logo(*, by: Actor) -> None:
    """The chain has no logo any more. Raises Forbidden."""
    require(by, Action.MANAGE_CHAIN)
    transaction.on_commit(partial(_remove_all, keep=None))


def logo_name() -> str | None:
    """The stored name of the active chain's logo, a new one for every picture; None without one."""
    return next(iter(sorted(_names())), None)


def read_logo(name: str) -> Logo:
    """The picture of that stored name in the active chain. Raises NotSeen."""
    if name not in _names():
        raise NotSeen
    with default_storage.open(f"{FOLDER}/{name}") as file:
        return Logo(file.read(), TYPES[name.rpartition(".")[2]])


def kind_of(data: bytes) -> str | None:
    """png, jpg or webp by the picture's first bytes; None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None


def size_of(data: bytes, kind: str) -> tuple[int, int]:
    """Width and height in pixels as the header says; (0, 0) where it says nothing."""
    try:
        return {"png": _png_size, "jpg": _jpeg_size, "webp": _webp_size}[kind](data)
    except IndexError:
        return (0, 0)


def _png_size(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return (0, 0)
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """The first start-of-frame segment (ITU T.81, B.2.2) holds height and width."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return (0, 0)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Sizes of the three kinds of WebP (RFC 9649, section 2)."""
    if len(data) < 30:
        return (0, 0)
    chunk = data[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 ":
        return (
            int.from_bytes(data[26:28], "little") & 0x3FFF,
            int.from_bytes(data[28:30], "little") & 0x3FFF,
        )
    return (0, 0)


def _names() -> list[str]:
    if not default_storage.exists(FOLDER):
        return []
    return [name for name in default_storage.listdir(FOLDER)[1] if name.rpartition(".")[2] in TYPES]


def _replace(name: str, data: bytes) -> None:
    """The new picture first, then the old ones: whatever fails in between, the chain has a logo."""
    path = f"{FOLDER}/{name}"
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(data))
    _remove_all(keep=name)


def _remove_all(*, keep: str | None) -> None:
    for name in _names():
        if name != keep:
            default_storage.delete(f"{FOLDER}/{name}")
