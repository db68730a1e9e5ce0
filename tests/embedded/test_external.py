from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from embedded.errors import MissingSetting, NotPrepared, ServerTooOld, ServerUnreachable, UnsafeLogin
from embedded.external import check_postgres, check_redis, check_redis_version
from embedded.ports import free_port
from embedded.postgres import Cluster
from embedded.surroundings import External, external_servers
from embedded.valkey import Valkey


@pytest.fixture(scope="module")
def prepared(cluster: Cluster) -> Iterator[Cluster]:
    """A second cluster, to the checks as foreign as any other, with a prepared database."""
    cluster.ensure_database("theirs")
    yield cluster


def check(
    cluster: Cluster, *, application: str | None = None, owner: str | None = None, listen: str | None = None
) -> None:
    app_dsn = cluster.app_dsn("theirs")
    check_postgres(
        application=application or app_dsn,
        owner=owner or cluster.owner_dsn("theirs"),
        listen=listen or app_dsn,
    )


def test_prepared_database_of_a_new_enough_server_will_do(prepared: Cluster) -> None:
    check(prepared)


def test_application_login_that_is_the_owner_is_refused(prepared: Cluster) -> None:
    with pytest.raises(UnsafeLogin, match="'tessera_owner'"):
        check(prepared, application=prepared.owner_dsn("theirs"))


def test_application_login_that_is_superuser_is_refused(prepared: Cluster) -> None:
    superuser = prepared.superuser_dsn.removesuffix("postgres") + "theirs"
    with pytest.raises(UnsafeLogin, match="'postgres'"):
        check(prepared, application=superuser)


def test_listen_address_is_tried_too(prepared: Cluster) -> None:
    nowhere = f"postgresql://x:y@127.0.0.1:{free_port()}/theirs"
    with pytest.raises(ServerUnreachable, match=nowhere.removeprefix("postgresql://x:y@")):
        check(prepared, listen=nowhere)


def test_database_without_the_extensions_is_refused_with_the_command_that_prepares_it(
    prepared: Cluster,
) -> None:
    with psycopg.connect(prepared.superuser_dsn, autocommit=True) as superuser:
        superuser.execute("CREATE DATABASE bare OWNER tessera_owner")
    bare = prepared.app_dsn("bare")
    with pytest.raises(NotPrepared, match=r"no btree_gist and pg_trgm .* python -m embedded\.bootstrap"):
        check_postgres(application=bare, owner=prepared.owner_dsn("bare"), listen=bare)


def test_valkey_will_do_for_redis(ground: Path) -> None:
    server = Valkey(ground / "valkey")
    server.start()
    try:
        check_redis(server.url)
    finally:
        server.stop()


def test_redis_that_does_not_answer_is_named_without_its_password() -> None:
    port = free_port()
    with pytest.raises(ServerUnreachable) as refused:
        check_redis(f"redis://:hidden@127.0.0.1:{port}/0")
    assert f"redis://127.0.0.1:{port}/0" in str(refused.value)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("version", ["6.0.16", "5.0.14", "3.2"])
def test_older_redis_is_refused_with_its_version(version: str) -> None:
    with pytest.raises(ServerTooOld, match=f"This is Redis {version}\\. Tessera needs Redis 6\\.2 or newer"):
        check_redis_version(version)


@pytest.mark.parametrize("version", ["6.2.0", "7.2.4", "10.0.1"])
def test_newer_redis_will_do(version: str) -> None:
    assert check_redis_version(version) is None  # type: ignore[func-returns-value]


def test_no_address_means_embedded_servers() -> None:
    assert external_servers({"PATH": "/bin", "REDIS_URL": ""}) == External()


def test_listen_address_is_the_applications_unless_given() -> None:
    both = {"DATABASE_URL": "postgresql://a", "OWNER_DATABASE_URL": "postgresql://o"}
    assert external_servers(both).listen == "postgresql://a"
    assert external_servers(both | {"LISTEN_DATABASE_URL": "postgresql://l"}).listen == "postgresql://l"


def test_redis_alone_may_be_external() -> None:
    assert external_servers({"REDIS_URL": "redis://r"}) == External(redis="redis://r")


@pytest.mark.parametrize("alone", ["DATABASE_URL", "OWNER_DATABASE_URL", "LISTEN_DATABASE_URL"])
def test_one_address_of_those_that_belong_together_is_refused(alone: str) -> None:
    with pytest.raises(MissingSetting, match="set both DATABASE_URL"):
        external_servers({alone: "postgresql://x"})
