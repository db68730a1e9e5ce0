"""Many rows of every model, each a copy of one that stands there: tables come from the program's models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from psycopg import Connection, sql

from tests.ground.sweep import superuser

# Text that more than a unique index decides on: how the copy with the number `i` is written.
WRITTEN = {
    "phone": "'+86139' || lpad((('x' || substr(md5(phone || i), 1, 6))::bit(24)::int)::text, 8, '0')",
    "code": "upper(substr(md5(code || i), 1, 8))",
    "schema_name": "'t_' || translate(substr(md5(schema_name || i), 1, 10), '0189', 'wxyz')",
}
_EXCLUSIONS = (
    "SELECT conrelid::regclass::text, conname FROM pg_constraint"
    " WHERE contype = 'x' AND connamespace = %s::regnamespace"
)
_UNIQUE = (
    "SELECT pg_get_indexdef(indexrelid) FROM pg_index"
    " WHERE indrelid = %s::regclass AND indisunique AND NOT indisprimary"
)


@dataclass
class Crowd:
    """The rows of a schema's models as they were at first, and how many copies of each stand there by now."""

    schema: str
    models: Sequence[type[models.Model]]
    first: dict[str, list[str]] = field(default_factory=dict)
    copies: dict[str, int] = field(default_factory=dict)

    def begin(self) -> None:
        """Remember what is there."""
        with self._writing() as db:
            for model in self.models:
                table = model._meta.db_table
                query = sql.SQL("SELECT {}::text FROM {}").format(
                    sql.Identifier(_key(model).column), sql.Identifier(table)
                )
                self.first[table] = [value for (value,) in db.execute(query).fetchall()]
                self.copies[table] = 0

    def allow_overlaps(self) -> None:
        """From now on two rows may claim the same place at the same time."""
        with self._writing() as db:
            for table, name in db.execute(_EXCLUSIONS, (self.schema,)).fetchall():
                drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
                db.execute(drop.format(sql.Identifier(table), sql.Identifier(name)))

    def grow(self, rows: int) -> None:
        """Copy the first rows until each table has so many; some share what theirs refers to, some do not."""
        with self._writing() as db:
            for model in parents_first(self.models):
                first = self.first[model._meta.db_table]
                if first:
                    self._copy(db, model, max(0, -(-rows // len(first)) - 1))
        # these tables alone: what the planner knows of other chains is other tests' matter
        tables = [sql.Identifier(self.schema, model._meta.db_table) for model in self.models]
        superuser().execute(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(tables)))

    def leave(self) -> None:
        """Take every copy away again."""
        with self._writing() as db:
            for model in self.models:
                table = model._meta.db_table
                query = sql.SQL("DELETE FROM {} WHERE {}::text <> ALL(%s)").format(
                    sql.Identifier(table), sql.Identifier(_key(model).column)
                )
                db.execute(query, (self.first[table],))

    def counts(self) -> dict[str, int]:
        """Rows by table."""
        with self._writing() as db:
            query = sql.SQL(" UNION ALL ").join(
                sql.SQL("SELECT {}, count(*) FROM {}").format(sql.Literal(table), sql.Identifier(table))
                for table in self.first
            )
            return dict(db.execute(query).fetchall())

    @contextmanager
    def _writing(self) -> Iterator[Connection[Any]]:
        """The superuser in the schema, past triggers and foreign keys, in one transaction."""
        db = superuser()
        with db.transaction():
            path = sql.SQL("SET LOCAL search_path = {}, extensions").format(sql.Identifier(self.schema))
            db.execute(path)
            db.execute("SET LOCAL session_replication_role = replica")
            yield db

    def _copy(self, db: Connection[Any], model: type[models.Model], copies: int) -> None:
        table = model._meta.db_table
        unique = " ".join(text for (text,) in db.execute(_UNIQUE, (table,)).fetchall())
        references = dict(_references(model))
        # identities that only the database gives, and what it computes, are not written
        fields = [
            one
            for one in model._meta.concrete_fields
            if not (one.primary_key and isinstance(one, models.AutoField)) and not one.generated
        ]
        loose = [quoted(one) for one in references if one.column in unique and not one.unique]
        values, there = [], []
        for one in fields:
            if one not in references:
                values.append(_written(one, unique))
                continue
            related = references[one]
            value = _referring(one, related, loose, self.copies.get(related._meta.db_table, 0))
            values.append(value)
            if value != quoted(one):
                target = f"{related._meta.db_table} r WHERE r.{_key(related).column}"
                there.append(f" AND ({value} IS NULL OR EXISTS (SELECT FROM {target} = {value}))")
        query = (
            f"INSERT INTO {table} ({', '.join(map(quoted, fields))}) SELECT {', '.join(values)}"
            f" FROM {table} CROSS JOIN generate_series(%s::int, %s::int) AS i"
            f" WHERE {_key(model).column}::text = ANY(%s){''.join(there)} ON CONFLICT DO NOTHING"
        )
        db.execute(query, (self.copies[table] + 1, copies, self.first[table]))  # type: ignore[call-overload]
        self.copies[table] = max(copies, self.copies[table])


def parents_first(wanted: Sequence[type[models.Model]]) -> Iterator[type[models.Model]]:
    """Each model after those that it refers to, as far as they do not refer to each other."""
    left = list(wanted)
    while left:
        ready = [one for one in left if not {related for _f, related in _references(one)} & set(left) - {one}]
        for model in ready or left[:1]:
            left.remove(model)
            yield model


def _references(model: type[models.Model]) -> Iterator[tuple[models.Field[Any, Any], type[models.Model]]]:
    for one in model._meta.concrete_fields:
        if isinstance(one, models.ForeignKey):
            related = one.related_model
            assert not isinstance(related, str)
            yield one, related


def _key(model: type[models.Model]) -> models.Field[Any, Any]:
    key: models.Field[Any, Any] = model._meta.pk
    return key


def _referring(
    one: models.Field[Any, Any], related: type[models.Model], loose: list[str], copies: int
) -> str:
    """The same as the first row's in every second copy, else one of the copies of that.

    Where a unique index stands on several references, each of them differs in copies of their own.
    """
    key = _key(related)
    while isinstance(key, models.ForeignKey):
        key = key.target_field
    if not copies or not isinstance(key, models.UUIDField):
        return quoted(one)
    other = f"md5({quoted(one)}::text || (1 + (i - 1) %% {copies}))::uuid"
    if one.unique:
        return other
    if quoted(one) not in loose:
        return f"CASE WHEN i %% 2 = 0 THEN {quoted(one)} ELSE {other} END"
    turn = loose.index(quoted(one)) + 1
    return f"CASE WHEN i %% {len(loose) + 2} IN (0, {turn}) THEN {other} ELSE {quoted(one)} END"


def quoted(one: models.Field[Any, Any]) -> str:
    """The column's name in a statement."""
    return f'"{one.column}"'


def _written(one: models.Field[Any, Any], unique: str) -> str:
    column = quoted(one)
    if one.primary_key and isinstance(one, models.UUIDField):
        return f"md5({column}::text || i)::uuid"
    if one.column not in unique and not one.primary_key:
        return column
    if one.column in WRITTEN:
        return WRITTEN[one.column]
    if isinstance(one, models.DateField):
        return f"{column} + i * interval '1 {'minute' if isinstance(one, models.DateTimeField) else 'day'}'"
    if isinstance(one, models.CharField | models.TextField) and not one.choices:
        rest = f"left({column}, {one.max_length} - 9)" if one.max_length else column
        return f"'c' || substr(md5({column} || i), 1, 8) || {rest}"
    return column
