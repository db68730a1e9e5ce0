"""Every right that a role of ours holds, read from the catalogue and compared with a written list."""

from __future__ import annotations

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from psycopg import sql

from chains.models import OperatorAct
from chains.schemas import grants
from chains.schemas.grants import (
    ADD,
    DOORS,
    FULL,
    ONCE,
    READ,
    chain_grants,
    chain_rights,
    schemas_with_wrong_grants,
)
from chains.schemas.owner import owner_connection
from chains.scope import chain_scope, platform_scope, role_of
from tests.ground.chains import TwoChains

pytestmark = pytest.mark.usefixtures("committed")

# The written list. A new model that a chain may write, or one it may only add to, is put here by hand.
# (with a column of each, for the attempts to change it)
ADD_ONLY_IN_A_CHAIN = {
    "booking_creditline": "id",
    "booking_depositwaiver": "booking_id",
    "booking_penalty": "id",
    "booking_penaltywaiver": "penalty_id",
    "booking_stockchange": "id",
    "booking_transition": "id",
    "events_event": "id",
    "people_accessnote": "id",
}
# these are never changed either; housekeeping lets go of them
WRITE_ONCE_IN_A_CHAIN = {
    "booking_bookingitem": "id",
    "events_effect": "key",
    "people_arrivaluse": "token_hash",
}
READ_ONLY_IN_A_CHAIN = {"django_migrations", "stores_setup"}
PUBLIC_OF_THE_PLATFORM = {
    "account_emailaddress": FULL,
    "account_emailconfirmation": FULL,
    "accounts_user": FULL,
    "auth_group": FULL,
    "auth_group_permissions": FULL,
    "auth_permission": FULL,
    "billing_chainstanding": FULL,
    "billing_customer": FULL,
    "billing_difference": FULL,
    "billing_intent": FULL,
    "billing_invoice": FULL,
    "billing_notice": FULL,
    "billing_plan": FULL,
    "billing_revenuechange": ADD,
    "billing_round": FULL,
    "billing_standingstep": ADD,
    "billing_stripeevent": FULL,
    "billing_subscription": FULL,
    "billing_usagemonth": FULL,
    "chains_chain": FULL,
    "chains_chaintemplate": READ,
    "chains_domain": FULL,
    "chains_duework": FULL,
    "chains_operatoract": ADD,
    "chains_platformanswer": FULL,
    "chains_pooledschema": FULL,
    "chains_schemamigration": READ,
    "chains_signup": FULL,
    "django_admin_log": FULL,
    "django_content_type": FULL,
    "django_migrations": READ,
    "django_session": FULL,
    "mfa_authenticator": FULL,
}

REFUSED = r"permission denied|must be owner"
HELD = """
SELECT r.rolname, n.nspname, c.relname, x.privilege_type
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL aclexplode(c.relacl) x JOIN pg_roles r ON r.oid = x.grantee
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND r.rolname LIKE %s AND NOT x.is_grantable
"""


def _held(prefix: str) -> dict[tuple[str, str, str], set[str]]:
    """(role, schema, table) → rights, for roles whose name begins so."""
    held: dict[tuple[str, str, str], set[str]] = {}
    with owner_connection() as owner:
        for role, schema, table, right in owner.execute(HELD, (prefix.replace("_", r"\_") + "%",)):
            held.setdefault((role, schema, table), set()).add(right)
    return held


def _written(table: str) -> tuple[str, ...]:
    if table in ADD_ONLY_IN_A_CHAIN:
        return ADD
    if table in WRITE_ONCE_IN_A_CHAIN:
        return ONCE
    return READ if table in READ_ONLY_IN_A_CHAIN else FULL


