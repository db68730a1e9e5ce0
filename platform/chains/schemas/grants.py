"""Who may do what with which table: the written list, and the statements that make it true.

Chain roles hold their own schema's tables and the functions of DOORS, nothing else in public.
A model with `append_only = True` can be read and added to, never changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from psycopg import sql

from chains.schemas.names import platform_role, role
from chains.scope import PUBLIC

# The only things in the public schema that a chain's role may touch.
DOORS = (
    "mark_due(text, timestamptz)",
    "own_chain()",
    "open_own_chain(timestamptz)",
    "set_own_look(text, text, text, jsonb)",
    "push_own_figures(jsonb)",
    "own_operator_acts(integer)",
)
# Public tables the platform's own role may only read: the owner alone makes and changes schemas.
READ_ONLY_PUBLIC = {"chains_chaintemplate", "chains_schemamigration", "django_migrations"}


def _tables(app_names: list[str]) -> tuple[list[str], list[str]]:
    """The tables of the apps: those with full rights, and the append-only ones."""
    full: list[str] = []
    append_only: list[str] = []
    for config in apps.get_app_configs():
        dotted = f"{config.__module__}.{config.__class__.__name__}"
        if config.name not in app_names and dotted not in app_names:
            continue
        for model in config.get_models(include_auto_created=True):
            if model._meta.managed and not model._meta.proxy:
                (append_only if getattr(model, "append_only", False) else full).append(model._meta.db_table)
    return sorted(full), sorted(append_only)


def chain_tables() -> tuple[list[str], list[str]]:
    """Tables of a chain's schema: (full rights, append-only)."""
    return _tables(settings.TENANT_APPS)


def public_tables() -> tuple[list[str], list[str]]:
    """Tables of the public schema: (full rights, append-only)."""
    full, append_only = _tables(settings.SHARED_APPS)
    return [table for table in full if table not in READ_ONLY_PUBLIC], append_only


def _table_list(schema: str, tables: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(schema, table) for table in tables)


def _on_tables(
    schema: str, full: list[str], append_only: list[str], read_only: list[str]
) -> Iterator[sql.Composed]:
    to = role(schema)
    for rights, tables in (
        ("SELECT, INSERT, UPDATE, DELETE", full),
        ("SELECT, INSERT", append_only),
        ("SELECT", read_only),
    ):
        if tables:
            yield sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), _table_list(schema, tables), to)
    yield sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {} TO {}").format(sql.Identifier(schema), to)


def chain_grants(schema: str) -> Iterator[sql.Composed]:
    """The statements that give a chain's role exactly its rights, after all were taken."""
    own = sql.Identifier(schema)
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(own, role(schema))
    yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(own, role(schema))
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role(schema))
    full, append_only = chain_tables()
    yield from _on_tables(schema, full, append_only, ["django_migrations"])
    for door in DOORS:
        yield sql.SQL("GRANT EXECUTE ON FUNCTION public.{} TO {}").format(sql.SQL(door), role(schema))


def platform_grants() -> Iterator[sql.Composed]:
    """The statements that give the platform's role exactly its rights on the public schema."""
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(platform_role())
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(platform_role())
    full, append_only = public_tables()
    yield from _on_tables(PUBLIC, full, append_only, sorted(READ_ONLY_PUBLIC))
