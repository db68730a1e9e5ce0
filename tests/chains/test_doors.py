"""What a chain can learn and change of its own row in public, and of nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection

from chains.models import Chain, OperatorAct
from chains.schemas.grants import DOORS
from chains.scope import chain_scope, platform_scope
from tests.ground.cast import NOW
from tests.ground.chains import TwoChains

pytestmark = pytest.mark.usefixtures("committed")
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
CALLS = {
    "mark_due(text, timestamptz)": "SELECT public.mark_due('x', now())",
    "take_own_due(bigint[])": "SELECT public.take_own_due('{1}')",
    "own_chain()": "SELECT * FROM public.own_chain()",
    "open_own_chain(timestamptz)": "SELECT public.open_own_chain(now())",
    "set_own_look(text, text, text, jsonb)": "SELECT public.set_own_look('n', 't', '#000000', '{}')",
    "push_own_figures(jsonb)": "SELECT public.push_own_figures('{}')",
    "own_operator_acts(integer)": "SELECT * FROM public.own_operator_acts(10)",
    "add_own_vertical(text)": "SELECT public.add_own_vertical('x')",
    "push_own_usage(jsonb, timestamptz)": "SELECT public.push_own_usage('[]', now())",
    "own_billing()": "SELECT public.own_billing()",
    "own_invoices(integer)": "SELECT public.own_invoices(10)",
    "tell_own_owner(text, text, jsonb, timestamptz)": "SELECT public.tell_own_owner('k', 'k', '{}', now())",
}


def _ask(statement: str, *params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def test_every_door_is_called_here() -> None:
    assert set(CALLS) == set(DOORS)


def test_own_chain_tells_of_the_active_chain_alone(two_chains: TwoChains) -> None:
    for chain in (two_chains.a, two_chains.b):
        with chain_scope(chain):
            assert _ask("SELECT id, slug FROM public.own_chain()") == [(chain.id, chain.slug)]


def test_own_operator_acts_are_the_chains_own(two_chains: TwoChains) -> None:
    with platform_scope():
        for chain in (two_chains.a, two_chains.b):
            OperatorAct.objects.create(
                operator_id=uuid4(),
                operator_email="op@tessera.test",
                chain_id=chain.id,
                schema=chain.schema_name,
                act="suspend",
                reason=f"about {chain.slug}",
                at=NOON,
            )
    with chain_scope(two_chains.a):
        assert _ask("SELECT act, reason FROM public.own_operator_acts(10)") == [("suspend", "about alpha")]


def test_look_figures_and_opening_change_the_active_chain_alone(two_chains: TwoChains) -> None:
    with platform_scope():
        Chain.objects.update(opened_at=None)
    with chain_scope(two_chains.a):
        _ask("SELECT public.set_own_look('New', 'Line', '#112233', '{\"fill\": \"#112233\"}')")
        _ask("SELECT public.push_own_figures('{\"bookings\": 7}')")
        _ask("SELECT public.open_own_chain(%s)", NOON)
        _ask("SELECT public.open_own_chain(%s)", NOON.replace(year=2030))
    with platform_scope():
        a = Chain.objects.get(id=two_chains.a.id)
        b = Chain.objects.get(id=two_chains.b.id)
        Chain.objects.filter(id=a.id).update(
            name="Alpha", tagline="", accent="#2C7A66", accent_tokens={}, figures={}
        )
        Chain.objects.update(opened_at=NOW)
    assert (a.name, a.tagline, a.accent, a.accent_tokens) == ("New", "Line", "#112233", {"fill": "#112233"})
    assert (a.figures, a.opened_at) == ({"bookings": 7}, NOON)
    assert (b.name, b.figures, b.opened_at) == ("Beta", {}, None)


@pytest.mark.parametrize("door", sorted(CALLS))
def test_doors_are_closed_to_the_platforms_role_and_to_the_bare_login(door: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied for function"), platform_scope():
        _ask(CALLS[door])
    with psycopg.connect(settings.ENV.database_url.get_secret_value(), autocommit=True) as raw:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute(CALLS[door])


def test_a_shadowing_table_of_the_chain_cannot_mislead_a_door(two_chains: TwoChains) -> None:
    """The doors look names up in pg_catalog alone, whatever the caller's path is."""
    with chain_scope(two_chains.a):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('search_path', 'pg_temp, extensions', true)")
            cursor.execute("SELECT slug FROM public.own_chain()")
            assert cursor.fetchall() == [("alpha",)]
