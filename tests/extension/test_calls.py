"""Plug-ins are asked where they are on, in order; what decides refuses when it breaks, what advises is left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from chains.refusals import Refusal
from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.models import Booking, Claim
from tenants.extension import registry
from tenants.extension.calls import (
    VerticalFailed,
    extra_needs,
    figures_for,
    panels_for,
    require_rules,
    sentences_for,
)
from tenants.extension.hooks import (
    ExtraNeed,
    Field,
    Hooks,
    MessageAsked,
    Metric,
    MetricAsked,
    NeedsAsked,
    Panel,
    PanelAsked,
    Wish,
)
from tenants.extension.manifest import Manifest
from tenants.extension.registry import Plugin, plugins_on, register_core
from tenants.stores.models import Store
from tests.ground.cast import NOW, Cast, local

WISH = Wish(uuid4(), uuid4(), NOW, NOW + timedelta(hours=1), 1, None, False, NOW)
PANEL = PanelAsked(uuid4(), uuid4(), uuid4(), None, "confirmed", True, NOW)
MESSAGE = MessageAsked("booking.confirmed", uuid4(), "ABCDEFGH", uuid4(), uuid4(), NOW)
METRICS = MetricAsked((uuid4(),), NOW - timedelta(days=1), NOW)


class Locked(Refusal):
    code = "locked"
    detail = "The door is locked."


def refuse(wish: Wish) -> None:
    raise Locked


def break_down(asked: Any) -> Any:
    raise ZeroDivisionError


def break_sql(asked: Any) -> Any:
    connection.cursor().execute("SELECT nothing FROM nowhere")


def vertical(code: str, order: int, **hooks: Any) -> Manifest:
    return Manifest(
        code=code, names={"en": code}, icon="lock", order=order, services=(), hooks=Hooks(**hooks)
    )


@pytest.fixture()
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Manifest]]:
    """Verticals that this test plugs in, beside the core's own parts."""
    found: list[Manifest] = []
    monkeypatch.setattr(registry, "verticals", lambda: tuple(sorted(found, key=lambda one: one.order)))
    yield found


def test_the_core_is_asked_first_then_what_is_on_in_the_order_of_the_manifests(installed) -> None:
    installed += [vertical("late", 9), vertical("early", 1), vertical("off", 5)]
    asked = plugins_on(["late", "early", "gone"])
    assert [(plugin.code, plugin.is_core) for plugin in asked] == [
        ("booking", True),
        ("desk", True),
        ("together", True),
        ("early", False),
        ("late", False),
    ]


def test_a_part_of_the_core_is_plugged_in_once() -> None:
    with pytest.raises(ValueError, match="booking is registered twice"):
        register_core("booking", Hooks())


@pytest.mark.django_db
def test_a_rule_is_asked_with_its_own_answers_alone_and_its_refusal_goes_out() -> None:
    heard: list[Any] = []
    plugins = [
        Plugin("one", Hooks(rules=lambda wish: heard.append(dict(wish.details)))),
        Plugin("two", Hooks(rules=refuse)),
    ]
    with pytest.raises(Locked):
        require_rules(plugins, WISH, details={"one": {"level": 3}, "two": {"secret": 1}})
    assert heard == [{"level": 3}]


@pytest.mark.django_db
@pytest.mark.parametrize("breaks", [break_down, break_sql])
def test_what_decides_and_breaks_refuses_the_booking_and_the_transaction_goes_on(breaks) -> None:
    plugin = Plugin("torn", Hooks(rules=breaks, needs=breaks))
    with pytest.raises(VerticalFailed) as refused:
        require_rules([plugin], WISH, details={})
    assert (refused.value.status, refused.value.params) == (503, {"vertical": "torn"})
    with pytest.raises(VerticalFailed):
        extra_needs([plugin], NeedsAsked(uuid4(), 60))
    assert connection.cursor().execute("SELECT 1") is not None


@pytest.mark.django_db
@pytest.mark.parametrize("breaks", [break_down, break_sql])
def test_what_advises_and_breaks_is_left_out_and_the_others_speak(breaks) -> None:
    torn = Plugin("torn", Hooks(panels=breaks, messages=breaks, metrics=(Metric("bad", "Bad", breaks),)))
    fine = Plugin(
        "fine",
        Hooks(
            panels=lambda asked: [Panel("a.html")],
            messages=lambda asked: "Bring socks.",
            metrics=(Metric("good", "Good", lambda asked: 7), Metric("none", "None", lambda asked: None)),
        ),
    )
    both = [torn, fine]
    assert list(panels_for(both, PANEL, details={})) == [(fine, Panel("a.html"))]
    assert sentences_for(both, MESSAGE, details={}) == ["Bring socks."]
    assert figures_for(both, METRICS) == [{"key": "fine.good", "label": "Good", "unit": "count", "value": 7}]


def test_a_vertical_has_its_say_only_at_stores_that_switched_it_on(cast: Cast, installed) -> None:
    def ask(asked: Any) -> list[Field]:
        return [Field("size", "Size", "number", required=True)]

    installed.append(
        vertical("boots", 1, steps=ask, needs=lambda asked: [ExtraNeed("room", before=5, after=20)])
    )
    alpha = cast.alpha
    with chain_scope(alpha.info):
        Store.objects.filter(id=alpha.stores["north"].id).update(verticals=["boots"])

        def take(hour: int, **more: Any) -> Booking:
            return book(
                alpha.services["short"].id,
                store_id=alpha.stores["north"].id,
                starts_at=local(23, hour),
                by=alpha.actors["clerk"],
                member=alpha.members["su"].id,
                now=NOW,
                **more,
            )

        made = take(10, details={"boots": {"size": "43"}})
        room = Claim.objects.get(booking=made, resource=alpha.rooms["a"])
        south = book(
            alpha.services["facial"].id,
            store_id=alpha.stores["south"].id,
            starts_at=local(23, 15),
            by=alpha.actors["su"],
            now=NOW,
        )
        assert (made.details, made.resource_id) == ({"boots": {"size": 43}}, alpha.rooms["a"].id)
        assert (room.starts_at, room.ends_at) == (local(23, 9, 55), local(23, 10, 50))
        assert (south.details, Claim.objects.filter(booking=south).count()) == ({}, 1)
