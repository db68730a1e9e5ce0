"""Nothing of a person and no secret leaves the process in a log line or an error report."""

from __future__ import annotations

import pytest

from config.scrub import HIDDEN, scrub, scrub_text

TOKEN = "tsr_3kJ9xQ2mZ7vB4nW8pL5cR1dF6gH0yT2a"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("mail to li.na+x@shop.example.cn now", f"mail to {HIDDEN} now"),
        ("Key (lower(email))=(a@b.cn) already exists.", f"Key (lower(email))=({HIDDEN}) already exists."),
        ("call +8613800000001.", f"call {HIDDEN}."),
        ("call 13800000001 or", f"call {HIDDEN} or"),
        (f"/staff/enter/{TOKEN}/", f"/staff/enter/{HIDDEN}/"),
        (f"Authorization: Bearer {TOKEN}", None),
        ("password=hunter2&x=1", f"password={HIDDEN}&x=1"),
        ("code: 482913", f"code: {HIDDEN}"),
        ("redis://:s3cr3tpass@127.0.0.1:6379/0", f"redis://:{HIDDEN}@127.0.0.1:6379/0"),
    ],
)
def test_hidden(text: str, clean: str | None) -> None:
    found = scrub_text(text)
    assert TOKEN not in found
    if clean is not None:
        assert found == clean


@pytest.mark.parametrize(
    "text",
    [
        "/api/v1/bookings/01936f2e-7a3b-7c1d-9e4f-5a6b7c8d9e0f/cancel",
        "01936f2e7a3b7c1d9e4f5a6b7c8d9e0f",
        "t_k3j5n7q2wz",
        "django.core.exceptions.ImproperlyConfigured",
        "2026-11-21T12:00:00.123456Z",
        "1763700000",
        "127.0.0.1:54329",
    ],
)
def test_kept(text: str) -> None:
    assert scrub_text(text) == text


def test_what_stands_under_a_secrets_name_is_hidden_whole_at_any_depth() -> None:
    event = {"event": "x", "args": [{"Password": "abc", "nested": {"phone": 1, "n": 2}}], "ms": 3.5}
    assert scrub(event) == {
        "event": "x",
        "args": [{"Password": HIDDEN, "nested": {"phone": HIDDEN, "n": 2}}],
        "ms": 3.5,
    }
