from __future__ import annotations

from pathlib import Path

import pytest

from embedded.bootstrap import prepare_database
from embedded.demo import check_folder, choose_servers, remove_data
from embedded.errors import AlreadyRunning, ForeignData
from embedded.locks import sole_holder
from embedded.plan import PROCESSES, STAGES
from embedded.postgres import Cluster
from embedded.surroundings import PROJECT, External, Surroundings, data_folder
from embedded.valkey import Valkey
from web.translations import COMPILED, PARTS


def test_data_folder_is_var_demo_of_the_project_unless_told() -> None:
    assert data_folder(None) == PROJECT / "var" / "demo"
    assert data_folder("") == PROJECT / "var" / "demo"
    assert data_folder("/somewhere/else") == Path("/somewhere/else")


def test_only_the_provisioner_holds_the_owners_login() -> None:
    assert [process.name for process in PROCESSES if process.access == "owner"] == ["provisioner"]


def test_commands_are_filled_in_without_a_word_left_over() -> None:
    surroundings = Surroundings(8100, Path("/data"))
    commands = [stage.argv for stage in STAGES] + [process.argv for process in PROCESSES]
    words = [word for argv in commands for word in surroundings.command(argv)]
    assert [word for word in words if "{" in word or "}" in word] == []
    assert {"8100", "8101", "/data/beat-schedule"} <= set(words)


def test_a_fresh_clone_compiles_its_chinese_texts_before_anything_speaks() -> None:
    first = STAGES[0]
    assert first.argv[-2:] == ("manage.py", "translations")
    assert PROJECT / first.makes in COMPILED.parents and first.makes_in == "project"
    asked = {path for pattern in first.unless_unchanged for path in PROJECT.glob(pattern)}
    assert set(PARTS.glob("*.po")) <= asked


def test_external_servers_are_used_and_none_of_ours_is_made(ground: Path, cluster: Cluster) -> None:
    prepare_database(
        cluster.superuser_dsn,
        database="outside",
        owner_login="outside_owner",
        owner_password="o",
        app_login="outside_app",
        app_password="a",
    )
    application = cluster.dsn("outside_app", "a", "outside")
    valkey = Valkey(ground / "their-valkey")
    valkey.start()
    external = External(application, cluster.dsn("outside_owner", "o", "outside"), application, valkey.url)
    said: list[str] = []
    try:
        servers, addresses = choose_servers(
            Surroundings(8100, ground / "demo", external=external), tell=said.append
        )
    finally:
        valkey.stop()
    assert servers == []
    assert addresses().application == application
    assert said == ["PostgreSQL: the one that DATABASE_URL names.", "Redis: the one that REDIS_URL names."]
    assert not (ground / "demo").exists()


def test_remove_deletes_data_inside_and_outside_the_folder(ground: Path) -> None:
    outside = ground / "lodging" / "demo-postgres-1"
    outside.mkdir(parents=True)
    check_folder(ground / "demo")
    (ground / "demo" / "postgres").mkdir()
    (ground / "demo" / "postgres" / "data-stands-in").write_text(f"{outside}\n")
    remove_data(ground / "demo", tell=lambda sentence: None)
    assert [outside.exists(), (ground / "demo").exists()] == [False, False]


def test_remove_leaves_a_folder_alone_that_is_no_demos(ground: Path) -> None:
    (ground / "thesis.txt").write_text("years of work")
    with pytest.raises(ForeignData, match="does not look like a demo's data folder"):
        remove_data(ground, tell=lambda sentence: None)
    assert (ground / "thesis.txt").exists()


def test_remove_refuses_while_the_demo_runs(ground: Path) -> None:
    with sole_holder(ground / "lock", what="it"), pytest.raises(AlreadyRunning):
        remove_data(ground, tell=lambda sentence: None)
    assert ground.exists()
