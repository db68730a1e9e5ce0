"""A marker in every text column of a chain: columns come from the program's models, so a new one counts."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from chains.hosts import ChainInfo
from chains.schemas.owner import owner_connection
from tenants.booking.domain.claims import ResourceClaim, set_claims
from tenants.booking.domain.spans import Span
from tenants.catalogue.models import Need
from tenants.stores.models import ResourceKind
from tests.bars.rights_things import Things
from tests.ground.cast import NOW

# Text that only certain words fit in, and why: it can say nothing of anybody.
CANNOT_BEAR = {
    "currency": "ISO 4217",
    "country": "ISO 3166",
    "time_zone": "IANA",
    "locale": "a language of ours",
    "verticals": "names of ours",
    "code": "a booking's, eight symbols of which the last checks the others: looked for as it is",
    "app_label": "Django's own",
    "model": "Django's own",
    "codename": "Django's own",
    "session_data": "signed: anything else is read as an empty session",
}


def marker_of(chain: ChainInfo) -> str:
    """What stands in all text of that chain and nowhere else."""
    return f"qz{chain.slug}qz"


def phone_mark(chain: ChainInfo) -> str:
    """The digits in all its phone numbers."""
    return {"alpha": "13911119", "beta": "13922229"}[chain.slug]


def text_columns() -> dict[str, tuple[type[models.Model], models.Field[Any, Any]]]:
    """`app.Model.field` of every text column that a chain owns, choices and single words left out."""
    found = {}
    for model in tenant_models():
        for field in model._meta.concrete_fields:
            is_text = isinstance(field, models.CharField | models.TextField | models.JSONField)
            if is_text and not field.choices and field.name not in CANNOT_BEAR:
                found[f"{model._meta.label}.{field.name}"] = (model, field)
    return found


def tenant_models() -> list[type[models.Model]]:
    """Every model whose table stands in a chain's schema, tables between two models included."""
    configured = set(settings.TENANT_APPS)
    wanted = {
        config.label
        for config in apps.get_app_configs()
        if {config.name, f"{type(config).__module__}.{type(config).__qualname__}"} & configured
    }
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.app_label in wanted and model._meta.managed]


def mark_everything(chain: ChainInfo) -> set[str]:
    """Write the marker into every row of every text column; the columns that now bear it."""
    marked = set()
    with owner_connection() as owner:
        owner.execute(sql.SQL("SET search_path = {}, extensions").format(sql.Identifier(chain.schema_name)))
        for model in tenant_models():
            if any(entry[0] is model for entry in text_columns().values()):
                have_a_row(owner, model, chain)
        for number, (name, (model, field)) in enumerate(sorted(text_columns().items())):
            rows = owner.execute(
                sql.SQL("UPDATE {} SET {} = {}").format(
                    sql.Identifier(model._meta.db_table),
                    sql.Identifier(field.column),
                    _value(field, chain, number),
                )
            ).rowcount
            if rows:
                marked.add(name)
    return marked


def hold_and_need(things: Things) -> None:
    """A claim and a need, whose rules no row of arbitrary values would keep."""
    coming = things.bookings["coming"]
    wanted = [ResourceClaim(things.resource, Span(coming.starts_at, coming.ends_at), role="room")]
    set_claims(coming.id, wanted=wanted)
    Need.objects.create(service_id=things.pickup, role="helper", kind=ResourceKind.PRACTITIONER, minutes=30)


def _value(field: models.Field[Any, Any], chain: ChainInfo, number: int) -> sql.Composable:
    """A text with the marker that is another one in each row, in the form that the column takes."""
    if field.name == "phone":
        tail = "lpad((('x' || substr(md5(ctid::text), 1, 6))::bit(24)::int % 1000)::text, 3, '0')"
        return sql.SQL("'+86' || {} || ").format(sql.Literal(phone_mark(chain))) + sql.SQL(tail)
    word = sql.SQL("{} || {} || substr(md5(ctid::text), 1, 4)").format(
        sql.Literal(marker_of(chain)), sql.Literal(f"{number:03}")
    )
    if isinstance(field, models.JSONField):
        return sql.SQL("jsonb_build_object('en', jsonb_build_object('name', {}))").format(word)
    if "email" in field.name:
        return sql.SQL("{} || '@canary.test'").format(word)
    longest = getattr(field, "max_length", None)
    return sql.SQL("left({}, {})").format(word, sql.Literal(longest)) if longest else word


def have_a_row(owner: Connection[Any], model: type[models.Model], chain: ChainInfo) -> None:
    """One row in a table that nothing has filled; every column gets what its type takes."""
    table = sql.Identifier(model._meta.db_table)
    if owner.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(table)).fetchone():
        return
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        value = _some(owner, field)
        if value is not None:
            values[field.column] = value
    owner.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            table,
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() for _ in values),
        ),
        list(values.values()),
    )


def _some(owner: Connection[Any], field: models.Field[Any, Any]) -> Any:
    if isinstance(field, models.ForeignKey):
        if field.null:
            return None
        related = field.related_model
        assert not isinstance(related, str)
        row = owner.execute(
            sql.SQL("SELECT {} FROM {} LIMIT 1").format(
                sql.Identifier(related._meta.pk.column), sql.Identifier(related._meta.db_table)
            )
        ).fetchone()
        return row[0] if row else None
    if isinstance(field, models.AutoField | models.BigAutoField):
        return None
    by_type: list[tuple[type[models.Field[Any, Any]], Any]] = [
        (ArrayField, []),
        (models.JSONField, Jsonb({})),
        (models.UUIDField, uuid4()),
        (models.BooleanField, True),
        (models.DateTimeField, NOW),
        (models.DateField, NOW.date()),
        (models.IntegerField, 1),
        (models.BinaryField, b"x"),
        (models.GenericIPAddressField, "127.0.0.1"),
    ]
    if field.choices:
        return next(iter(field.flatchoices))[0]
    found = next((value for kind, value in by_type if isinstance(field, kind)), None)
    if found is None and isinstance(field, models.CharField | models.TextField):
        return f"x{uuid4().hex}"[: field.max_length or 20]
    return found
