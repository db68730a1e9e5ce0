"""The template: the SQL that makes a chain's schema, taken from a freshly migrated one by pg_dump."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache

from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from chains.schemas.grants import chain_rights
from chains.schemas.names import PLACEHOLDER
from chains.schemas.owner import OwnerConnection
from chains.schemas.programs import run_program

_SKIP = ("SET ", "\\restrict", "\\unrestrict", "SELECT pg_catalog.set_config", "--")


def chain_migrations() -> list[tuple[str, str]]:
    """The (app, name) of every migration that belongs into a chain's schema, in order of application."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    labels = {_label(app) for app in settings.TENANT_APPS}
    ordered: list[tuple[str, str]] = []
    for target in sorted(loader.graph.leaf_nodes()):
        for key in loader.graph.forwards_plan(target):
            if key not in ordered:
                ordered.append(key)
    return [key for key in ordered if key[0] in labels]


def _label(app_name: str) -> str:
    from django.apps import apps

    return next(config.label for config in apps.get_app_configs() if config.name == app_name)


@lru_cache(maxsize=1)
def current_version() -> str:
    """A name for the set of migrations and grants of this code: equal sets, equal names."""
    text = json.dumps([chain_migrations(), sorted(chain_rights().items())])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def dump_statements(schema: str) -> list[str]:
    """pg_dump of one schema, structure and rows, as single statements with the name replaced."""
    sections = ("--section=pre-data", "--data-only", "--section=post-data")
    script = "\n".join(_dump(schema, section) for section in sections)
    return [statement.replace(schema, PLACEHOLDER) for statement in split_statements(script)]


def _dump(schema: str, section: str) -> str:
    return run_program(
        "pg_dump",
        f"--schema={schema}",
        section,
        "--inserts",
        "--no-owner",
        "--no-privileges",
        "--no-comments",
    ).decode()


def split_statements(script: str) -> list[str]:
    """A dump's statements one by one, without settings and comments.

    Follows quotes and dollar quotes, so that a semicolon in a row or a function body splits nothing.
    """
    return [text for text in (_bare(part) for part in _split(script)) if text]


def _bare(statement: str) -> str:
    lines = statement.strip().splitlines()
    while lines and (not lines[0].strip() or lines[0].startswith(("--", "\\"))):
        lines.pop(0)
    text = "\n".join(lines).strip()
    return "" if text.startswith(_SKIP) else text


def _split(script: str) -> Iterator[str]:
    start = position = 0
    closer: str | None = None
    while position < len(script):
        if closer is not None:
            end = script.find(closer, position)
            if end < 0:
                raise ValueError(f"unterminated {closer} in a dump")
            position = end + len(closer)
            closer = None
            continue
        character = script[position]
        if character in "'\"":
            closer = character
        elif script.startswith("--", position) or (
            character == "\\" and (position == 0 or script[position - 1] == "\n")
        ):
            closer = "\n"
        elif character == "$" and (tag := _dollar_tag(script, position)):
            closer = tag
            position += len(tag) - 1
        elif character == ";":
            yield script[start:position]
            start = position + 1
        position += 1
    yield script[start:]


def _dollar_tag(script: str, position: int) -> str | None:
    end = script.find("$", position + 1)
    if end < 0:
        return None
    tag = script[position : end + 1]
    return tag if tag[1:-1].replace("_", "").isalnum() or tag == "$$" else None


def store_template(connection: OwnerConnection, version: str, statements: list[str]) -> None:
    """Keep the template under its version; one that stands there already is replaced."""
    connection.execute(
        "INSERT INTO public.chains_chaintemplate (version, statements, created_at) VALUES (%s, %s, now())"
        " ON CONFLICT (version) DO UPDATE SET statements = excluded.statements",
        (version, json.dumps(statements)),
    )


def load_template(connection: OwnerConnection, version: str) -> list[str] | None:
    """The statements of a version, or None where it was never built."""
    row = connection.execute(
        "SELECT statements FROM public.chains_chaintemplate WHERE version = %s", (version,)
    ).fetchone()
    return None if row is None else list(row[0])


def fill_schema(connection: OwnerConnection, schema: str, statements: list[str]) -> None:
    """Run the template's statements for `schema`, inside the caller's transaction."""
    with connection.pipeline():
        for statement in statements:
            connection.execute(sql.SQL(statement.replace(PLACEHOLDER, schema)))
