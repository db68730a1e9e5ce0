"""What a database needs before the first migration, on any PostgreSQL of version 16 or newer.

    ADMIN_DATABASE_URL=… OWNER_DATABASE_URL=… DATABASE_URL=… python -m embedded.bootstrap

Two logins: the owner makes schemas and roles (migrations, provisioner); the application may connect, and
become the roles that the owner grants it, one at a time, inheriting nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from embedded.errors import (
    DatabaseTaken,
    MissingSetting,
    ServerTooOld,
    ServerUnreachable,
    StartError,
    UnsafeLogin,
)

OLDEST = 160000
"""PostgreSQL 15 refuses GRANT … WITH INHERIT FALSE, SET TRUE, on which the chains' roles rest."""

EXTENSIONS_SCHEMA = "extensions"
EXTENSIONS = ("btree_gist", "pg_trgm")

LOCK = 7_361_001
"""Advisory lock of the admin's database: two preparations of one cluster go one after the other."""

Connection = psycopg.Connection[tuple[object, ...]]


def prepare_database(
    admin_dsn: str,
    *,
    database: str,
    owner_login: str,
    owner_password: str,
    app_login: str,
    app_password: str,
) -> None:
    """Make `database` and its two logins ready for migrations; running it again changes nothing but passwords.

    `admin_dsn` is a superuser, or a login with CREATEROLE and CREATEDB. Afterwards the owner owns the
    database and its schema `public`, and may create schemas and roles and grant the latter to the
    application; the application may connect and nothing else; PUBLIC has no right in the database but
    USAGE on the schema `extensions`, where btree_gist and pg_trgm stand.

    Raises ServerUnreachable, ServerTooOld (before 16), DatabaseTaken (another login owns it), UnsafeLogin
    (the application's login could become the owner or a superuser).
    """
    with connect(admin_dsn) as admin:
        check_version(admin)
        admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        is_superuser = _value(admin, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        _ensure_login(admin, owner_login, owner_password, "LOGIN CREATEROLE")
        _ensure_login(admin, app_login, app_password, "LOGIN NOINHERIT")
        if not is_superuser:
            # CREATEROLE gives ADMIN on what it makes, not the right to act as it.
            admin.execute(
                sql.SQL("GRANT {} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE").format(
                    sql.Identifier(owner_login)
                )
            )
        check_application_login(admin, app_login=app_login, owner_login=owner_login)
        _ensure_database(admin, database, owner_login)
        with connect(make_conninfo(admin_dsn, dbname=database)) as inside:
            _lay_out(inside, database=database, owner_login=owner_login, app_login=app_login)


def connect(dsn: str) -> Connection:
    """A connection in autocommit, or ServerUnreachable with the reason and never the password."""
    try:
        return psycopg.connect(dsn, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise ServerUnreachable(
            f"PostgreSQL at {without_password(dsn)} does not let us in: {str(error).strip()}. "
            "Check the address, the login and that the server runs."
        ) from error


def without_password(dsn: str) -> str:
    """An address fit for a terminal or a log."""
    parts = conninfo_to_dict(dsn)
    return (
        f"{parts.get('user', '')}@{parts.get('host', '')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"
    )


def check_version(connection: Connection) -> None:
    """Raise ServerTooOld for a server before PostgreSQL 16."""
    version = connection.info.server_version
    if version < OLDEST:
        raise ServerTooOld(
            f"This is PostgreSQL {version // 10000}. Tessera needs 16 or newer: older versions cannot grant a role "
            "without its rights being inherited. Upgrade the server, or leave DATABASE_URL unset to use the embedded one."
        )


def check_application_login(connection: Connection, *, app_login: str, owner_login: str) -> None:
    """Raise UnsafeLogin where the application's login has rights that would undo the chains' isolation."""
    row = connection.execute(
        """
        SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication OR rolinherit,
               app.rolname = %(owner)s OR pg_has_role(app.oid, %(owner)s, 'MEMBER'),
               EXISTS (SELECT 1 FROM pg_roles boss WHERE boss.rolsuper AND pg_has_role(app.oid, boss.oid, 'MEMBER'))
        FROM pg_roles app WHERE rolname = %(app)s
        """,
        {"app": app_login, "owner": owner_login},
    ).fetchone()
    if row is None or any(row):
        raise UnsafeLogin(
            f"The login '{app_login}' has rights of its own (superuser, CREATEROLE, CREATEDB, BYPASSRLS, REPLICATION or "
            f"INHERIT), or may become '{owner_login}'. The application needs a login made for it: choose another name "
            "in DATABASE_URL and run python -m embedded.bootstrap."
        )


def _value(connection: Connection, query: str, *params: object) -> object:
    row = connection.execute(query, params).fetchone()
    return None if row is None else row[0]


def _ensure_login(admin: Connection, name: str, password: str, attributes: str) -> None:
    exists = _value(admin, "SELECT 1 FROM pg_roles WHERE rolname = %s", name)
    # Hashed here: neither the server's log nor pg_stat_statements ever sees the password itself.
    hashed = admin.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    verb = "ALTER" if exists else "CREATE"
    statement = f"{verb} ROLE {{}} WITH {attributes} PASSWORD {{}}"
    admin.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(hashed)))


