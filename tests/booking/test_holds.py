"""Holds keep a place for a time, and no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chains.due import lease_due, run_due
from chains.scope import chain_scope
from tenants.booking.domain.availability import find_slots
from tenants.booking.domain.claims import SlotTaken
from tenants.booking.models import Booking, Claim
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.ground.cast import NOW, Cast

LATER = NOW + timedelta(minutes=10)


def test_due_work_expires_a_hold_and_frees_its_place(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        held = desk.book(hold=True)
    for batch in lease_due(now=LATER):
        run_due(batch, now=LATER)
    with chain_scope(cast.alpha.info):
        held.refresh_from_db()
        assert held.status == "expired"
        assert Claim.objects.filter(active=True).count() == 0


def test_hold_before_its_expiry_keeps_the_place(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book(hold=True)
        with pytest.raises(SlotTaken):
            desk.book(who="chen", now=LATER - timedelta(seconds=1))


def test_expired_hold_makes_room_at_once_for_who_wants_the_place(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        held = desk.book(hold=True)
        made = desk.book(who="chen", now=LATER)
        held.refresh_from_db()
        assert (held.status, made.status) == ("expired", "confirmed")


def test_members_own_expired_hold_does_not_overlap(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book(hold=True)
        made = desk.book(practitioner_id=cast.alpha.employees["second"].id, now=LATER)
        assert Booking.objects.exclude(id=made.id).get().status == "expired"


def test_availability_counts_an_expired_hold_as_free(cast: Cast, desk: Desk) -> None:
    def offered(now: object) -> bool:
        _offering, days = find_slots(
            cast.alpha.stores["north"].id,
            cast.alpha.services["facial"].id,
            days=[MONDAY_TEN.date()],
            now=now,  # type: ignore[arg-type]
            practitioner_id=cast.alpha.employees["practitioner"].id,
        )
        return MONDAY_TEN in [slot.starts_at for slot in days[0].slots]

    with chain_scope(cast.alpha.info):
        desk.book(hold=True)
        assert (offered(NOW), offered(LATER)) == (False, True)
