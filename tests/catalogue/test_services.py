"""Services: where they are offered and for how much; what is refused leaves nothing behind."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from chains.refusals import StaleVersion
from chains.scope import chain_scope
from tenants.catalogue.domain.services import (
    OfferAt,
    Price,
    ServiceWrong,
    change_service,
    create_service,
    require_service,
)
from tenants.catalogue.models import Offer, Service
from tenants.people.domain.rights import Forbidden, NotSeen
from tenants.people.domain.skills import SkillUnknown
from tests.ground.cast import Cast


def create(cast: Cast, *, by: str = "owner", **more: object) -> Service:
    asked = {"price": Price(16800, "CNY"), "skills": ["massage"], "stores": None, **more}
    fields = {"name": "Hand massage", "minutes": 45}
    return create_service(fields, by=cast.alpha.actors[by], **asked)  # type: ignore[arg-type]


def offers(service: Service) -> dict[str, int | None]:
    """The stores that offer it, and their own price."""
    rows = Offer.objects.filter(service=service, active=True).values_list("store__name", "price_amount")
    return dict(rows)


def test_a_new_service_is_offered_wherever_its_currency_is_taken(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        cast.alpha.stores["south"].active = False
        cast.alpha.stores["south"].save()
        service = create(cast)
        assert offers(service) == {"North": None}
        assert [skill.name for skill in service.skills.all()] == ["massage"]
        assert (service.minutes, service.price_amount, service.currency) == (45, 16800, "CNY")


@pytest.mark.parametrize("role", ["store_manager", "clerk", "practitioner", "read_only", "su"])
def test_only_the_brand_keeps_the_catalogue(cast: Cast, role: str) -> None:
    with chain_scope(cast.alpha.info):
        with pytest.raises(Forbidden):
            create(cast, by=role)
        with pytest.raises(Forbidden):
            change_service(cast.alpha.services["facial"].id, {"minutes": 5}, by=cast.alpha.actors[role])
        assert Service.objects.count() == 2


@pytest.mark.parametrize(
    ("stores", "wrong"),
    [
        (["dublin"], ("price.currency", "other")),
        (["nowhere"], ("store", "unknown")),
        (["north", "north"], ("store", "repeated")),
    ],
)
def test_a_store_that_cannot_offer_it_is_named(cast: Cast, stores: list[str], wrong: tuple[str, str]) -> None:
    ids = {name: store.id for name, store in cast.alpha.stores.items()} | {"nowhere": uuid4()}
    with chain_scope(cast.alpha.info):
        with pytest.raises(ServiceWrong) as refused, transaction.atomic():
            create(cast, stores=[ids[name] for name in stores])
        assert [(error.field, error.code) for error in refused.value.errors] == [wrong]
        assert not Service.objects.filter(name="Hand massage").exists()


def test_a_skill_that_is_not_there_is_refused(cast: Cast) -> None:
    with chain_scope(cast.alpha.info), pytest.raises(SkillUnknown), transaction.atomic():
        create(cast, skills=[str(uuid4())])


def test_offers_are_replaced_and_a_store_left_out_offers_it_no_longer(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        facial, south = cast.alpha.services["facial"], cast.alpha.stores["south"]
        owner = cast.alpha.actors["owner"]
        change_service(facial.id, {}, offers=[OfferAt(south.id, 35000)], by=owner)
        assert offers(facial) == {"South": 35000}
        change_service(facial.id, {"name": "Deep"}, by=owner)
        assert offers(facial) == {"South": 35000}
        assert Offer.objects.filter(service=facial).count() == 2


def test_a_price_in_a_currency_that_its_stores_do_not_take_is_refused(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        facial = cast.alpha.services["facial"]
        with pytest.raises(ServiceWrong), transaction.atomic():
            change_service(facial.id, {}, price=Price(8900, "EUR"), by=cast.alpha.actors["owner"])
        facial.refresh_from_db()
        assert (facial.price_amount, facial.currency) == (39800, "CNY")


def test_of_two_changes_of_one_version_the_second_is_refused(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        facial, owner = cast.alpha.services["facial"], cast.alpha.actors["owner"]
        assert change_service(facial.id, {"minutes": 75}, version=1, by=owner).version == 2
        with pytest.raises(StaleVersion):
            change_service(facial.id, {"minutes": 90}, version=1, by=owner)
        assert Service.objects.get(id=facial.id).minutes == 75


def test_another_chains_service_is_not_there(cast: Cast) -> None:
    theirs = cast.beta.services["facial"].id
    with chain_scope(cast.alpha.info):
        with pytest.raises(NotSeen):
            change_service(theirs, {"minutes": 5}, by=cast.alpha.actors["owner"])
        with pytest.raises(NotSeen):
            require_service(theirs)
    with chain_scope(cast.beta.info):
        assert Service.objects.get(id=theirs).minutes == 60


def test_a_retired_service_is_not_there(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        facial = cast.alpha.services["facial"]
        require_service(facial.id)
        change_service(facial.id, {"active": False}, by=cast.alpha.actors["owner"])
        with pytest.raises(NotSeen):
            require_service(facial.id)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("service_lasts", {"minutes": 4}),
        ("service_lasts", {"minutes": 1441}),
        ("service_step_sane", {"step": 4}),
        ("service_price_not_negative", {"price_amount": -1}),
    ],
)
def test_the_database_refuses_a_service_that_cannot_be(
    cast: Cast, constraint: str, fields: dict[str, int]
) -> None:
    with chain_scope(cast.alpha.info):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Service.objects.filter(id=cast.alpha.services["facial"].id).update(**fields)


def test_a_store_offers_a_service_once(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        with pytest.raises(IntegrityError, match="offer_once"), transaction.atomic():
            Offer.objects.create(service=cast.alpha.services["facial"], store=cast.alpha.stores["north"])
