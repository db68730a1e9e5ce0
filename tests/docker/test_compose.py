"""The containers run the entry points that the supervisor runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from embedded.plan import PROCESSES

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
OURS = ("web", "live", "worker", "beat", "provisioner")


def _entry(argv: list[str]) -> str:
    """What a command line starts: a module:attribute, or a management command."""
    if "manage.py" in argv:
        return argv[argv.index("manage.py") + 1]
    named = [word for word in argv if ":" in word and word.startswith("config.")]
    last = [word for word in argv if word in {"worker", "beat"}]
    return " ".join([*named, *last])


def test_every_part_of_a_cell_is_a_service() -> None:
    assert set(COMPOSE["services"]) == {*OURS, "migrate", "prepare", "postgres", "pgbouncer", "valkey"}


@pytest.mark.parametrize("name", OURS)
def test_a_container_runs_the_same_entry_point_as_the_supervisor(name: str) -> None:
    (process,) = [process for process in PROCESSES if process.name == name]
    ours = [word.rpartition("/")[2] if word.endswith("manage.py") else word for word in process.argv]
    assert _entry(shlex.split(COMPOSE["services"][name]["command"])) == _entry(ours)


def test_every_management_command_in_the_containers_exists() -> None:
    lines = [service.get("command", "") for service in COMPOSE["services"].values()]
    used = set(re.findall(r"manage\.py (\w+)", " ".join(lines)))
    assert used == {"provisioner", "migrate_public", "build_template", "migrate_chains"}
    assert used <= set(get_commands())


def test_only_the_provisioner_and_the_preparation_hold_the_owners_login() -> None:
    holders = {
        name
        for name, service in COMPOSE["services"].items()
        if "OWNER_DATABASE_URL" in service.get("environment", {})
    }
    assert holders == {"provisioner", "migrate", "prepare"}


def test_the_image_is_built_from_the_lock_file_with_hashes() -> None:
    text = (ROOT / "docker" / "Dockerfile").read_text()
    assert "--require-hashes --only-binary :all: -r requirements/base.txt" in text


def test_everything_starts_in_an_order_that_works_on_empty_volumes() -> None:
    waits = {
        name: {other: how["condition"] for other, how in service["depends_on"].items()}
        for name, service in COMPOSE["services"].items()
        if "depends_on" in service
    }
    servers = {"pgbouncer": "service_started", "valkey": "service_healthy"}
    assert waits == {
        **{name: {"migrate": "service_completed_successfully", **servers} for name in OURS},
        "migrate": {"prepare": "service_completed_successfully", **servers},
        "prepare": {"postgres": "service_healthy"},
        "pgbouncer": {"postgres": "service_healthy"},
    }
    checked = {name for name, service in COMPOSE["services"].items() if "healthcheck" in service}
    assert checked == {"postgres", "valkey"}


def test_static_files_come_with_the_image_and_lie_under_no_volume() -> None:
    static = re.findall(r"TESSERA_STATIC=(\S+)", (ROOT / "docker" / "Dockerfile").read_text())
    assert static == ["/srv/static"]
    for name in OURS:
        service = COMPOSE["services"][name]
        assert "TESSERA_STATIC" not in service["environment"]
        for volume in service["volumes"]:
            mounted = Path(volume.split(":")[1])
            assert mounted != Path(static[0]) and mounted not in Path(static[0]).parents


def test_the_containers_are_told_how_mail_leaves() -> None:
    told = COMPOSE["services"]["web"]["environment"]
    assert {
        "EMAIL_URL",
        "EMAIL_PROVIDER",
        "ANYMAIL",
        "EMAIL_FROM",
        "SUPPORT_EMAIL",
        "EMAIL_TIMEOUT",
        "TRUSTED_PROXIES",
    } <= set(told)
