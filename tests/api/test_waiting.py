"""`waiting`, `policies` and the terms of a booking over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.booking.domain.change import cancel_booking
from tests.api.conftest import Api
from tests.booking.queue import fill_day, scope, work_off
from tests.ground.cast import Cast


def test_placeholder() -> None:
    assert Api and cancel_booking and fill_day and scope and work_off and Cast and pytest and Any
