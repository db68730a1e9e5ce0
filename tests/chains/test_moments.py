"""Moments come from PostgreSQL as Django's own reader has them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import DataError, connection
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from hypothesis import given
from hypothesis import strategies as st
from psycopg.pq import Format

from chains.postgresql.moments import MomentLoader
from chains.scope import platform_scope


class Stock(BaseTzLoader):
    """Django's reader, in UTC."""

    timezone = UTC


@pytest.fixture()
def platform(db: None) -> Iterator[None]:
    """A connection whose time zone is UTC, as all of ours."""
    with platform_scope():
        yield


def _asked(sql: str, *params: object) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}", params)
        (row,) = cursor.fetchall()
    return row[0]


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_what_postgresql_writes_is_read_to_the_microsecond(moment: datetime) -> None:
    written = moment.isoformat(" ").removesuffix(":00").encode()
    assert MomentLoader(0).load(written) == moment


@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 29, 12, tzinfo=UTC),
        datetime(2026, 11, 29, 12, 0, 0, 250000, tzinfo=UTC),
        datetime(2026, 11, 29, 12, 0, 0, 1, tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_as_it_went_in_utc(moment: datetime) -> None:
    found = _asked("%s::timestamptz", moment)
    assert (found, found.tzinfo) == (moment, UTC)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize("text", ["infinity", "0044-03-15 12:00 BC", "12026-01-01 00:00+00"])
def test_what_python_has_no_moment_for_is_refused_as_before(text: str) -> None:
    with pytest.raises(DataError):
        _asked("%s::timestamptz", text)


@pytest.mark.usefixtures("platform")
def test_a_connection_of_ours_reads_so() -> None:
    with connection.cursor() as cursor:
        loader = cursor.connection.adapters.get_loader(
            cursor.connection.adapters.types["timestamptz"].oid, Format.TEXT
        )
    assert loader is MomentLoader


def test_what_another_zone_has_written_is_read_by_djangos() -> None:
    written = b"2026-11-29 20:00:00+08"
    assert MomentLoader(0).load(written) == Stock(0).load(written) == datetime(2026, 11, 29, 12, tzinfo=UTC)
