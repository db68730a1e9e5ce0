"""`GET recommendations`: up to three times with reasons, for members alone."""

from __future__ import annotations

from chains.scope import chain_scope
from tests.api.conftest import Program, employee_program, member_program
from tests.booking.shops import PEOPLE, TABLE, make_table, need, state_needs
from tests.ground.cast import make_service


def path(cast, **more):
    asked = {
        "store": cast.alpha.stores["north"].id,
        "service": cast.alpha.services["facial"].id,
        **more,
    }
    return "recommendations?" + "&".join(f"{name}={value}" for name, value in asked.items())


def test_three_free_times_each_with_who_and_why(cast):
    su = member_program(cast.alpha, "su")
    body = su.get(path(cast)).json()
    assert (sorted(body), body["next"], len(body["results"])) == (["next", "results"], None, 3)
    first = body["results"][0]
    assert sorted(first) == ["practitioner", "practitioner_name", "reasons", "slot"]
    assert first["practitioner"] in first["slot"]["practitioners"]
    assert first["slot"]["starts_at"].endswith("+08:00")
    assert {"code": "soonest", "detail": "The soonest free time"} in first["reasons"]
    chinese = su.get(path(cast), **{"Accept-Language": "zh-Hans"}).json()["results"][0]["reasons"]
    assert {"code": "soonest", "detail": "最早的空位"} in chinese


def test_what_is_recommended_can_be_booked(cast):
    su = member_program(cast.alpha, "su")
    one = su.get(path(cast)).json()["results"][1]
    booked = su.post(
        "bookings",
        {
            "store": str(cast.alpha.stores["north"].id),
            "service": str(cast.alpha.services["facial"].id),
            "starts_at": one["slot"]["starts_at"],
            "practitioner": one["practitioner"],
        },
    )
    assert booked.status_code == 201
    assert booked.json()["practitioner"] == one["practitioner"]


def test_a_party_is_recommended_times_at_which_it_fits(cast):
    su = member_program(cast.alpha, "su")
    with chain_scope(cast.alpha.info):
        needs = (need("by", PEOPLE, 0, 60), need("table", TABLE, 0, 60, fits_party=True))
        state_needs(cast.alpha, cast.alpha.services["facial"], *needs)
        make_table(cast.alpha.stores["north"], "T1", 4)
    counts = {size: len(su.get(path(cast, party_size=size)).json()["results"]) for size in (1, 4, 5)}
    assert counts == {1: 3, 4: 3, 5: 0}


def test_members_alone_are_recommended_to(cast):
    assert employee_program(cast.alpha, "clerk").get(path(cast)).status_code == 403
    assert Program(cast.alpha.info).get(path(cast)).status_code == 401


def test_what_is_not_there_and_what_is_not_offered_are_refused(cast):
    su = member_program(cast.alpha, "su")
    assert su.get(path(cast, store=cast.beta.stores["only"].id)).json()["code"] == "not_found"
    with chain_scope(cast.alpha.info):
        south = make_service("Only south", [cast.alpha.stores["south"]])
    assert su.get(path(cast, service=south.id)).json()["code"] == "not_offered"
    assert su.get("recommendations?store=x").status_code == 400
    assert su.get(path(cast, party_size=0)).status_code == 400
    assert su.get(path(cast, nonsense=1)).status_code == 400
