"""A party of several services and a series at the desk: the whole plan before anything is written, then all of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.models import Booking
from tenants.catalogue.models import Service
from tenants.extension import registry
from tenants.extension.hooks import Field, Hooks
from tenants.extension.manifest import Manifest
from tenants.members.models import Member
from tenants.stores.models import Store
from tests.booking.shops import TABLE, make_table, need, state_needs
from tests.ground.cast import Cast, local, make_service
from tests.web.workbench import TODAY, _noon, make_booking, sign_in, text_of, url

__all__ = ["_noon", "sign_in"]  # fixtures


def form_of(cast: Cast, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    form = {
        "who": "Walk",
        "mode": "together",
        "on": f"2026-11-{TODAY}",
        "at": "15:00",
        "lines": str(len(lines)),
        "step": "plan",
    }
    for index, line in enumerate(lines):
        form[f"service_{index}"] = str(cast.alpha.services[line["service"]].id)
        form[f"guest_{index}"] = line.get("guest", "")
        if "people" in line:
            form[f"people_{index}"] = str(line["people"])
        if "by" in line:
            form[f"person_{index}"] = str(cast.alpha.employees[line["by"]].id)
    return {**form, **more}


TWO = ({"service": "facial", "by": "practitioner"}, {"service": "short", "guest": "Mei"})


def chosen(answer: Any) -> dict[str, str]:
    """What the plan puts into the form: its mark, and each part that is free."""
    body = answer.content.decode()
    return dict(re.findall(r'<input type="hidden" name="(mark|choice_\d+)" value="([^"]+)"', body))


def booked(cast: Cast) -> list[tuple[Any, ...]]:
    with chain_scope(cast.alpha.info):
        assert check_bookings() == []
        rows = Booking.objects.select_related("member", "service").order_by("starts_at", "id")
        names = {one.id: key for key, one in cast.alpha.employees.items()}
        return [
            (row.starts_at, row.member.name if row.member else "", names.get(row.practitioner_id, ""))
            for row in rows
        ]


@pytest.mark.parametrize("mode", ["together", "chained"])
def test_a_party_is_planned_whole_and_booked_whole_with_one_payer(cast, sign_in, mode):
    clerk, form = sign_in("clerk"), form_of(cast, *TWO, mode=mode)
    plan = clerk.post(url(cast, "party/"), form)
    assert "All of it is free" in text_of(plan)
    assert booked(cast) == []
    with chain_scope(cast.alpha.info):
        assert not Member.objects.filter(name__in=["Walk", "Mei"]).exists()
    made = clerk.post(url(cast, "party/"), {**form, **chosen(plan), "step": "book"})
    assert made.status_code == 302
    second = local(TODAY, 15) if mode == "together" else local(TODAY, 16)
    assert [row[:2] for row in booked(cast)] == [(local(TODAY, 15), "Walk"), (second, "Mei")]
    with chain_scope(cast.alpha.info):
        rows = list(Booking.objects.select_related("payer"))
        assert {row.payer.name for row in rows if row.payer} == {"Walk"}
        assert len({row.group_id for row in rows}) == 1
    assert "Same party" in text_of(clerk.get(made["Location"]))


def test_what_cannot_be_placed_is_listed_with_alternatives_before_anything_is_written(cast, sign_in):
    make_booking(cast, at=local(TODAY, 15), member="chen")
    clerk, form = sign_in("clerk"), form_of(cast, *TWO)
    plan = clerk.post(url(cast, "party/"), form)
    words = text_of(plan)
    for said in (
        "1 of it is not free as planned",
        "Ya is already booked at that time.",
        "Leave this one out",
    ):
        assert said in words
    assert len(booked(cast)) == 1
    found = re.findall(r'<option value="([^"|]+\|[^"]+)"', plan.content.decode())
    options = [one for one in found if "T07:00" not in one]  # not at 15:00, which the other part takes
    book = {**form, **chosen(plan), "choice_0": options[0], "step": "book"}
    assert clerk.post(url(cast, "party/"), book).status_code == 302
    assert len(booked(cast)) == 3


def test_another_start_at_which_all_fits_is_one_tap(cast, sign_in):
    for who, member in (("practitioner", "chen"), ("second", "su")):
        make_booking(cast, at=local(TODAY, 15), member=member, who=who)
    clerk, form = sign_in("clerk"), form_of(cast, {"service": "facial"})
    plan = clerk.post(url(cast, "party/"), form)
    others = re.findall(r'name="other" value="([^"]+)"', plan.content.decode())
    again = clerk.post(url(cast, "party/"), {**form, "other": others[0], "step": ""})
    assert "All of it is free" in text_of(again)
    assert chosen(again)["choice_0"].startswith(others[0])


def test_a_plan_of_another_wish_is_planned_anew_instead_of_booked(cast, sign_in):
    clerk, form = sign_in("clerk"), form_of(cast, *TWO)
    plan = chosen(clerk.post(url(cast, "party/"), form))
    later = clerk.post(url(cast, "party/"), {**form, **plan, "at": "17:00", "step": "book"})
    assert (later.status_code, booked(cast)) == (200, [])
    assert local(TODAY, 17).astimezone().isoformat()[14:16] in chosen(later)["choice_0"]


def test_what_was_taken_meanwhile_refuses_all_and_shows_the_plan_as_it_is_now(cast, sign_in):
    clerk, form = sign_in("clerk"), form_of(cast, *TWO)
    plan = chosen(clerk.post(url(cast, "party/"), form))
    make_booking(cast, at=local(TODAY, 15), member="chen")
    late = clerk.post(url(cast, "party/"), {**form, **plan, "step": "book"})
    assert (late.status_code, len(booked(cast))) == (409, 1)
    assert "1 of 2 cannot be booked as planned." in text_of(late)


def test_a_series_is_planned_and_booked_on_the_same_page(cast, sign_in):
    clerk = sign_in("clerk")
    form = form_of(cast, TWO[0], mode="series", every="7", times="3")
    plan = clerk.post(url(cast, "party/"), form)
    assert len([key for key in chosen(plan) if key.startswith("choice")]) == 3
    made = clerk.post(url(cast, "party/"), {**form, **chosen(plan), "step": "book"})
    assert made.status_code == 302
    weeks = [local(TODAY, 15) + timedelta(weeks=number) for number in range(3)]
    assert booked(cast) == [(at, "Walk", "practitioner") for at in weeks]
    assert "1 of 3, every 7 days" in text_of(clerk.get(made["Location"]))


def test_the_form_grows_and_says_what_is_missing(cast, sign_in):
    clerk = sign_in("clerk")
    assert len(re.findall(r'name="service_\d', clerk.get(url(cast, "party/")).content.decode())) == 2
    more = clerk.post(url(cast, "party/"), form_of(cast, *TWO, step="add"))
    assert len(re.findall(r'name="service_\d', more.content.decode())) == 3
    assert 'value="Mei"' in more.content.decode()
    nobody = clerk.post(url(cast, "party/"), form_of(cast, *TWO, who=""))
    assert (nobody.status_code, "Type the phone number or the name." in text_of(nobody)) == (422, True)
    assert "Type a time." in text_of(clerk.post(url(cast, "party/"), form_of(cast, *TWO, at="")))
    assert sign_in("practitioner").get(url(cast, "party/")).status_code == 403
    assert "Several services or a series" in text_of(clerk.get(url(cast, "new/")))


def test_each_service_is_asked_what_the_vertical_asks(cast, sign_in, monkeypatch):
    hooks = Hooks(steps=lambda asked: [Field("size", "Size of boot", "number", required=True)])
    manifest = Manifest(code="boots", names={"en": "b"}, icon="lock", order=1, services=(), hooks=hooks)
    monkeypatch.setattr(registry, "verticals", lambda: (manifest,))
    with chain_scope(cast.alpha.info):
        Store.objects.filter(id=cast.alpha.stores["north"].id).update(verticals=["boots"])
    clerk = sign_in("clerk")
    form = form_of(cast, *TWO, **{"q0.boots.size": "41", "q1.boots.size": "36"})
    plan = clerk.post(url(cast, "party/"), form)
    assert 'name="q1.boots.size"' in plan.content.decode()
    assert clerk.post(url(cast, "party/"), {**form, **chosen(plan), "step": "book"}).status_code == 302
    with chain_scope(cast.alpha.info):
        found = Booking.objects.order_by("service__minutes").values_list("details", flat=True)
        assert [one["boots"]["size"] for one in found] == [36, 41]


@pytest.fixture()
def tables(cast: Cast) -> Service:
    """North has a service at a table for as many as come, with tables for two and for six."""
    north = cast.alpha.stores["north"]
    with chain_scope(cast.alpha.info):
        tea = make_service("Tea", [north], minutes=60, prepare=0, clean_up=0)
        state_needs(cast.alpha, tea, need("table", TABLE, fits_party=True))
        for name, seats, least in (("T2", 2, 1), ("T6", 6, 3)):
            make_table(north, name, seats, at_least=least)
    cast.alpha.services["tea"] = tea
    return tea


def test_a_line_says_how_many_people_it_brings_where_the_service_takes_several(cast, sign_in, tables):
    clerk = sign_in("clerk")
    asked = re.findall(
        r'name="(people_\d)"',
        clerk.post(url(cast, "party/"), form_of(cast, {"service": "tea"}, TWO[0], step="")).content.decode(),
    )
    assert asked == ["people_0"]
    form = form_of(cast, {"service": "tea", "people": 4}, {"service": "tea", "people": 2, "guest": "Mei"})
    plan = clerk.post(url(cast, "party/"), form)
    assert "Tea · 4 people" in text_of(plan) and "Mei · Tea · 2 people" in text_of(plan)
    assert clerk.post(url(cast, "party/"), {**form, **chosen(plan), "step": "book"}).status_code == 302
    with chain_scope(cast.alpha.info):
        rows = Booking.objects.order_by("-party_size").values_list("party_size", "resource__name")
        assert list(rows) == [(4, "T6"), (2, "T2")]


def test_more_people_than_any_table_takes_are_refused_before_anything_is_written(cast, sign_in, tables):
    plan = sign_in("clerk").post(url(cast, "party/"), form_of(cast, {"service": "tea", "people": 7}))
    assert "This shop has no place for that many people together." in text_of(plan)
    assert booked(cast) == []


def test_another_number_of_people_is_planned_anew(cast, sign_in, tables):
    clerk, form = sign_in("clerk"), form_of(cast, {"service": "tea", "people": 2})
    plan = chosen(clerk.post(url(cast, "party/"), form))
    again = clerk.post(url(cast, "party/"), {**form, **plan, "people_0": "5", "step": "book"})
    assert (again.status_code, booked(cast)) == (200, [])


def test_a_series_brings_as_many_each_time(cast, sign_in, tables):
    clerk = sign_in("clerk")
    form = form_of(cast, {"service": "tea", "people": 5}, mode="series", every="7", times="2")
    plan = clerk.post(url(cast, "party/"), form)
    assert clerk.post(url(cast, "party/"), {**form, **chosen(plan), "step": "book"}).status_code == 302
    with chain_scope(cast.alpha.info):
        assert list(Booking.objects.values_list("party_size", flat=True)) == [5, 5]