def test_chain_roles_hold_exactly_the_written_rights_on_tables(two_chains: TwoChains) -> None:
    wanted: dict[tuple[str, str, str], set[str]] = {}
    for chain in (two_chains.a, two_chains.b):
        with owner_connection() as owner:
            tables = [
                row[0]
                for row in owner.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname = %s", (chain.schema_name,)
                )
            ]
        for table in tables:
            wanted[role_of(chain.schema_name), chain.schema_name, table] = set(_written(table))
    held = _held(role_of("t_"))
    assert {key: rights for key, rights in held.items() if key in wanted or key[1] == "public"} == wanted
    assert {schema for role, schema, _table in held if role_of(schema) != role} == set()


def test_the_written_list_is_what_the_models_say() -> None:
    rights = chain_rights()
    assert {table for table, held in rights.items() if held == ADD} == set(ADD_ONLY_IN_A_CHAIN)
    assert {table for table, held in rights.items() if held == ONCE} == set(WRITE_ONCE_IN_A_CHAIN)
    assert {table for table, held in rights.items() if held == READ} == READ_ONLY_IN_A_CHAIN


def test_platform_role_holds_exactly_the_written_rights() -> None:
    held = _held(role_of("public"))
    assert {(schema, table): rights for (_role, schema, table), rights in held.items()} == {
        ("public", table): set(rights) for table, rights in PUBLIC_OF_THE_PLATFORM.items()
    }


def test_the_doors_are_the_only_functions_of_public_and_only_the_chains_group_may_use_them() -> None:
    with owner_connection() as owner:
        rows = owner.execute(
            "SELECT p.proname, p.prosecdef, p.proconfig,"
            " coalesce(array_agg(r.rolname::text ORDER BY r.rolname) FILTER (WHERE r.oid <> p.proowner), '{}'),"
            " bool_or(x.grantee = 0)"
            " FROM pg_proc p LEFT JOIN LATERAL aclexplode(p.proacl) x ON true LEFT JOIN pg_roles r ON r.oid = x.grantee"
            " WHERE p.pronamespace = 'public'::regnamespace GROUP BY p.oid, p.proname, p.prosecdef, p.proconfig"
        ).fetchall()
    doors = {door.partition("(")[0] for door in DOORS}
    # what triggers run is nobody's to call
    triggers = {row[0]: row[3] for row in rows if row[0] not in doors}
    assert triggers == {"renew_token": []}
    assert {row[0] for row in rows} == doors | set(triggers)
    assert {(row[1], tuple(row[2]), row[4]) for row in rows} == {
        (True, ("search_path=pg_catalog, pg_temp",), False)
    }
    ours = role_of("chains")
    held = {
        tuple(name for name in row[3] if name.startswith(f"r_{settings.ROLE_TAG}_"))
        for row in rows
        if row[0] in doors
    }
    assert held == {(ours,)}


def test_roles_have_no_attributes_and_only_the_application_may_become_them(two_chains: TwoChains) -> None:
    with owner_connection() as owner:
        risky = owner.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE %s AND (rolsuper OR rolcreaterole OR rolcreatedb"
            " OR rolbypassrls OR rolreplication OR rolcanlogin)",
            (role_of("").replace("_", r"\_") + "%",),
        ).fetchall()
        members = owner.execute(
            "SELECT g.rolname::text, m.rolname::text, inherit_option, set_option FROM pg_auth_members a"
            " JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member"
            " WHERE g.rolname IN (%s, %s, %s) AND m.rolname <> current_user",
            (role_of(two_chains.a.schema_name), role_of("public"), role_of("chains")),
        ).fetchall()
    assert risky == []
    app = psycopg.conninfo.conninfo_to_dict(settings.ENV.database_url.get_secret_value())["user"]
    of_chain = [row for row in members if row[0] != role_of("chains")]
    assert sorted(of_chain) == sorted(
        [(role_of(two_chains.a.schema_name), app, False, True), (role_of("public"), app, False, True)]
    )
    to_group = {row[1:] for row in members if row[0] == role_of("chains")}
    assert {(name, inherit, may_set) for name, inherit, may_set in to_group if name == app} == set()
    assert (role_of(two_chains.a.schema_name), True, False) in to_group


