"""The office's rooms, tables and needs: kept, refused in words, and what contradicts them told where it is made."""

from __future__ import annotations

from chains.scope import chain_scope
from tenants.catalogue.models import Need
from tenants.stores.models import Resource, ResourceCombination, ResourceKind
from tests.booking.shops import make_table, need, state_needs
from tests.ground.cast import Cast
from tests.web.office import _noon, manager, owner, path_of, sign_in
from tests.web.storefront import text_of

__all__ = ["_noon", "manager", "owner", "sign_in"]  # fixtures

TABLE = {"kind": "table", "name": " Window ", "min_party": 2, "capacity": 4, "tags": "window，quiet"}


def test_a_manager_adds_edits_and_retires_a_table(cast: Cast, manager):
    here = path_of(cast, "stores/{north}/things/")
    assert manager.post(here, TABLE).status_code == 302
    with chain_scope(cast.alpha.info):
        made = Resource.objects.get(kind=ResourceKind.TABLE)
        assert (made.name, made.min_party, made.capacity, made.tags) == ("Window", 2, 4, ["quiet", "window"])
    assert "2–4 people" in text_of(manager.get(here))
    assert manager.post(f"{here}{made.id}/", {**TABLE, "capacity": 6}).status_code == 302
    with chain_scope(cast.alpha.info):
        made.refresh_from_db()
        assert (made.capacity, made.active) == (6, False)
    assert "Window" not in text_of(manager.get(here))


def test_a_party_out_of_order_is_said_at_its_field(cast: Cast, manager):
    answer = manager.post(path_of(cast, "stores/{north}/things/"), {**TABLE, "min_party": 5})
    assert (answer.status_code, "The fewest people are at most the most." in text_of(answer)) == (422, True)


def test_tables_are_put_together_and_taken_apart(cast: Cast, manager):
    with chain_scope(cast.alpha.info):
        north = cast.alpha.stores["north"]
        ids = [make_table(north, name, 4).id for name in ("One", "Two")]
    here = path_of(cast, "stores/{north}/together/")
    refused = manager.post(here, {"members": ids[:1], "min_party": 1, "max_party": 8})
    assert refused.status_code == 422
    assert manager.post(here, {"members": ids, "min_party": 5, "max_party": 8}).status_code == 302
    assert "One + Two" in text_of(manager.get(path_of(cast, "stores/{north}/things/")))
    with chain_scope(cast.alpha.info):
        pair = ResourceCombination.objects.get()
    assert manager.post(f"{here}{pair.id}/").status_code == 302
    with chain_scope(cast.alpha.info):
        assert not ResourceCombination.objects.exists()


def test_an_owner_states_needs_and_is_told_what_contradicts_them(cast: Cast, owner):
    here = path_of(cast, "services/{facial}/needs/")
    rows = {
        "role_0": "Therapist", "kind_0": "practitioner", "from_minute_0": 0, "minutes_0": 60, "count_0": 1,
        "role_1": "Bath", "kind_1": "room", "from_minute_1": 10, "minutes_1": 40, "count_1": 1, "asks_1": "bath",
    }  # fmt: skip
    assert owner.post(here, rows).status_code == 302
    with chain_scope(cast.alpha.info):
        kept = list(Need.objects.values_list("role", "kind", "from_minute", "minutes", "tags"))
        assert kept == [("Therapist", "practitioner", 0, 60, []), ("Bath", "room", 10, 40, ["bath"])]
    told = "North does not have what “Bath” needs (1)."
    assert told in text_of(owner.get(here))
    assert told in text_of(owner.get(path_of(cast, "services/{facial}/")))
    assert told in text_of(owner.get(path_of(cast, "stores/")))
    assert told in text_of(owner.get(path_of(cast, "stores/{north}/things/")))
    refused = owner.post(here, {**rows, "from_minute_1": 55})
    assert refused.status_code == 422
    assert "lies within the service" in text_of(refused)
    assert owner.post(here, {}).status_code == 302
    with chain_scope(cast.alpha.info):
        assert not Need.objects.exists()


def test_the_time_page_asks_how_many_come_and_says_how_few_places_are_left(cast: Cast, owner):
    short = cast.alpha.services["short"]
    page = f"/book/{short.id}/?store={cast.alpha.stores['north'].id}"
    assert "How many people" not in text_of(owner.get(page))
    with chain_scope(cast.alpha.info):
        state_needs(cast.alpha, short, need("table", ResourceKind.TABLE, 0, 30, fits_party=True))
    assert "does not have the room or table" in text_of(owner.get(page))
    with chain_scope(cast.alpha.info):
        for name in ("One", "Two"):
            make_table(cast.alpha.stores["north"], name, 4)
    shown = text_of(owner.get(page))
    assert ("How many people" in shown, "2 left" in shown) == (True, True)
    assert "no place for that many people" in text_of(owner.get(f"{page}&party=5"))
