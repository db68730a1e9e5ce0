"""`check_integrity`, as an operator runs it."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from chains.scope import chain_scope
from tenants.booking.models import Booking
from tests.booking.conftest import Desk
from tests.ground.cast import Cast


def _checked(*chains: str) -> str:
    out = StringIO()
    call_command("check_integrity", *chains, stdout=out)
    return out.getvalue()


def test_sound_chains_are_told_one_a_line(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book()
    assert _checked() == "alpha: all is well\nbeta: all is well\n"
    assert _checked("alpha") == "alpha: all is well\n"
    assert _checked(cast.beta.info.schema_name) == "beta: all is well\n"


def test_broken_promise_is_named_and_ends_the_command_with_an_error(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        Booking.objects.filter(id=made.id).update(status="no_show")
    out = StringIO()
    with pytest.raises(CommandError, match="2 promises are broken"):
        call_command("check_integrity", stdout=out)
    assert f"alpha: NOT TRUE: a booking that is over claims nothing: {made.id}" in out.getvalue()
    assert "beta: all is well" in out.getvalue()


def test_unknown_chain_is_an_error(cast: Cast) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        _checked("nowhere")
