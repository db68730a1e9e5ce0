from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from embedded.children import command_line
from embedded.errors import DiskFull, ForeignData, PortInUse, ServerFailed, Stopped, WrongMajor
from embedded.lodging import Account
from embedded.postgres import Cluster
from tests.embedded.conftest import as_root


def ask(dsn: str, query: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def do(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement)


def new(home: Path, **options: object) -> Cluster:
    return Cluster(home, durable=False, **options)  # type: ignore[arg-type]


def kill(server: Cluster) -> None:
    os.kill(postmaster(server), signal.SIGKILL)
    while server.is_alive():
        time.sleep(0.02)


def postmaster(cluster: Cluster) -> int:
    return int((cluster.pgdata / "postmaster.pid").read_text().splitlines()[0])


def test_cluster_speaks_utf8_with_the_builtin_locale(cluster: Cluster) -> None:
    row = ask(
        cluster.superuser_dsn,
        "SELECT (pg_encoding_to_char(encoding), datlocprovider, datlocale)::text"
        " FROM pg_database WHERE datname = 'postgres'",
    )
    assert row == "(UTF8,b,C.UTF-8)"


def test_cluster_listens_on_loopback_only(cluster: Cluster) -> None:
    assert ask(cluster.superuser_dsn, "SHOW listen_addresses") == "127.0.0.1"


def test_every_way_in_asks_for_a_password(cluster: Cluster) -> None:
    methods = ask(cluster.superuser_dsn, "SELECT array_agg(DISTINCT auth_method) FROM pg_hba_file_rules")
    assert methods == ["scram-sha-256"]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(cluster.dsn("postgres", "wrong", "postgres"))


def test_passwords_are_three_different_ones_in_files_of_mode_600(cluster: Cluster) -> None:
    files = sorted((cluster.home / "passwords").iterdir())
    assert [file.name for file in files] == ["application", "owner", "superuser"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert len({file.read_text() for file in files}) == 3
    assert all(len(file.read_text()) >= 40 for file in files)


def test_no_password_stands_in_the_servers_command_line_or_log(cluster: Cluster) -> None:
    cluster.ensure_database("silent")
    said = cluster.log.read_text() + command_line(postmaster(cluster))
    assert [file.name for file in (cluster.home / "passwords").iterdir() if file.read_text() in said] == []


def test_socket_stands_in_the_data_folder_when_the_path_is_short(cluster: Cluster) -> None:
    assert ask(cluster.superuser_dsn, "SHOW unix_socket_directories") == str(cluster.pgdata)


def test_there_is_no_socket_when_the_path_is_too_long(ground: Path) -> None:
    long = new(ground / ("long" * 25))
    long.start()
    try:
        assert ask(long.superuser_dsn, "SHOW unix_socket_directories") == ""
    finally:
        long.remove()


def test_data_is_flushed_to_disk_unless_told_otherwise(ground: Path) -> None:
    durable = Cluster(ground / "durable")
    durable.start()
    try:
        assert ask(durable.superuser_dsn, "SHOW fsync") == "on"
        durable.stop()
        quick = new(ground / "durable")
        quick.start()
        assert ask(quick.superuser_dsn, "SHOW fsync") == "off"
        quick.stop()
    finally:
        durable.remove()


def test_second_start_keeps_data_and_passwords(ground: Path) -> None:
    first = new(ground / "postgres")
    first.start()
    first.ensure_database("kept")
    do(first.owner_dsn("kept"), "CREATE TABLE note AS SELECT 'still here' AS text")
    first.stop()
    assert not first.is_alive()

    second = new(ground / "postgres")
    second.start()
    try:
        assert not second.adopted
        second.ensure_database("kept")
        assert ask(second.owner_dsn("kept"), "SELECT text FROM note") == "still here"
    finally:
        second.remove()


def test_running_server_is_adopted_and_can_be_stopped_by_the_adopter(ground: Path) -> None:
    first = new(ground / "postgres")
    first.start()
    second = new(ground / "postgres")
    second.start()
    assert (second.adopted, second.port) == (True, first.port)
    assert ask(second.superuser_dsn, "SELECT 1") == 1
    second.stop()
    assert (first.is_alive(), second.is_alive()) == (False, False)
    second.remove()


def test_stop_ends_open_sessions(ground: Path) -> None:
    server = new(ground / "postgres")
    server.start()
    session = psycopg.connect(server.superuser_dsn)
    begun = time.monotonic()
    server.stop()
    assert time.monotonic() - begun < 20
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    server.remove()


def test_server_killed_outright_comes_back_with_its_data_on_its_port(ground: Path) -> None:
    server = new(ground / "postgres")
    server.start()
    port = server.port
    do(server.superuser_dsn, "CREATE TABLE note AS SELECT 7 AS n")
    with psycopg.connect(server.superuser_dsn):
        kill(server)
    assert not server.is_alive()
    server.start()
    try:
        assert server.port == port
        assert ask(server.superuser_dsn, "SELECT n FROM note") == 7
    finally:
        server.remove()


def test_lock_file_naming_another_programs_pid_is_taken_over_and_said(ground: Path) -> None:
    said: list[str] = []
    server = new(ground / "postgres", tell=said.append)
    server.start()
    note = (server.pgdata / "postmaster.pid").read_text().splitlines()
    server.stop()
    account = Account.named("tessera") if os.geteuid() == 0 else None
    other = subprocess.Popen(["cat"], stdin=subprocess.PIPE, cwd="/", user=account and account.uid)
    try:
        (server.pgdata / "postmaster.pid").write_text("\n".join([str(other.pid), *note[1:]]) + "\n")
        server.start()
        assert ask(server.superuser_dsn, "SELECT 1") == 1
        assert "The last PostgreSQL here ended without cleaning up; taking its data over." in said
        assert other.poll() is None
    finally:
        other.kill()
        other.communicate()
        server.remove()


def test_chosen_port_in_use_is_refused_with_a_sentence(ground: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = new(ground / "postgres", port=port)
        try:
            with pytest.raises(
                PortInUse, match=rf"Port {port} of 127\.0\.0\.1, meant for PostgreSQL, is in use\. Stop"
            ):
                server.start()
        finally:
            server.remove()


def test_full_disk_is_refused_before_anything_is_written(ground: Path) -> None:
    server = new(ground / "postgres", room_bytes=2**60)
    with pytest.raises(DiskFull, match="Make room, or choose a folder on another disk"):
        server.start()
    assert not server.pgdata.exists()
    server.remove()


def test_disk_that_fills_while_starting_is_named(ground: Path) -> None:
    server = new(ground / "postgres")
    server.start()
    server.stop()
    with server.log.open("a") as log:
        log.write('PANIC:  could not write to file "pg_wal/x": No space left on device\n')
    (server.pgdata / "global" / "pg_control").rename(server.pgdata / "global" / "gone")
    try:
        with pytest.raises(DiskFull, match="is full"):
            server.start()
    finally:
        server.remove()


def test_data_of_another_major_version_is_refused_with_both_versions(ground: Path) -> None:
    server = new(ground / "postgres")
    server.start()
    server.stop()
    (server.pgdata / "PG_VERSION").write_text("15\n")
    try:
        with pytest.raises(WrongMajor, match="written by PostgreSQL 15, and this is PostgreSQL 18"):
            server.start()
    finally:
        server.remove()


def test_server_that_cannot_start_shows_the_end_of_its_log(ground: Path) -> None:
    server = new(ground / "postgres")
    server.start()
    server.stop()
    (server.pgdata / "global" / "pg_control").unlink()
    try:
        with pytest.raises(ServerFailed, match="pg_control"):
            server.start()
    finally:
        server.remove()


def test_stop_in_the_middle_of_initdb_leaves_nothing_that_looks_finished(ground: Path) -> None:
    calls = 0

    def give_up() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Stopped

    server = new(ground / "postgres")
    with pytest.raises(Stopped):
        server.start(pulse=give_up)
    assert not server.pgdata.exists()
    server.start()
    assert ask(server.superuser_dsn, "SELECT 1") == 1
    server.remove()


def test_programs_of_the_wheel_run(cluster: Cluster) -> None:
    for program in (cluster.psql, cluster.pg_dump, cluster.pgbench):
        shown = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
        assert shown.split()[0] == program.name
        assert shown.split()[2].startswith("18.")


@as_root
def test_root_runs_the_server_as_a_system_user(cluster: Cluster) -> None:
    account = Account.named("tessera")
    assert account is not None
    assert Path(f"/proc/{postmaster(cluster)}").stat().st_uid == account.uid
    assert cluster.pgdata.stat().st_uid == account.uid


@as_root
def test_closed_parent_sends_data_and_programs_to_the_lodging_and_keeps_its_mode(
    ground: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    closed = ground / "closed"
    closed.mkdir(mode=0o700)
    real = Account.can
    # The wheel's folder counts as closed too: in a test it cannot be closed for real.
    monkeypatch.setattr(
        Account, "can", lambda self, flag, path: "site-packages" not in str(path) and real(self, flag, path)
    )
    server = new(closed / "demo" / "postgres", tell=said.append, lodging=ground / "lodging")
    server.start()
    try:
        assert ask(server.superuser_dsn, "SELECT 1") == 1
        assert server.pgdata.is_relative_to(ground / "lodging")
        assert str(ground / "lodging" / "binaries") in command_line(postmaster(server))
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert len([sentence for sentence in said if "is closed to the user 'tessera'" in sentence]) == 2
        server.stop()
        again = new(closed / "demo" / "postgres", lodging=ground / "elsewhere")
        assert again.pgdata == server.pgdata
    finally:
        server.remove()


@as_root
def test_data_of_another_user_is_refused(ground: Path) -> None:
    (ground / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(ForeignData, match="belongs to the user 'root'"):
        new(ground / "postgres").start()
