"""A booking of a series at the desk: only this one, or this and all that follow; asked before anything is changed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.series import SeriesWish, book_series, times_of
from tenants.booking.models import Booking, Status
from tests.ground.cast import NOW, SHANGHAI, Cast, local
from tests.web.workbench import TODAY, _noon, make_booking, sign_in, text_of, url

__all__ = ["_noon", "sign_in"]  # fixtures

FIRST = local(TODAY + 2, 15)
WEEK = timedelta(weeks=1)


@pytest.fixture()
def series(cast: Cast) -> list[Booking]:
    """Su with Ya, on Mondays at 15:00, three times."""
    alpha = cast.alpha
    with chain_scope(alpha.info):
        wish = SeriesWish(alpha.services["facial"].id, 7, practitioner_id=alpha.employees["practitioner"].id)
        _row, placed = book_series(
            wish,
            times_of(FIRST, interval_days=7, times=3, zone=SHANGHAI),
            store_id=alpha.stores["north"].id,
            by=alpha.actors["owner"],
            now=NOW,
            member=alpha.members["su"].id,
        )
        return [one.booking for one in placed if one.booking is not None]


def stand(cast: Cast, series: list[Booking]) -> list[tuple[datetime, str]]:
    with chain_scope(cast.alpha.info):
        assert check_bookings() == []
        rows = Booking.objects.in_bulk([one.id for one in series])
        return [(rows[one.id].starts_at, rows[one.id].status) for one in series]


def at(*moments: datetime) -> list[tuple[datetime, str]]:
    return [(moment, "confirmed") for moment in moments]


def hidden(answer: Any) -> dict[str, str]:
    """The fields that a plan carries."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.content.decode()))


def test_the_dialog_asks_and_this_one_moves_alone(cast, sign_in, series):
    clerk, address = sign_in("clerk"), url(cast, f"bookings/{series[1].id}/move/")
    page = text_of(clerk.get(address))
    assert "Only this one" in page and "This and the 1 after it" in page
    form = {"starts_at": local(30, 17).isoformat(), "version": "1", "scope": "one"}
    assert clerk.post(address, form).status_code == 302
    assert stand(cast, series) == at(FIRST, local(30, 17), FIRST + 2 * WEEK)
    lonely = make_booking(cast, at=local(TODAY, 17), member="chen")
    assert "Only this one" not in text_of(clerk.get(url(cast, f"bookings/{lonely.id}/move/")))


def test_this_and_following_are_planned_then_moved_together(cast, sign_in, series):
    clerk, address = sign_in("clerk"), url(cast, f"bookings/{series[1].id}/move/")
    form = {"starts_at": local(30, 17).isoformat(), "version": "1", "scope": "following"}
    plan = clerk.post(address, form)
    assert (plan.status_code, "Move all of them" in text_of(plan)) == (200, True)
    assert stand(cast, series) == at(FIRST, FIRST + WEEK, FIRST + 2 * WEEK)
    moved = clerk.post(url(cast, f"bookings/{series[1].id}/following/"), hidden(plan))
    assert moved.status_code == 302
    assert stand(cast, series) == at(FIRST, local(30, 17), local(30, 17) + WEEK)


def test_what_cannot_move_is_said_before_and_may_be_left_where_it_is(cast, sign_in, series):
    make_booking(cast, at=local(30, 17) + WEEK, member="chen", now=NOW)
    clerk, address = sign_in("clerk"), url(cast, f"bookings/{series[1].id}/following/")
    plan = clerk.get(address, {"starts_at": local(30, 17).isoformat()})
    words = text_of(plan)
    assert "Not all of them can move" in words and "Ya is already booked at that time." in words
    assert clerk.post(address, hidden(plan)).status_code == 302
    assert stand(cast, series) == at(FIRST, local(30, 17), FIRST + 2 * WEEK)


def test_a_drop_of_one_of_a_series_asks_first_and_its_undo_does_not(cast, sign_in, series):
    clerk, address = sign_in("clerk"), url(cast, f"bookings/{series[0].id}/place/")
    drop = {"starts_at": local(TODAY + 2, 17).isoformat(), "version": "1"}
    asked = clerk.post(address, drop)
    assert (asked.status_code, asked.headers["X-Fragment"]) == (200, "yes")
    assert "This and the 2 after it" in text_of(asked)
    assert stand(cast, series)[0] == (FIRST, "confirmed")
    done = clerk.post(address, {**drop, "scope": "one"}).json()
    assert stand(cast, series) == at(local(TODAY + 2, 17), FIRST + WEEK, FIRST + 2 * WEEK)
    assert clerk.post(address, done["undo"]).json()["words"] == "Now 15:00–16:00 · Ya"
    led = re.search(r'hx-get="([^"]+following[^"]+)"', asked.content.decode())
    assert led is not None
    plan = clerk.get(led.group(1).replace("&amp;", "&"))
    clerk.post(url(cast, f"bookings/{series[0].id}/following/"), hidden(plan))
    later = local(TODAY + 2, 17)
    assert stand(cast, series) == at(later, later + WEEK, later + 2 * WEEK)


def test_cancelling_asks_the_same_and_keeps_the_reason(cast, sign_in, series):
    clerk, address = sign_in("clerk"), url(cast, f"bookings/{series[1].id}/cancel/")
    assert "Cancel this and following" in text_of(clerk.get(url(cast, f"bookings/{series[1].id}/")))
    page = clerk.get(f"{address}?scope=following").content.decode()
    assert re.search(r'name="scope" value="following" checked', page)
    done = clerk.post(address, {"scope": "following", "words": "moves away"})
    assert done.status_code == 302
    assert [status for _at, status in stand(cast, series)] == ["confirmed", "cancelled", "cancelled"]
    with chain_scope(cast.alpha.info):
        reasons = Booking.objects.filter(status=Status.CANCELLED).values_list("reason", flat=True)
        assert list(reasons) == ["moves away"] * 2
    last = text_of(clerk.get(url(cast, f"bookings/{series[0].id}/cancel/")))
    assert "Only this one" not in last
