"""A chain's logo is replaced by the commit, and by nothing less."""

from __future__ import annotations

import pytest

from chains.scope import chain_scope
from tenants.people.domain.logo import logo_name, read_logo, remove_logo, save_logo
from tests.ground.cast import Cast


def png(side: int) -> bytes:
    """The beginning of a picture so many pixels wide and high."""
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + b"IHDR" + side.to_bytes(4) * 2 + b"\x08\x02\0\0\0"


def test_a_new_logo_takes_the_place_of_the_old_one_at_the_commit(cast: Cast) -> None:
    owner = cast.alpha.actors["owner"]
    with chain_scope(cast.alpha.info):
        first = save_logo(png(64), by=owner)
    with chain_scope(cast.alpha.info):
        second = save_logo(png(65), by=owner)
        during = logo_name()
    with chain_scope(cast.alpha.info):
        assert (during, logo_name(), read_logo(second).data) == (first, second, png(65))
        remove_logo(by=owner)
    with chain_scope(cast.alpha.info):
        assert logo_name() is None


def test_a_request_that_is_rolled_back_leaves_the_logo_as_it_was(cast: Cast) -> None:
    owner = cast.alpha.actors["owner"]
    with chain_scope(cast.alpha.info):
        first = save_logo(png(64), by=owner)
    for act in (lambda: save_logo(png(65), by=owner), lambda: remove_logo(by=owner)):
        with pytest.raises(ZeroDivisionError), chain_scope(cast.alpha.info):
            act()
            raise ZeroDivisionError
        with chain_scope(cast.alpha.info):
            assert (logo_name(), read_logo(first).data) == (first, png(64))
    with chain_scope(cast.alpha.info):
        remove_logo(by=owner)
