from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from embedded.children import Identity
from embedded.ports import answers, free_port
from embedded.supervisor import pause_after
from embedded.surroundings import PROJECT

LONG = 60.0
"""Seconds after which a wait is a failure; nothing here depends on being quicker."""


class Demo:
    """One run of stand_in.py, its lines read as they come."""

    def __init__(
        self, data: Path, *options: str, port: int | None = None, env: dict[str, str] | None = None
    ) -> None:
        self.data = data
        self.port = port or pair_of_ports()
        self.lines: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        plain = {
            name: value
            for name, value in os.environ.items()
            if name != "SECRET_KEY" and not name.startswith("TESSERA_") and not name.endswith("_URL")
        }
        roots = os.pathsep.join([str(PROJECT), str(PROJECT / "platform")])
        self.program = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.embedded.stand_in",
                "--port",
                str(self.port),
                "--data",
                str(data),
                *options,
            ],
            cwd=PROJECT,
            env=plain | {"PYTHONPATH": roots} | (env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.program.stdout is not None
        for line in self.program.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def until(self, start: str) -> str:
        """The next line that begins with `start`."""
        deadline = time.monotonic() + LONG
        while True:
            line = self._queue.get(timeout=max(0.1, deadline - time.monotonic()))
            assert line is not None, "\n".join(
                [f"ended without a line that begins with {start!r}:", *self.lines]
            )
            self.lines.append(line)
            if line.startswith(start):
                return line

    def ended(self) -> int:
        """The exit code, with all lines read."""
        code = self.program.wait(timeout=LONG)
        while (line := self._queue.get(timeout=LONG)) is not None:
            self.lines.append(line)
        return code

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.program.send_signal(number)
        return self.ended()

    def seen(self, name: str) -> dict[str, Any]:
        """What a stand-in wrote down about itself."""
        noted: dict[str, Any] = json.loads((self.data / "seen" / name).read_text())
        return noted

    def pids(self, *names: str) -> list[int]:
        return [self.seen(name)["pid"] for name in names]


def pair_of_ports() -> int:
    while True:
        port = free_port()
        if port < 65_000 and not answers(port + 1):
            return port


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LONG
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def running(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Identity.of(pid) is not None]


@pytest.fixture
def start(ground: Path) -> Iterator[Callable[..., Demo]]:
    begun: list[Demo] = []

    def begin(*options: str, **settings: Any) -> Demo:
        begun.append(Demo(ground / "demo", *options, **settings))
        return begun[-1]

    yield begin
    for each in begun:
        if each.program.poll() is None:
            each.program.terminate()
            each.program.wait(timeout=LONG)


ALL = ("web", "worker", "grandchild", "provisioner")


def test_last_line_of_a_start_begins_with_ready_and_nothing_is_coloured(start: Callable[..., Demo]) -> None:
    demo = start()
    assert demo.until("Ready").endswith(f"http://localhost:{demo.port}/ (Ctrl-C stops everything)")
    assert demo.stop() == 0
    text = "\n".join(demo.lines)
    assert "\x1b" not in text
    assert demo.lines[-2:] == ["Stopping.", "Stopped. The data is kept; the next start goes on with it."]


def test_progress_shows_each_step_its_own_lines_and_each_process(start: Callable[..., Demo]) -> None:
    demo = start()
    demo.until("Ready")
    shown = [line.rstrip("0123456789. s") for line in demo.lines]
    assert shown[:7] == [
        "First …",
        "    one of two",
        "    two of two",
        "First …",
        "Once …",
        "Once …",
        "web …",
    ]
    assert "noise" not in "".join(demo.lines)
    assert "noise" in (demo.data / "logs" / "start.log").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_stops_all_that_was_started(start: Callable[..., Demo], number: int) -> None:
    demo = start()
    demo.until("Ready")
    pids = demo.pids(*ALL)
    assert running(pids) == pids
    assert demo.stop(number) == 0
    assert running(pids) == []


def test_signal_in_the_middle_of_a_step_stops_it(start: Callable[..., Demo]) -> None:
    demo = start("--stages", "endless")
    demo.until("    under way")
    pids = demo.pids("endless")
    assert demo.stop() == 0
    assert running(pids) == []
    assert [line for line in demo.lines if line.startswith("Ready")] == []


def test_killed_process_is_started_again_and_said(start: Callable[..., Demo]) -> None:
    demo = start()
    demo.until("Ready")
    before = demo.pids("web", "worker", "grandchild")
    os.kill(before[1], signal.SIGKILL)
    assert demo.until("worker ended").startswith(
        "worker ended by itself (signal 9); starting it again in 1 s."
    )
    demo.until("worker runs again.")
    assert eventually(lambda: demo.pids("worker") != before[1:2] and len(running(demo.pids(*ALL))) == 4)
    assert demo.pids("web") == before[:1]
    assert running(before[1:]) == []
    after = demo.pids(*ALL)
    demo.stop()
    assert running(after) == []


def test_pause_before_a_restart_doubles_up_to_half_a_minute() -> None:
    assert [pause_after(deaths) for deaths in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]


def test_only_steps_and_the_provisioner_are_given_the_owners_address(start: Callable[..., Demo]) -> None:
    demo = start(env={"ADMIN_DATABASE_URL": "postgresql://admin"})
    demo.until("Ready")
    owners = {
        name: demo.seen(name)["env"].get("OWNER_DATABASE_URL")
        for name in ("first", "provisioner", "web", "worker")
    }
    assert owners == {
        "first": "postgresql://owner",
        "provisioner": "postgresql://owner",
        "web": None,
        "worker": None,
    }
    admins = [
        name for name in ("first", "provisioner", "web") if "ADMIN_DATABASE_URL" in demo.seen(name)["env"]
    ]
    assert admins == []


def test_processes_are_told_their_surroundings(start: Callable[..., Demo]) -> None:
    demo = start()
    demo.until("Ready")
    env = demo.seen("web")["env"]
    told = {name: env[name] for name in env if name.startswith("TESSERA_") or name.endswith("_URL")}
    assert told == {
        "DATABASE_URL": "postgresql://app",
        "LISTEN_DATABASE_URL": "postgresql://listen",
        "REDIS_URL": "redis://here",
        "TESSERA_BASE": f"localhost:{demo.port}",
        "TESSERA_DATA": str(demo.data),
        "TESSERA_LIVE_PORT": str(demo.port + 1),
        "TESSERA_MODE": "demo",
    }
    key = demo.data / "secret-key"
    assert env["SECRET_KEY"] == key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600


def test_second_start_keeps_the_secret_and_skips_an_unchanged_step(start: Callable[..., Demo]) -> None:
    first = start()
    first.until("Ready")
    secret = first.seen("web")["env"]["SECRET_KEY"]
    first.stop()
    second = start()
    second.until("Ready")
    assert second.seen("web")["env"]["SECRET_KEY"] == secret
    assert [line for line in second.lines if line.startswith("Once")] == []
    assert [line for line in second.lines if line.startswith("First")] != []


def test_second_supervisor_on_the_same_folder_is_refused_and_the_first_goes_on(
    start: Callable[..., Demo],
) -> None:
    first = start()
    first.until("Ready")
    second = start()
    assert second.ended() == 1
    assert f"Another demo (process {first.program.pid}) runs on {first.data}." in second.lines[-1]
    assert first.program.poll() is None


def test_supervisor_killed_outright_is_taken_over_with_what_it_left(start: Callable[..., Demo]) -> None:
    first = start()
    first.until("Ready")
    left = first.pids(*ALL)
    first.stop(signal.SIGKILL)
    assert running(left) == left
    second = start(port=first.port)
    taken = second.until("The last run")
    assert (
        taken == f"The last run (process {first.program.pid}) ended without stopping; taking over its data."
    )
    assert second.until("Ending what") == "Ending what the last run left behind: web, worker, provisioner."
    second.until("Ready")
    assert running(left) == []


def test_port_in_use_is_refused_with_a_sentence_and_nothing_is_started(start: Callable[..., Demo]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = start(port=port)
        assert demo.ended() == 1
    assert demo.lines[-1].startswith(
        f"Port {port} of 127.0.0.1 is in use. Stop what listens there, or choose another"
    )
    assert not (demo.data / "seen").exists()


def test_failing_step_is_named_with_the_end_of_its_output(start: Callable[..., Demo]) -> None:
    demo = start("--stages", "first,broken")
    assert demo.ended() == 1
    assert f"'Broken' failed (exit code 3). The end of {demo.data / 'logs' / 'start.log'}:" in demo.lines
    assert demo.lines[-1] == "the reason"
    assert not (demo.data / "seen" / "web").exists()
    again = start("--stages", "broken")
    assert again.ended() == 1
    assert [line for line in again.lines if line.startswith("The last run")] == []


def test_disk_that_is_full_during_a_step_is_named(start: Callable[..., Demo]) -> None:
    demo = start("--stages", "full")
    assert demo.ended() == 1
    assert demo.lines[-1].startswith("The disk was full during 'Full'. Make room and start again")


def test_process_that_dies_while_starting_ends_the_start_and_the_others(start: Callable[..., Demo]) -> None:
    demo = start("--processes", "web,dying")
    assert demo.ended() == 1
    assert f"dying ended while starting. The end of {demo.data / 'logs' / 'dying.log'}:" in demo.lines
    assert demo.lines[-1] == "cannot go on"
    assert running(demo.pids("web")) == []


def test_half_named_external_servers_are_refused(start: Callable[..., Demo]) -> None:
    demo = start("--servers", env={"DATABASE_URL": "postgresql://app:x@127.0.0.1/tessera"})
    assert demo.ended() == 1
    assert demo.lines[-1].startswith("For an external PostgreSQL set both DATABASE_URL")


def test_addresses_and_logins_of_the_demo_file_are_shown(start: Callable[..., Demo], ground: Path) -> None:
    (ground / "demo").mkdir()
    chain = {
        "slug": "lilian",
        "name": "丽颜",
        "url": "http://lilian.localhost:1/",
        "locale": "zh-Hans",
        "time_zone": "Asia/Shanghai",
    }
    clerk = {
        "chain": "lilian",
        "role": "clerk",
        "store": "静安店",
        "email": "a@b.cn",
        "password": "pw",
        "url": "http://x/",
    }
    member = {
        "chain": "lilian",
        "role": "member",
        "store": None,
        "phone": "+8613800000001",
        "url": "http://y/",
    }
    demo_file = {"chains": [chain], "logins": [clerk, member]}
    (ground / "demo" / "demo.json").write_text(json.dumps(demo_file))
    demo = start()
    demo.until("Ready")
    shown = [" ".join(line.split()) for line in demo.lines]
    assert f"Platform http://localhost:{demo.port}/" in shown
    assert "lilian http://lilian.localhost:1/ 丽颜 (zh-Hans, Asia/Shanghai)" in shown
    assert "lilian · clerk · 静安店 a@b.cn pw http://x/" in shown
    assert "lilian · member +8613800000001 (code by SMS: see /dev/outbox) http://y/" in shown


def test_embedded_servers_start_serve_come_back_and_stop_with_the_demo(start: Callable[..., Demo]) -> None:
    demo = start("--servers")
    demo.until("Ready")
    env = demo.seen("provisioner")["env"]
    with psycopg.connect(env["OWNER_DATABASE_URL"], autocommit=True) as owner:
        owner.execute("CREATE TABLE public.kept AS SELECT 5 AS n")
    with redis.Redis.from_url(env["REDIS_URL"]) as cache:
        cache.set("kept", "yes")
        pid = int(cache.info("server")["process_id"])
    os.kill(pid, signal.SIGKILL)
    demo.until("Valkey ended by itself")
    demo.until("Valkey runs again.")
    postmaster = int((demo.data / "postgres" / "data" / "pgdata" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    demo.until("PostgreSQL ended by itself")
    demo.until("PostgreSQL runs again.")
    with psycopg.connect(env["DATABASE_URL"]) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("SELECT n FROM public.kept")
    port = psycopg.conninfo.conninfo_to_dict(env["DATABASE_URL"])["port"]
    assert demo.stop() == 0
    assert not answers(int(str(port)))

    second = start("--servers")
    second.until("Ready")
    env = second.seen("provisioner")["env"]
    with psycopg.connect(env["OWNER_DATABASE_URL"]) as owner:
        assert owner.execute("SELECT n FROM public.kept").fetchall() == [(5,)]
    with redis.Redis.from_url(env["REDIS_URL"]) as cache:
        assert cache.get("kept") == b"yes"


def test_signal_while_the_database_is_being_made_stops_it_and_the_next_start_succeeds(
    start: Callable[..., Demo],
) -> None:
    demo = start("--servers")
    assert eventually(lambda: (demo.data / "postgres" / "data" / "pgdata.new").exists())
    assert demo.stop() == 0
    assert demo.lines[-2:] == ["Stopping.", "Stopped. The data is kept; the next start goes on with it."]
    again = start("--servers")
    again.until("Ready")
