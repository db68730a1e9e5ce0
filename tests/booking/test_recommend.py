"""Up to three times, each with its reasons: what is recommended to whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.booking.domain.cells import Grid
from tenants.booking.domain.recommend import Because, Recommendation, recommend
from tenants.booking.domain.recommend_gaps import Floor, Timeline
from tenants.booking.domain.recommend_habit import Visit, read_habit
from tenants.booking.domain.search import Inputs, Need, Slot, StaffInputs, search
from tenants.booking.domain.spans import Span
from tests.ground.cast import NOW, SHANGHAI

NEED = Need(minutes=60, step=30)
SATURDAY = date(2026, 11, 21)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


class Shop:
    """Ya and Lin from 9 to 21 for three weeks from NOW on, with what is busy."""

    def __init__(self, **busy: Sequence[Span]) -> None:
        self.days = [SATURDAY + timedelta(days=n) for n in range(21)]
        shifts = [Span(at(day, 9), at(day, 21)) for day in self.days]
        self.inputs = Inputs(
            zone=SHANGHAI,
            need=NEED,
            hours=shifts,
            staff={who: StaffInputs(shifts, busy=busy.get(who, ())) for who in ("ya", "lin")},
            earliest=NOW,
            latest=NOW + timedelta(days=60),
        )

    @property
    def slots(self) -> list[Slot[str]]:
        return [slot for day in search(self.days, self.inputs) for slot in day.slots]

    @property
    def floor(self) -> Floor[str]:
        grid = Grid.over(self.days, SHANGHAI, after=NEED.claimed)
        coming = grid.full & ~grid.between(0, grid.floor(NOW))
        staff = {}
        for who, one in self.inputs.staff.items():
            works = grid.lay_free(one.shifts)
            staff[who] = Timeline(works, works & ~grid.lay_busy(one.busy) & coming)
        return Floor(grid, staff, 0, NEED.claimed, NEED.claimed)

    def ask(self, *visits: Visit[str], busy: Sequence[Span] = ()) -> list[Recommendation[str]]:
        habit = read_habit(visits, zone=SHANGHAI)
        return recommend(self.slots, habit, self.floor, now=NOW, busy=busy)


def thursdays(*weeks_ago: int, who: str = "ya") -> list[Visit[str]]:
    return [Visit(at(date(2026, 11, 19) - timedelta(weeks=weeks), 19), who) for weeks in weeks_ago]


def codes(one: Recommendation[str]) -> list[str]:
    return [why.code for why in one.reasons]


def test_who_comes_every_second_thursday_gets_the_thursday_that_is_due_with_their_person() -> None:
    first = Shop().ask(*thursdays(0, 2, 4, 6))[0]
    assert (first.slot.starts_at, first.practitioner) == (at(date(2026, 12, 3), 19), "ya")
    assert first.reasons[:3] == (
        Because("usual_time"),
        Because("last_practitioner"),
        Because("rhythm", days=14),
    )


def test_where_the_own_person_is_away_that_week_both_ways_out_are_offered() -> None:
    week = [Span(at(date(2026, 11, 30), 0), at(date(2026, 12, 7), 0))]
    found = Shop(ya=week).ask(*thursdays(0, 2, 4, 6))
    assert (at(date(2026, 12, 3), 19), "lin") in [(one.slot.starts_at, one.practitioner) for one in found]
    assert "ya" in [one.practitioner for one in found]


def test_among_equal_times_the_one_that_strands_nothing_is_first() -> None:
    day = date(2026, 12, 3)
    # before 18:30 half an hour would be lost at 19:00, and nothing at 18:30
    taken = [Span(at(day, 9), at(day, 18, 30))]
    visits = [Visit(at(date(2026, 11, 19) - timedelta(weeks=n), 18, 45), "ya") for n in (0, 2, 4, 6)]
    free = Shop(lin=[Span(at(day, 9), at(day, 21))]).ask(*visits)[0]
    kept = Shop(ya=taken, lin=[Span(at(day, 9), at(day, 21))]).ask(*visits)[0]
    assert kept.slot.starts_at == at(day, 18, 30)
    assert free.slot.starts_at in (at(day, 18, 30), at(day, 19))


def test_the_members_own_time_is_not_recommended() -> None:
    usual = at(date(2026, 12, 3), 19)
    clash = Span(usual, usual + timedelta(hours=1))
    found = Shop().ask(*thursdays(0, 2, 4, 6), busy=[clash])
    assert found
    assert not any(Span(one.slot.starts_at, one.slot.ends_at).overlaps(clash) for one in found)


def test_somebody_new_gets_the_soonest_a_filled_gap_and_a_quiet_time() -> None:
    day = date(2026, 11, 22)
    gap = [Span(at(day, 9), at(day, 13)), Span(at(day, 14), at(day, 21))]
    found = Shop(ya=gap).ask()
    assert found[0].slot.starts_at == NOW
    assert codes(found[0])[0] == "soonest"
    assert [one.slot.starts_at for one in found if "fills_gap" in codes(one)] == [at(day, 13)]
    assert any("quiet" in codes(one) for one in found)


def test_a_quiet_time_says_how_many_are_free() -> None:
    reasons = [why for one in Shop().ask() for why in one.reasons if why.code == "quiet"]
    assert reasons
    assert set(reasons) == {Because("quiet", free=2, staff=2)}


def test_nothing_free_recommends_nothing() -> None:
    whole = [Span(NOW, NOW + timedelta(days=40))]
    assert Shop(ya=whole, lin=whole).ask(*thursdays(0, 2)) == []


def test_one_free_slot_is_recommended_alone() -> None:
    day = date(2026, 11, 22)
    spared = [Span(NOW, at(day, 13)), Span(at(day, 14), NOW + timedelta(days=40))]
    found = Shop(ya=spared, lin=[Span(NOW, NOW + timedelta(days=40))]).ask(*thursdays(0, 2))
    assert [one.slot.starts_at for one in found] == [at(day, 13)]


hours = st.integers(0, 21 * 24 * 2).map(lambda half: NOW + timedelta(minutes=30 * half))
spans = st.lists(hours.map(lambda start: Span(start, start + timedelta(minutes=90))), max_size=12)
visits_of = st.lists(
    st.builds(
        Visit,
        st.integers(-4000, -1).map(lambda hour: NOW + timedelta(hours=hour)),
        st.sampled_from(["ya", "lin", "gone", None]),
        st.booleans(),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(ya=spans, lin=spans, visits=visits_of)
def test_whatever_the_past_at_most_three_free_times_apart_each_with_a_reason(
    ya: list[Span], lin: list[Span], visits: list[Visit[str]]
) -> None:
    shop = Shop(ya=ya, lin=lin)
    slots = shop.slots
    found = shop.ask(*visits)
    assert len(found) <= 3
    assert bool(found) == bool(slots)
    assert all(one.slot in slots and one.practitioner in one.slot.staff for one in found)
    assert all(one.reasons for one in found)
    assert len({one.slot.starts_at for one in found}) == len(found)
    assert found == shop.ask(*visits)
