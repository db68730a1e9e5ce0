"""The provisioner as a process."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from chains.domain.signup import find_signup
from chains.models import PooledSchema
from chains.scope import platform_scope
from tests.chains.signups import empty_outbox, verified
from tests.ground.workers import provisioner

pytestmark = pytest.mark.usefixtures("committed", "outbox")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture()
def outbox() -> None:
    empty_outbox()


def _wait_until(true: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _ready_schemas() -> int:
    with platform_scope():
        return PooledSchema.objects.count()


def test_process_fills_the_pool_sets_up_what_is_verified_and_stops_when_asked() -> None:
    with provisioner(POOL_TARGET="2") as process:
        _wait_until(lambda: _ready_schemas() == 2)
        signup = verified(now=timezone.now())
        _wait_until(lambda: find_signup(signup.id).state == "ready")
        _wait_until(lambda: _ready_schemas() == 2)
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_once_works_off_what_waits(settings: object) -> None:
    settings.POOL_TARGET = 1  # type: ignore[attr-defined]
    first, second = verified("qibai"), verified("hetang")
    call_command("provisioner", "--once")
    assert [find_signup(each.id).state for each in (first, second)] == ["ready", "ready"]
    assert _ready_schemas() == 1


def test_without_the_owners_login_it_says_so(settings: object) -> None:
    settings.OWNER_DATABASE_URL = None  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="OWNER_DATABASE_URL"):
        call_command("provisioner", "--once")
