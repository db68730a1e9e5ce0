from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace

import psycopg
import pytest

from embedded import bootstrap
from embedded.bootstrap import prepare_database, prepare_from_environment
from embedded.errors import DatabaseTaken, MissingSetting, ServerTooOld, ServerUnreachable, UnsafeLogin
from embedded.postgres import Cluster

numbers = count(1)

Connection = psycopg.Connection[tuple[object, ...]]


class House:
    """One prepared database with its own pair of logins on the shared cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        number = next(numbers)
        self.database = f"house_{number}"
        self.owner = f"owner_{number}"
        self.app = f"app_{number}"

    def prepare(self, admin_dsn: str | None = None, **changes: str) -> None:
        settings = {
            "database": self.database,
            "owner_login": self.owner,
            "owner_password": "owner-secret",
            "app_login": self.app,
            "app_password": "app-secret",
        } | changes
        prepare_database(admin_dsn or self.cluster.superuser_dsn, **settings)

    def as_owner(self) -> Connection:
        return psycopg.connect(self.cluster.dsn(self.owner, "owner-secret", self.database), autocommit=True)

    def as_app(self) -> Connection:
        return psycopg.connect(self.cluster.dsn(self.app, "app-secret", self.database), autocommit=True)

    def as_superuser(self) -> Connection:
        return psycopg.connect(self.cluster.superuser_dsn, autocommit=True)


@pytest.fixture
def unprepared(cluster: Cluster) -> House:
    return House(cluster)


@pytest.fixture
def house(unprepared: House) -> House:
    unprepared.prepare()
    return unprepared


@pytest.fixture
def app(house: House) -> Iterator[Connection]:
    with house.as_app() as connection:
        yield connection


@pytest.fixture
def owner(house: House) -> Iterator[Connection]:
    with house.as_owner() as connection:
        yield connection


def one(connection: Connection, query: str) -> object:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_owner_owns_the_database_and_its_public_schema(house: House, owner: Connection) -> None:
    assert (
        one(owner, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()")
        == house.owner
    )
    assert (
        one(owner, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'public'") == house.owner
    )


def test_public_has_no_right_but_usage_of_the_extensions(owner: Connection) -> None:
    rights = owner.execute(
        """
        SELECT 'database', privilege_type FROM pg_database, aclexplode(datacl)
        WHERE datname = current_database() AND grantee = 0
        UNION ALL
        SELECT nspname, privilege_type FROM pg_namespace, aclexplode(nspacl)
        WHERE nspname IN ('public', 'extensions') AND grantee = 0
        """
    ).fetchall()
    assert rights == [("extensions", "USAGE")]


def test_extensions_stand_in_their_schema_and_work_for_chinese(owner: Connection) -> None:
    rows = owner.execute(
        "SELECT extname, extnamespace::regnamespace::text FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1"
    ).fetchall()
    assert rows == [("btree_gist", "extensions"), ("pg_trgm", "extensions")]
    assert one(owner, "SELECT cardinality(extensions.show_trgm('健身房'))") == 4


def test_owner_creates_schemas_and_roles_that_the_application_may_become(
    house: House, owner: Connection
) -> None:
    role = f"r_{house.database}"
    owner.execute("CREATE SCHEMA t_one")
    owner.execute("CREATE TABLE t_one.note AS SELECT 42 AS n")
    owner.execute(f"CREATE ROLE {role} NOLOGIN")
    owner.execute(f"GRANT USAGE ON SCHEMA t_one TO {role}")
    owner.execute(f"GRANT SELECT ON t_one.note TO {role}")
    owner.execute(f"GRANT {role} TO {house.app} WITH INHERIT FALSE, SET TRUE")
    with house.as_app() as app:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SELECT n FROM t_one.note")
        app.execute(f"SET ROLE {role}")
        assert one(app, "SELECT n FROM t_one.note") == 42


def test_application_may_connect_and_nothing_else(house: House, app: Connection) -> None:
    rights = app.execute(
        """
        SELECT has_database_privilege(current_database(), 'CONNECT'), has_database_privilege(current_database(), 'CREATE'),
               has_database_privilege(current_database(), 'TEMP'), has_schema_privilege('public', 'USAGE'),
               has_schema_privilege('extensions', 'CREATE')
        """
    ).fetchone()
    assert rights == (True, False, False, False, False)
    attributes = app.execute(
        "SELECT rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin"
        " FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    assert attributes == (False, False, False, False, False, False, True)
    assert one(app, "SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole") == 0


@pytest.mark.parametrize(
    "attempt",
    [
        "SET ROLE {owner}",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION {owner}",
        "SET SESSION AUTHORIZATION postgres",
        "GRANT {owner} TO {app}",
        "GRANT postgres TO {app}",
        "ALTER ROLE {app} SUPERUSER",
        "ALTER ROLE {app} CREATEROLE",
        "ALTER ROLE {owner} PASSWORD 'stolen'",
        "CREATE ROLE thief SUPERUSER",
        "CREATE ROLE thief IN ROLE {owner}",
        "ALTER DATABASE {database} OWNER TO {app}",
        "CREATE SCHEMA thief",
        "CREATE TABLE public.thief ()",
        "CREATE TEMP TABLE thief ()",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('PG_VERSION')",
    ],
)
def test_application_cannot_become_owner_or_superuser_nor_make_anything(
    house: House, app: Connection, attempt: str
) -> None:
    statement = attempt.format(owner=house.owner, app=house.app, database=house.database)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)


@pytest.mark.parametrize(
    "attempt",
    [
        "SET ROLE postgres",
        "ALTER ROLE {owner} SUPERUSER",
        "GRANT postgres TO {owner}",
        "ALTER ROLE {app} PASSWORD 'stolen'",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_owner_cannot_become_superuser_nor_take_over_the_application(
    house: House, owner: Connection, attempt: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute(attempt.format(owner=house.owner, app=house.app))


def test_application_reaches_no_other_database_of_the_embedded_cluster(
    house: House, cluster: Cluster
) -> None:
    for database in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(cluster.dsn(house.app, "app-secret", database))


def test_preparing_twice_keeps_what_is_there(house: House, owner: Connection) -> None:
    owner.execute("CREATE TABLE public.kept AS SELECT 1 AS n")
    house.prepare()
    assert one(owner, "SELECT n FROM public.kept") == 1


def test_preparing_again_takes_a_new_password(house: House) -> None:
    house.prepare(app_password="app-secret-2")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        house.as_app()


def test_admin_without_superuser_prepares_the_same(unprepared: House, cluster: Cluster) -> None:
    with unprepared.as_superuser() as superuser:
        superuser.execute("CREATE ROLE admin_plain LOGIN CREATEROLE CREATEDB PASSWORD 'admin-secret'")
        superuser.execute("GRANT CONNECT ON DATABASE postgres TO admin_plain")
    admin_dsn = cluster.dsn("admin_plain", "admin-secret", "postgres")
    unprepared.prepare(admin_dsn)
    unprepared.prepare(admin_dsn)
    with unprepared.as_owner() as owner:
        test_public_has_no_right_but_usage_of_the_extensions(owner)
        test_owner_owns_the_database_and_its_public_schema(unprepared, owner)
        test_owner_creates_schemas_and_roles_that_the_application_may_become(unprepared, owner)


def test_database_of_another_login_is_left_alone(unprepared: House) -> None:
    with unprepared.as_superuser() as superuser:
        superuser.execute(f"CREATE DATABASE {unprepared.database}")
        with pytest.raises(DatabaseTaken, match="belongs to 'postgres'"):
            unprepared.prepare()
        owner = one(
            superuser,
            f"SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = '{unprepared.database}'",
        )
    assert owner == "postgres"


@pytest.mark.parametrize(
    "unsafe",
    [
        "ALTER ROLE {app} CREATEROLE",
        "ALTER ROLE {app} SUPERUSER",
        "GRANT {owner} TO {app}",
        "GRANT postgres TO {app}",
    ],
)
def test_application_login_with_rights_of_its_own_is_refused(house: House, unsafe: str) -> None:
    with house.as_superuser() as superuser:
        superuser.execute(unsafe.format(app=house.app, owner=house.owner))
    with pytest.raises(UnsafeLogin, match="choose another name"):
        house.prepare()


def test_one_login_for_both_is_refused(unprepared: House) -> None:
    with pytest.raises(UnsafeLogin):
        unprepared.prepare(app_login=unprepared.owner)


def test_older_server_is_refused_with_its_version() -> None:
    old = SimpleNamespace(info=SimpleNamespace(server_version=150018))
    with pytest.raises(ServerTooOld, match=r"This is PostgreSQL 15\. Tessera needs 16 or newer"):
        bootstrap.check_version(old)  # type: ignore[arg-type]


def test_unreachable_server_is_named_without_its_password(cluster: Cluster) -> None:
    with pytest.raises(ServerUnreachable) as refused:
        bootstrap.connect(cluster.dsn("postgres", "wrong-secret", "postgres"))
    assert f"postgres@127.0.0.1:{cluster.port}/postgres" in str(refused.value)
    assert "wrong-secret" not in str(refused.value)


def test_addresses_in_the_environment_say_what_to_prepare(unprepared: House, cluster: Cluster) -> None:
    prepared = prepare_from_environment(
        {
            "ADMIN_DATABASE_URL": cluster.superuser_dsn,
            "OWNER_DATABASE_URL": cluster.dsn(unprepared.owner, "owner-secret", unprepared.database),
            "DATABASE_URL": cluster.dsn(unprepared.app, "app-secret", unprepared.database),
        }
    )
    assert prepared == unprepared.database
    with unprepared.as_app() as app:
        assert one(app, "SELECT current_user::text") == unprepared.app


def test_missing_addresses_are_listed() -> None:
    with pytest.raises(MissingSetting, match="Set ADMIN_DATABASE_URL, DATABASE_URL:"):
        prepare_from_environment({"OWNER_DATABASE_URL": "postgresql://o:p@localhost/x"})