def _ensure_database(admin: Connection, database: str, owner: str) -> None:
    held_by = _value(admin, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", database)
    if held_by == owner:
        return
    if held_by is not None:
        raise DatabaseTaken(
            f"The database '{database}' belongs to '{held_by}', not to '{owner}'. Choose another name, or hand it over: "
            f'ALTER DATABASE "{database}" OWNER TO "{owner}".'
        )
    create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' ").format(
        sql.Identifier(database), sql.Identifier(owner)
    )
    builtin = admin.info.server_version >= 170000
    locale = sql.SQL("LOCALE_PROVIDER builtin LOCALE 'C.UTF-8'" if builtin else "LOCALE 'C.UTF-8'")
    admin.execute(create + locale)


def _lay_out(inside: Connection, *, database: str, owner_login: str, app_login: str) -> None:
    """Rights and extensions, all as the owner: it owns them, and an admin who is no superuser may do it too."""
    names = {
        "database": sql.Identifier(database),
        "owner": sql.Identifier(owner_login),
        "app": sql.Identifier(app_login),
        "schema": sql.Identifier(EXTENSIONS_SCHEMA),
    }
    statements = [
        "SET ROLE {owner}",
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {database} TO {app}",
        "ALTER SCHEMA public OWNER TO {owner}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "CREATE SCHEMA IF NOT EXISTS {schema}",
        "GRANT USAGE ON SCHEMA {schema} TO PUBLIC",
    ]
    for statement in statements:
        inside.execute(sql.SQL(statement).format(**names))
    for extension in EXTENSIONS:
        # Both are trusted since PostgreSQL 13: who may create in the database may install them.
        inside.execute(
            sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {}").format(
                sql.Identifier(extension), names["schema"]
            )
        )


def prepare_from_environment(environment: Mapping[str, str]) -> str:
    """Prepare the database that OWNER_DATABASE_URL and DATABASE_URL name, as ADMIN_DATABASE_URL; its name."""
    needed = ("ADMIN_DATABASE_URL", "OWNER_DATABASE_URL", "DATABASE_URL")
    missing = [name for name in needed if not environment.get(name)]
    if missing:
        raise MissingSetting(
            f"Set {', '.join(missing)}: addresses such as postgresql://user:password@host:5432/tessera."
        )
    owner = conninfo_to_dict(environment["OWNER_DATABASE_URL"])
    app = conninfo_to_dict(environment["DATABASE_URL"])
    if owner.get("dbname") != app.get("dbname"):
        raise MissingSetting(
            "OWNER_DATABASE_URL and DATABASE_URL name different databases. Make them the same."
        )
    prepare_database(
        environment["ADMIN_DATABASE_URL"],
        database=str(owner["dbname"]),
        owner_login=str(owner["user"]),
        owner_password=str(owner["password"]),
        app_login=str(app["user"]),
        app_password=str(app["password"]),
    )
    return str(owner["dbname"])


if __name__ == "__main__":
    try:
        print(f"The database '{prepare_from_environment(os.environ)}' is ready for: manage.py migrate_public")
    except StartError as refusal:
        sys.exit(str(refusal))
