"""The way into a chain's schema."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from chains.models import Chain
from chains.scope import PLATFORM, NoChain, chain_scope, current, current_chain_id, platform_scope
from tenants.stores.models import Region
from tests.ground.chains import TwoChains


def _name() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role'), current_setting('search_path')")
        return "{} {}".format(*cursor.fetchone())


pytestmark = pytest.mark.usefixtures("committed")


def test_scope_sees_its_own_rows_only(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        Region.objects.create(name="only in a")
    with chain_scope(two_chains.b):
        assert list(Region.objects.values_list("name", flat=True)) == []
    with chain_scope(two_chains.a):
        assert list(Region.objects.values_list("name", flat=True)) == ["only in a"]


def test_outside_a_scope_statements_run_as_the_platform() -> None:
    assert current() == PLATFORM
    assert Chain.objects.filter(slug="nobody").count() == 0
    with pytest.raises(NoChain):
        current_chain_id()


def test_statement_naming_another_chains_schema_is_refused(two_chains: TwoChains) -> None:
    with pytest.raises(DatabaseError, match="permission denied for schema"), chain_scope(two_chains.a):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {two_chains.b.schema_name}.stores_region")


def test_chain_cannot_read_public_tables(two_chains: TwoChains) -> None:
    for table in ("chains_chain", "accounts_user", "chains_duework", "chains_signup"):
        with pytest.raises(DatabaseError, match="permission denied"), chain_scope(two_chains.a):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM public.{table}")


def test_raw_connection_of_the_application_sees_nothing(two_chains: TwoChains) -> None:
    from django.conf import settings

    with psycopg.connect(settings.ENV.database_url.get_secret_value(), autocommit=True) as raw:
        for table in ("public.chains_chain", f"{two_chains.a.schema_name}.stores_region"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                raw.execute(f"SELECT * FROM {table}")


def test_application_cannot_become_owner_or_superuser() -> None:
    from django.conf import settings

    with psycopg.connect(settings.ENV.database_url.get_secret_value(), autocommit=True) as raw:
        for role in ("postgres", "tessera_owner"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                raw.execute(f"SET ROLE {role}")


def test_scope_rolls_back_as_a_whole(two_chains: TwoChains) -> None:
    with pytest.raises(ZeroDivisionError), chain_scope(two_chains.a):
        Region.objects.create(name="lost")
        raise ZeroDivisionError
    with chain_scope(two_chains.a):
        assert Region.objects.count() == 0


def test_same_scope_entered_twice_joins_as_a_savepoint(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        Region.objects.create(name="kept")
        with pytest.raises(ZeroDivisionError), chain_scope(two_chains.a):
            Region.objects.create(name="undone")
            raise ZeroDivisionError
        assert list(Region.objects.values_list("name", flat=True)) == ["kept"]


def test_another_scope_cannot_be_entered_within_a_transaction(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        with pytest.raises(RuntimeError, match="durable"), chain_scope(two_chains.b):
            pass
        with pytest.raises(RuntimeError, match="durable"), platform_scope():
            pass
    assert current() == PLATFORM


def test_path_and_role_survive_a_rollback_to_a_savepoint(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        before = _name()
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert _name() == before


def test_first_statement_inside_a_savepoint_that_rolls_back_leaves_the_scope_enterable(
    two_chains: TwoChains,
) -> None:
    with chain_scope(two_chains.a):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        assert Region.objects.count() == 0


def test_set_tenant_is_refused(two_chains: TwoChains) -> None:
    with pytest.raises(RuntimeError, match="chain_scope"):
        connection.set_tenant(two_chains.a)  # type: ignore[attr-defined]


def test_content_type_cache_is_kept_per_schema(two_chains: TwoChains) -> None:
    from django.contrib.contenttypes.models import ContentType

    with chain_scope(two_chains.a):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_content_type WHERE app_label = 'stores' AND model = 'region'")
        in_a = ContentType.objects.get_for_model(Region).pk
    with chain_scope(two_chains.b):
        in_b = ContentType.objects.get_for_model(Region).pk
    assert in_a != in_b
    with chain_scope(two_chains.a):
        assert ContentType.objects.get_for_model(Region).pk == in_a
