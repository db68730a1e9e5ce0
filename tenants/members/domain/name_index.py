"""The index of names: written with every name, read by every search, made anew where it is not today's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Collate, Reverse
from django.db.models.lookups import StartsWith

from chains.chores import BATCH
from tenants.members.domain.names import SCHEME, grams_of, grams_sought
from tenants.members.models import Member, NameIndex


def index_names(members: Collection[Member]) -> None:
    """Write what these members are found by, in one statement; whoever writes a name calls this after it."""
    NameIndex.objects.bulk_create(
        [
            NameIndex(member_id=member.id, name=member.name, grams=grams_of(member.name), scheme=SCHEME)
            for member in members
        ],
        update_conflicts=True,
        unique_fields=["member"],
        update_fields=["name", "grams", "scheme"],
    )


def index_stale_names(*, now: datetime) -> bool:
    """Housekeeping: names without an index, or with one of another name or scheme; whether there may be more.

    Fills what was there before the index; to be repeated at will.
    """
    stale = list(stale_names().order_by("id")[:BATCH])
    index_names(stale)
    return len(stale) == BATCH


def stale_names() -> QuerySet[Member]:
    """Members whose name is found by nothing, or by what it no longer is; lazy."""
    unknown = Q(name_index__isnull=True) & ~Q(name="")
    other = Q(name_index__isnull=False) & (
        ~Q(name_index__name=F("name")) | Q(name_index__scheme__lt=SCHEME) | Q(name_index__scheme__gt=SCHEME)
    )
    return Member.objects.filter(unknown | other)


def named(text: str) -> QuerySet[Any]:
    """The ids (`{"id"}`) of members found by a name; none where the text has nothing to look for. Lazy."""
    return having_grams(grams_sought(text))


def having_grams(grams: Iterable[str]) -> QuerySet[Any]:
    """The ids (`{"id"}`) of members whose names have all the grams; none without any. Lazy."""
    wanted = list(grams)
    found = NameIndex.objects.filter(grams__contains=wanted) if wanted else NameIndex.objects.none()
    return found.annotate(id=F("member_id")).values("id")


def called(grams: Iterable[str]) -> Func:
    """A row's own member has a name with all the grams: asked of each row by itself, which a few rows bear.

    For whoever reads rows until enough are found; to find all of a member's rows, ask for the member's ids.
    """
    own = NameIndex.objects.filter(member_id=OuterRef("member_id")).values("grams")
    wanted = Value(list(grams), output_field=ArrayField(TextField()))
    return Func(
        Subquery(own), wanted, template="(%(expressions)s)", arg_joiner=" @> ", output_field=BooleanField()
    )


def ends_with(tail: str) -> StartsWith:
    """A member's phone ends with the digits: the number backwards begins with them, which an index finds."""
    return StartsWith(Collate(Reverse("phone"), "C"), Value(tail[::-1]))


def some_ids(members: QuerySet[Any], *, at_most: int) -> list[UUID] | None:
    """The ids, or None where there are more than that."""
    found = list(members.values_list("id", flat=True)[: at_most + 1])
    return found if len(found) <= at_most else None
