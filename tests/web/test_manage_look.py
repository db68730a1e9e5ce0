"""The chain's look: logo, colours, name."""

from __future__ import annotations

import re
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chains.models import Chain
from chains.scope import platform_scope
from tests.web.office import ALPHA, _noon, manager, owner, sign_in

__all__ = ["_noon", "manager", "owner", "sign_in"]  # fixtures


def picture(width: int = 64, height: int = 64) -> bytes:
    """A PNG of one grey."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\x00" + b"\x80" * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def upload(client: Client, data: bytes, name: str = "logo.png") -> int:
    return client.post("/manage/look/logo/", {"logo": SimpleUploadedFile(name, data)}).status_code


def test_a_logo_is_served_on_its_own_chains_host_alone(cast, owner):
    assert upload(owner, picture()) == 302
    name = re.findall(r'src="(/media/[^"]+)"', owner.get("/manage/look/").content.decode())[0]
    served = Client(HTTP_HOST=ALPHA).get(name)
    assert (served.status_code, served["Content-Type"], served.content) == (200, "image/png", picture())
    assert served["X-Content-Type-Options"] == "nosniff"
    assert Client(HTTP_HOST="beta.tessera.test").get(name).status_code == 404
    owner.post("/manage/look/logo/remove/")
    assert Client(HTTP_HOST=ALPHA).get(name).status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a" + b"\x00" * 40,
        b"\x89PNG\r\n\x1a\n",
        picture(8, 8),
        picture() + b"\x00" * 600_000,
        b"",
    ],
    ids=["svg", "gif", "cut short", "tiny", "large", "nothing"],
)
def test_what_is_no_small_picture_is_refused_as_a_logo(owner, data):
    assert upload(owner, data) == 422
    assert "/media/" not in owner.get("/manage/look/").content.decode()


def test_a_look_is_kept_with_tokens_whose_contrast_holds(owner):
    told = {"name": "Alpha Spa", "tagline": "Rest", "accent": "#FFC53D"}
    assert owner.post("/manage/look/", told).status_code == 302
    with platform_scope():
        chain = Chain.objects.get(slug="alpha")
        assert (chain.name, chain.tagline, chain.accent) == ("Alpha Spa", "Rest", "#FFC53D")
        assert chain.accent_tokens["light"]["fill"] == "#FFC53D"
        Chain.objects.filter(slug="alpha").update(
            name="Alpha", tagline="", accent="#2C7A66", accent_tokens={}
        )


def test_a_colour_that_is_none_is_refused(owner):
    answer = owner.post("/manage/look/", {"name": "Alpha", "accent": "red"})
    assert (answer.status_code, "is not a colour we can read" in answer.content.decode()) == (422, True)
    assert owner.get("/manage/look/preview/?accent=<script>").content.decode().count("<script>") == 0
