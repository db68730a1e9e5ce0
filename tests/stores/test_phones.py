"""Phone numbers: one form to keep, one to show."""

from __future__ import annotations

import pytest

from tenants.stores.domain.phones import PhoneInvalid, mask_phone, normalise_phone, tail_of


@pytest.mark.parametrize(
    ("text", "country", "kept"),
    [
        ("13800000001", "CN", "+8613800000001"),
        (" 138-0000-0001 ", "CN", "+8613800000001"),
        ("１３８０００００００１", "CN", "+8613800000001"),
        ("+86 138 0000 0001", "IE", "+8613800000001"),
        ("008613800000001", "CN", "+8613800000001"),
        ("085 012 3456", "IE", "+353850123456"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("021 6288 1234", "CN", "+862162881234"),
    ],
)
def test_a_number_is_kept_in_one_form(text, country, kept):
    assert normalise_phone(text, country=country) == kept


@pytest.mark.parametrize(
    "text", ["", "138", "hello", "+0", "13800000001 ext 4", "+999 1234567", "1" * 60, "\x00"]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(PhoneInvalid):
        normalise_phone(text, country="CN")


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+8613800002046", "138 **** 2046"),
        ("+353850123456", "+353 850 **** 3456"),
        ("+6591234567", "+65 91 **** 4567"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_masked_number_shows_its_ends(phone, shown):
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("text", "tail"), [("2046", "2046"), ("20 46", "2046"), ("204", None), ("x2046", None), ("²⁰⁴⁶", None)]
)
def test_a_search_for_digits_is_one_for_the_end_of_a_phone(text, tail):
    assert tail_of(text) == tail
