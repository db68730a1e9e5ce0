"""Who may do what with which table: the written list, and the statements that make it true.

Chain roles hold their own schema's tables and, through one group role, the functions of DOORS; nothing
else in public. A model with `append_only = True` can be read and added to, never changed; one with
`write_once = True` is not changed either, but may be let go of by housekeeping. One with `read_only = True` is
written by triggers alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from django.apps import apps
from django.conf import settings
from django.db.models import Model
from psycopg import sql

from chains.schemas.names import chains_role, platform_role, role
from chains.schemas.owner import OwnerConnection
from chains.scope import PUBLIC, role_of

# The only things in the public schema that a chain's role may touch.
DOORS = (
    "mark_due(text, timestamptz)",
    "take_own_due(bigint[])",
    "own_chain()",
    "open_own_chain(timestamptz)",
    "set_own_look(text, text, text, jsonb)",
    "push_own_figures(jsonb)",
    "own_operator_acts(integer)",
    "add_own_vertical(text)",
    "push_own_usage(jsonb, timestamptz)",
    "own_billing()",
    "own_invoices(integer)",
    "tell_own_owner(text, text, jsonb, timestamptz)",
)
# Public tables the platform's own role may only read: the owner alone makes and changes schemas.
READ_ONLY_PUBLIC = {"chains_chaintemplate", "chains_schemamigration", "django_migrations"}

# What adds something that rights must be given on; other statements leave the rights as they are.
_MAKES = re.compile(r"\s*CREATE\s+(TABLE|SEQUENCE)\b", re.IGNORECASE)
_TABLE = re.compile(
    r"\s*CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:\"(?P<quoted>[^\"]+)\"|(?P<plain>\w+))(?=[\s(])",
    re.IGNORECASE,
)
_OWN_SEQUENCES = sql.SQL("""
DO $$ DECLARE owned regclass; BEGIN
  FOR owned IN SELECT s.oid FROM pg_depend d
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_class t ON t.oid = d.refobjid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
      AND t.relname = ANY({tables}) AND t.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = {schema})
  LOOP EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %I', owned, {role}); END LOOP;
END $$""")

FULL = ("SELECT", "INSERT", "UPDATE", "DELETE")
ONCE = ("SELECT", "INSERT", "DELETE")
ADD = ("SELECT", "INSERT")
READ = ("SELECT",)
Rights = dict[str, tuple[str, ...]]


def _rights_on_tables(app_names: list[str]) -> Rights:
    """What each table of the apps allows, as its model says."""
    rights: Rights = {}
    for config in apps.get_app_configs():
        dotted = f"{config.__module__}.{config.__class__.__name__}"
        if config.name not in app_names and dotted not in app_names:
            continue
        for model in config.get_models(include_auto_created=True):
            if model._meta.managed and not model._meta.proxy:
                rights[model._meta.db_table] = _rights_on(model)
    return rights


def _rights_on(model: type[Model]) -> tuple[str, ...]:
    if getattr(model, "read_only", False):
        return READ
    if getattr(model, "append_only", False):
        return ADD
    return ONCE if getattr(model, "write_once", False) else FULL


def chain_rights() -> Rights:
    """What a chain's role may do with each table of its schema."""
    return {**_rights_on_tables(settings.TENANT_APPS), "django_migrations": READ}


def public_rights() -> Rights:
    """What the platform's role may do with each table of the public schema."""
    return {**_rights_on_tables(settings.SHARED_APPS), **dict.fromkeys(READ_ONLY_PUBLIC, READ)}


def _on_tables(schema: str, rights: Rights) -> Iterator[sql.Composed]:
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(
        sql.Identifier(schema), role(schema)
    )
    yield from _granting(schema, rights)
    yield sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {} TO {}").format(
        sql.Identifier(schema), role(schema)
    )


