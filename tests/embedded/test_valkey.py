from __future__ import annotations

import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from embedded.children import command_line
from embedded.errors import PortInUse
from embedded.lodging import Account
from embedded.valkey import Valkey
from tests.embedded.conftest import as_root


@pytest.fixture
def valkey(ground: Path) -> Iterator[Valkey]:
    server = Valkey(ground / "valkey")
    server.start()
    yield server
    server.stop()


def client(server: Valkey) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def pid_of(server: Valkey) -> int:
    with client(server) as asked:
        return int(asked.info("server")["process_id"])


def test_valkey_asks_for_its_password_on_loopback(valkey: Valkey) -> None:
    with client(valkey) as known:
        assert known.config_get("bind") == {"bind": "127.0.0.1"}
    with redis.Redis(port=valkey.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.get("anything")


def test_valkey_password_stands_in_a_file_of_mode_600_and_in_no_command_line(valkey: Valkey) -> None:
    file = valkey.home / "password"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() not in command_line(pid_of(valkey))
    assert "valkey" in command_line(pid_of(valkey))


def test_valkey_second_start_keeps_what_was_written(valkey: Valkey) -> None:
    with client(valkey) as before:
        before.set("kept", "yes")
    valkey.stop()
    assert not valkey.is_alive()
    valkey.start()
    with client(valkey) as after:
        assert after.get("kept") == "yes"
        assert after.config_get("appendonly") == {"appendonly": "yes"}


def test_running_valkey_is_adopted(valkey: Valkey) -> None:
    second = Valkey(valkey.home)
    second.start()
    assert (second.adopted, second.port) == (True, valkey.port)
    second.stop()
    assert (valkey.is_alive(), second.is_alive()) == (False, False)


def test_valkey_killed_outright_comes_back_on_its_port(valkey: Valkey) -> None:
    port = valkey.port
    os.kill(pid_of(valkey), signal.SIGKILL)
    while valkey.is_alive():
        time.sleep(0.02)
    valkey.start()
    assert (valkey.port, valkey.adopted) == (port, False)
    with client(valkey) as asked:
        assert asked.ping()


def test_chosen_port_in_use_for_valkey_is_refused_with_a_sentence(ground: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            PortInUse, match=rf"Port {port} of 127\.0\.0\.1, meant for Valkey, is in use\. Stop"
        ):
            Valkey(ground / "valkey", port=port).start()


def test_valkey_takes_the_port_it_is_told(ground: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = Valkey(ground / "valkey", port=port)
    server.start()
    assert server.port == port
    server.stop()


@as_root
def test_root_runs_valkey_as_a_system_user(valkey: Valkey) -> None:
    account = Account.named("tessera")
    assert account is not None
    assert Path(f"/proc/{pid_of(valkey)}").stat().st_uid == account.uid