@pytest.mark.parametrize("table", sorted(ADD_ONLY_IN_A_CHAIN))
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET {column} = {column}", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"]
)
def test_append_only_tables_of_a_chain_are_never_changed(
    two_chains: TwoChains, table: str, statement: str
) -> None:
    with pytest.raises(DatabaseError, match=REFUSED), chain_scope(two_chains.a):
        with connection.cursor() as cursor:
            cursor.execute(statement.format(table, column=ADD_ONLY_IN_A_CHAIN[table]))


@pytest.mark.parametrize("table", sorted(WRITE_ONCE_IN_A_CHAIN))
def test_write_once_tables_of_a_chain_are_never_changed(two_chains: TwoChains, table: str) -> None:
    with pytest.raises(DatabaseError, match=REFUSED), chain_scope(two_chains.a):
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE {} SET {column} = {column}".format(table, column=WRITE_ONCE_IN_A_CHAIN[table])
            )


@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET token = token", "DELETE FROM {}", "INSERT INTO {} VALUES (gen_random_uuid())"],
)
def test_set_up_is_written_by_its_triggers_alone(two_chains: TwoChains, statement: str) -> None:
    with pytest.raises(DatabaseError, match=REFUSED), chain_scope(two_chains.a):
        with connection.cursor() as cursor:
            cursor.execute(statement.format("stores_setup"))


@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET act = 'nothing'", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"]
)
def test_operators_acts_are_never_changed_by_the_platform(statement: str) -> None:
    with pytest.raises(DatabaseError, match=REFUSED), platform_scope():
        with connection.cursor() as cursor:
            cursor.execute(statement.format(OperatorAct._meta.db_table))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE own (id int)",
        "CREATE TABLE public.own (id int)",
        "CREATE SCHEMA own",
        "CREATE TEMP TABLE own (id int)",
        "ALTER TABLE stores_region ADD COLUMN own int",
        "CREATE FUNCTION own() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE own",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY stores_region TO PROGRAM 'cat'",
    ],
)
def test_a_chain_cannot_make_or_change_anything(two_chains: TwoChains, statement: str) -> None:
    with pytest.raises(DatabaseError, match=REFUSED), chain_scope(two_chains.a):
        with connection.cursor() as cursor:
            cursor.execute(statement)


def test_rights_that_differ_from_the_list_are_found_and_set_right(two_chains: TwoChains) -> None:
    schema = two_chains.a.schema_name
    names = {"schema": sql.Identifier(schema), "role": sql.Identifier(role_of(schema))}
    with owner_connection() as owner:
        assert schemas_with_wrong_grants(owner, [schema, two_chains.b.schema_name]) == []
        owner.execute(sql.SQL("GRANT UPDATE ON {schema}.events_event TO {role}").format(**names))
        assert schemas_with_wrong_grants(owner, [schema, two_chains.b.schema_name]) == [schema]
        for grant in chain_grants(schema):
            owner.execute(grant)
        assert schemas_with_wrong_grants(owner, [schema]) == []
        owner.execute(sql.SQL("REVOKE INSERT ON {schema}.stores_region FROM {role}").format(**names))
        assert schemas_with_wrong_grants(owner, [schema]) == [schema]
        for grant in chain_grants(schema):
            owner.execute(grant)


def test_tables_that_statements_make_are_known_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants, "chain_rights", lambda: {"One": grants.FULL, "two": grants.ADD})
    made = [
        'CREATE TABLE "One" ("id" bigint)',
        "create table if not exists TWO(id int)",
        "CREATE TABLE x AS SELECT 1",
    ]
    assert grants.rights_on_new(made) == {"One": grants.FULL, "two": grants.ADD, "x": ()}
    assert grants.rights_on_new(['ALTER TABLE "One" ADD "b" int', "CREATE INDEX i ON two (id)"]) == {}
    assert grants.rights_on_new(["CREATE SEQUENCE s"]) is None
    assert grants.rights_on_new(['CREATE TABLE "a"."b" ()']) is None
