"""The template makes what the migrations make."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.models import new_schema_name
from chains.schemas.names import PLACEHOLDER
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema, drop_schema
from chains.schemas.programs import run_program
from chains.schemas.template import current_version, load_template, split_statements
from tests.ground.commands import manage

pytestmark = pytest.mark.usefixtures("committed")


def _normalised(schema: str) -> list[str]:
    script = run_program(
        "pg_dump", f"--schema={schema}", "--no-owner", "--no-privileges", "--inserts"
    ).decode()
    lines = [line for line in script.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
    # when a migration was applied, and the ids of rows made by signals, are no part of the structure
    text = re.sub(r"'\d{4}-\d\d-\d\d [\d:.+]+'", "'<time>'", "\n".join(lines))
    # nor is the token of chance that a chain begins with
    text = re.sub(r"(?<=stores_setup VALUES \(')[0-9a-f-]{36}", "<token>", text)
    # PostgreSQL writes the same list of a CHECK in two ways, as typed and as read back from a dump
    text = re.sub(r"::text\[\]|::text|::character varying", "", text)
    return [re.sub(r"[()]", "", line) for line in text.replace(schema, "<schema>").splitlines()]


@pytest.fixture()
def schemas() -> object:
    made: list[str] = []
    yield made
    with owner_connection() as owner:
        for schema in made:
            drop_schema(owner, schema)


def test_schema_from_the_template_equals_one_from_stock_migrate(schemas: list[str]) -> None:
    migrated, cloned = new_schema_name(), new_schema_name()
    schemas += [migrated, cloned]
    with owner_connection() as owner:
        owner.execute(f"CREATE SCHEMA {migrated}")
        manage("migrate_schema_stock", migrated)
        build_schema(owner, cloned, pooled=False)
    assert _normalised(cloned) == _normalised(migrated)


def test_template_names_no_schema_of_this_machine() -> None:
    with owner_connection() as owner:
        statements = load_template(owner, current_version())
    assert statements is not None
    text = "\n".join(statements)
    assert re.findall(r"\bt_[a-z2-7]{10}\b", text) == []
    assert PLACEHOLDER in text


@pytest.mark.parametrize(
    ("script", "statements"),
    [
        ("", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SET x = 1;\nCREATE TABLE a ();\n-- a; b\nCREATE TABLE b ();", ["CREATE TABLE a ()", "CREATE TABLE b ()"]),
        ("INSERT INTO a VALUES ('x;y');INSERT INTO a VALUES ('it''s; so');",
         ["INSERT INTO a VALUES ('x;y')", "INSERT INTO a VALUES ('it''s; so')"]),
        ('CREATE TABLE "odd;name" ();', ['CREATE TABLE "odd;name" ()']),
        ("CREATE FUNCTION f() AS $$ a; b; $$; SELECT 2;", ["CREATE FUNCTION f() AS $$ a; b; $$", "SELECT 2"]),
        ("CREATE FUNCTION f() AS $_x$ a; $$ b; $_x$; SELECT 2;",
         ["CREATE FUNCTION f() AS $_x$ a; $$ b; $_x$", "SELECT 2"]),
        ("\\restrict a;b\nSELECT 1;\n\\unrestrict a;b\n", ["SELECT 1"]),
        ("-- it's a comment\nSELECT 1;", ["SELECT 1"]),
        ("SELECT pg_catalog.setval('s', 1, false);", ["SELECT pg_catalog.setval('s', 1, false)"]),
        ("SELECT pg_catalog.set_config('search_path', '', false);", []),
    ],
)  # fmt: skip
def test_split_statements(script: str, statements: list[str]) -> None:
    assert split_statements(script) == statements


@given(st.lists(st.text(alphabet="ab;'\"$-\\\n ", max_size=12), min_size=1, max_size=5))
def test_split_keeps_any_text_inside_quotes_whole(texts: list[str]) -> None:
    statements = ["INSERT INTO a VALUES ('{}')".format(text.replace("'", "''")) for text in texts]
    assert split_statements(";\n".join(statements) + ";\n") == statements


def test_an_unterminated_quote_is_an_error_not_a_statement() -> None:
    with pytest.raises(ValueError, match="unterminated"):
        split_statements("INSERT INTO a VALUES ('x;")