def _granting(schema: str, rights: Rights) -> Iterator[sql.Composed]:
    for kind in (FULL, ONCE, ADD, READ):
        tables = sorted(table for table, held in rights.items() if held == kind)
        if tables:
            yield sql.SQL("GRANT {} ON {} TO {}").format(
                sql.SQL(", ".join(kind)),
                sql.SQL(", ").join(sql.Identifier(schema, table) for table in tables),
                role(schema),
            )


def chain_grants(schema: str, *, standing: Collection[str] | None = None) -> Iterator[sql.Composed]:
    """The statements that give a chain's role exactly its rights, after all were taken.

    `standing` limits them to tables that exist: between two migrations a later one's are not there yet.
    """
    yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), role(schema))
    # one group for the doors: granting each to every role would grow a single row of the catalogue
    # with the number of chains, and two schemas could not be built at once
    yield sql.SQL("GRANT {} TO {} WITH INHERIT TRUE, SET FALSE").format(chains_role(), role(schema))
    rights = chain_rights()
    yield from _on_tables(
        schema, {table: held for table, held in rights.items() if standing is None or table in standing}
    )


def rights_on_new(statements: Sequence[str]) -> Rights | None:
    """What the chain's role may do with each table that the statements make; none where they make none.

    None where that cannot be told from them, so that all of a schema's rights are to be given anew.
    """
    making = [statement for statement in statements if _MAKES.match(statement)]
    named = [_TABLE.match(statement) for statement in making]
    rights = chain_rights() if making else {}
    tables = [found["quoted"] or found["plain"].lower() for found in named if found]
    return {table: rights.get(table, ()) for table in tables} if len(tables) == len(making) else None


def grants_on_new(schema: str, made: Rights) -> Iterator[sql.Composed]:
    """The statements that give a chain's role its rights on tables just made, and on the sequences they own."""
    if not made:
        return
    yield from _granting(schema, made)
    yield _OWN_SEQUENCES.format(
        tables=sql.Literal(list(made)), schema=sql.Literal(schema), role=sql.Literal(role_of(schema))
    )


def public_grants() -> Iterator[sql.Composed]:
    """The statements that give the platform's role and the chains' group exactly their rights in public."""
    yield sql.SQL("REVOKE ALL ON SCHEMA public FROM {}").format(chains_role())
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(chains_role())
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}, {}").format(platform_role(), chains_role())
    for door in DOORS:
        yield sql.SQL("GRANT EXECUTE ON FUNCTION public.{} TO {}").format(sql.SQL(door), chains_role())
    yield from _on_tables(PUBLIC, public_rights())


def standing_tables(connection: OwnerConnection, schema: str) -> set[str]:
    """The tables of a schema."""
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
    return {row[0] for row in rows}


def schemas_with_wrong_grants(connection: OwnerConnection, schemas: Sequence[str]) -> list[str]:
    """Those schemas whose role holds something else than chain_rights says; one query for all.

    Tables that read the same but for the schema's name are taken apart once for all of them.
    """
    rows = connection.execute(
        "WITH alike AS ("
        " SELECT c.relname, min(c.oid) AS one, array_agg(n.nspname) AS schemas"
        " FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')"
        " WHERE n.nspname = ANY(%s) GROUP BY c.relname, replace(c.relacl::text, n.nspname, '*'))"
        " SELECT alike.relname, alike.schemas,"
        " array(SELECT x.privilege_type FROM aclexplode(c.relacl) x WHERE x.grantee = r.oid)"
        " FROM alike JOIN pg_class c ON c.oid = alike.one JOIN pg_namespace n ON n.oid = c.relnamespace"
        " LEFT JOIN pg_roles r ON r.rolname = %s || n.nspname",
        (list(schemas), role_of("")),
    ).fetchall()
    rights = chain_rights()
    wrong = {
        schema for table, same, held in rows if set(held) != set(rights.get(table, ())) for schema in same
    }
    return [schema for schema in schemas if schema in wrong]
