"""What a catalogue contradicts: each warning by its cause, and as many queries for many as for few."""

from __future__ import annotations

from datetime import date

from django.db import connection
from django.test.utils import CaptureQueriesContext

from chains.scope import chain_scope
from tenants.catalogue.domain.warnings import warn_of, warn_of_all
from tenants.catalogue.models import Offer
from tenants.people.models import DayShift, Skill, WeeklyShift
from tenants.stores.models import OpeningHours
from tests.ground.cast import Cast, make_service


def codes(service) -> list[str]:
    return [warning.code for warning in warn_of(service)]


def test_each_warning_has_its_cause(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        facial, north = cast.alpha.services["facial"], cast.alpha.stores["north"]
        assert codes(facial) == []
        facial.skills.add(Skill.objects.create(name="laser"))
        assert codes(facial) == ["nobody_has_skills"] * 2
        Offer.objects.filter(service=facial).exclude(store=north).update(active=False)
        OpeningHours.objects.filter(store=north).update(opens=540, closes=599)
        assert codes(facial) == ["longer_than_opening", "nobody_has_skills"]
        OpeningHours.objects.filter(store=north, weekday=3).update(closes=600)
        assert codes(facial) == ["nobody_has_skills"]
        Offer.objects.filter(service=facial).update(active=False)
        assert codes(facial) == ["not_offered"]


def test_one_who_left_or_works_elsewhere_does_not_count(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        facial, alpha = cast.alpha.services["facial"], cast.alpha
        for name in ("practitioner", "second"):
            alpha.employees[name].active = False
            alpha.employees[name].save()
        assert [(one.code, "North" in one.detail) for one in warn_of(facial)] == [("nobody_has_skills", True)]


def test_all_of_them_agree_with_each_and_cost_a_fixed_number_of_queries(cast: Cast) -> None:
    counts = []
    with chain_scope(cast.alpha.info):
        Offer.objects.filter(service=cast.alpha.services["short"]).update(active=False)
        for made in (1, 12):
            for number in range(made):
                make_service(f"S{made}x{number}", [cast.alpha.stores["north"]], minutes=721)
            with CaptureQueriesContext(connection) as queries:
                found = warn_of_all()
            counts.append(len(queries))
            services = {service for service, _warning in found}
            assert [(service, warning) for service in services for warning in warn_of(service)] == [
                pair for service in services for pair in found if pair[0] == service
            ]
    assert counts[0] == counts[1]
    assert {warning.code for _service, warning in found} == {"not_offered", "longer_than_opening"}


def test_those_who_can_do_it_must_work_long_enough_while_the_store_is_open(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        facial, north = cast.alpha.services["facial"], cast.alpha.stores["north"]
        Offer.objects.filter(service=facial).exclude(store=north).update(active=False)
        assert codes(facial) == []
        claimed = facial.prepare + facial.minutes + facial.clean_up
        WeeklyShift.objects.filter(store=north).update(starts=600, ends=600 + claimed - 1)
        assert codes(facial) == ["nobody_works"]
        WeeklyShift.objects.filter(store=north, weekday=3).update(ends=600 + claimed)
        assert codes(facial) == []
        # on shift only before the doors open
        OpeningHours.objects.filter(store=north).update(opens=1200, closes=1400)
        assert codes(facial) == ["nobody_works"]


def test_a_single_day_on_shift_is_enough(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        facial, north = cast.alpha.services["facial"], cast.alpha.stores["north"]
        Offer.objects.filter(service=facial).exclude(store=north).update(active=False)
        WeeklyShift.objects.filter(store=north).delete()
        DayShift.objects.filter(store=north).delete()
        assert codes(facial) == ["nobody_works"]
        somebody = cast.alpha.employees["practitioner"]
        DayShift.objects.create(employee=somebody, store=north, on=date(2027, 1, 4), starts=600, ends=900)
        assert codes(facial) == []


def test_notice_beyond_the_horizon_is_told_once(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        facial = cast.alpha.services["facial"]
        facial.lead, facial.horizon_days = 3 * 24 * 60 + 1, 3
        facial.save()
        assert codes(facial) == ["notice_past_horizon"]
        assert [one.code for service, one in warn_of_all() if service == facial] == ["notice_past_horizon"]
        facial.lead -= 1
        facial.save()
        assert codes(facial) == []
