"""manage.py chain, pool and operator, and what they refuse."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.models import User
from chains.models import Chain, OperatorAct, PooledSchema
from chains.schemas.owner import drop_role, owner_connection
from chains.scope import chain_scope, role_of
from tenants.stores.models import Region
from tests.ground.chains import make_chain
from tests.ground.commands import command

pytestmark = pytest.mark.usefixtures("committed")


def test_chain_is_created_without_a_code_and_its_owner_can_sign_in() -> None:
    words = ("--brand", "Qi Bai", "--email", "li@qibai.example", "--vertical", "beauty", "--password-stdin")
    made = command("chain", "create", "qibai", *words, answer="a-long-passphrase\n")
    assert (made.returncode, made.stdout.startswith("qibai stands at http://qibai.tessera.test")) == (0, True)
    chain = Chain.objects.get(slug="qibai")
    with chain_scope(chain):
        assert User.objects.get(email="li@qibai.example").check_password("a-long-passphrase")
    again = command("chain", "create", "qibai", *words, answer="a-long-passphrase\n")
    assert (again.returncode, "already belongs to another chain" in again.stderr) == (1, True)
    assert list(OperatorAct.objects.values_list("act", flat=True)) == ["create"]


def test_chain_is_suspended_resumed_closed_and_listed() -> None:
    make_chain("gamma")
    assert command("chain", "suspend", "gamma", "--reason", "unpaid").stdout == "gamma is suspended\n"
    assert command("chain", "suspend", "gamma", "--reason", "again").returncode == 1
    assert command("chain", "resume", "gamma").stdout == "gamma is trial\n"
    (row,) = [row for row in json.loads(command("chain", "list", "--json").stdout) if row["slug"] == "gamma"]
    assert (row["state"], row["name"]) == ("trial", "Gamma")
    assert command("chain", "close", "gamma", "--reason", "sold").stdout == "gamma is closed\n"
    assert "There is no such chain" in command("chain", "resume", "gamma").stderr
    assert list(OperatorAct.objects.order_by("at").values_list("act", "operator_email")) == [
        ("suspend", "manage.py"),
        ("resume", "manage.py"),
        ("close", "manage.py"),
    ]


def test_chain_is_dumped_damaged_and_restored(tmp_path: Path) -> None:
    chain = make_chain("gamma")
    with chain_scope(chain):
        Region.objects.create(name="kept")
    file = tmp_path / "gamma.dump"
    command("chain", "dump", "gamma", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    with owner_connection() as owner:
        owner.execute(f"DROP SCHEMA {chain.schema_name} CASCADE")
        drop_role(owner, role_of(chain.schema_name))
    command("chain", "restore", "gamma", str(file))
    with chain_scope(chain):
        assert list(Region.objects.values_list("name", flat=True)) == ["kept"]


def test_a_file_of_another_chain_or_of_none_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    gamma, delta = make_chain("gamma"), make_chain("delta")
    with chain_scope(delta):
        Region.objects.create(name="delta's own")
    command("chain", "dump", "gamma", str(tmp_path / "gamma.dump"))
    refused = command("chain", "restore", "delta", str(tmp_path / "gamma.dump"))
    assert f"the file holds {gamma.schema_name}, not {delta.schema_name}" in refused.stderr
    (tmp_path / "junk").write_text("SELECT 1;")
    assert command("chain", "restore", "delta", str(tmp_path / "junk")).returncode == 1
    whole = (tmp_path / "gamma.dump").read_bytes()
    (tmp_path / "torn.dump").write_bytes(whole[: len(whole) * 2 // 3])
    torn = command("chain", "restore", "gamma", str(tmp_path / "torn.dump"))
    assert torn.returncode == 1
    with chain_scope(delta):
        assert Region.objects.count() == 1
    with chain_scope(gamma):
        assert Region.objects.count() == 0


def test_an_open_chain_is_not_erased_and_a_closed_one_only_when_said_twice() -> None:
    chain = make_chain("gamma")
    assert command("chain", "erase", "gamma", "--yes").returncode == 1
    command("chain", "close", "gamma", "--reason", "sold")
    assert "Say --yes" in command("chain", "erase", chain.schema_name).stderr
    command("chain", "erase", chain.schema_name, "--yes")
    with owner_connection() as owner:
        left = owner.execute(
            "SELECT nspname::text FROM pg_namespace WHERE nspname = %s"
            " UNION ALL SELECT rolname::text FROM pg_roles WHERE rolname = %s",
            (chain.schema_name, role_of(chain.schema_name)),
        ).fetchall()
    assert (left, Chain.objects.filter(id=chain.id).count()) == ([], 0)


def test_commands_that_need_the_owner_say_so_without_it(settings: object) -> None:
    settings.OWNER_DATABASE_URL = None  # type: ignore[attr-defined]
    with pytest.raises(ImproperlyConfigured, match="OWNER_DATABASE_URL is not set"):
        command("pool", "show")


def test_no_password_stands_among_a_programs_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    import chains.schemas.programs as programs

    seen: list[list[str]] = []
    real = subprocess.run

    def spy(line: list[str], **rest: object) -> object:
        seen.append(line)
        return real(line, **rest)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", spy)
    programs.run_program("psql", "--command=SELECT 1")
    password = str(psycopg.conninfo.conninfo_to_dict(str(settings.OWNER_DATABASE_URL))["password"])
    assert len(seen) == 1
    assert password not in " ".join(seen[0])


def test_pool_is_filled_shown_and_drained() -> None:
    assert command("pool", "fill", "--to", "2").stdout.startswith("2 built\n")
    assert "2 ready  (this version)" in command("pool", "show").stdout
    PooledSchema.objects.filter(schema=PooledSchema.objects.values("schema")[:1]).update(version="older")
    assert command("pool", "drain", "--stale").stdout.startswith("1 dropped\n")
    assert command("pool", "drain").stdout == "1 dropped\nthe pool is empty\n"


def test_operator_is_made_listed_shut_out_and_let_in() -> None:
    made = command("operator", "create", "Op@Tessera.Test", "--password-stdin", answer="a-long-passphrase\n")
    assert made.stdout == "Op@Tessera.Test is an operator\n"
    user = User.objects.get(email="op@tessera.test")
    assert (user.is_operator, user.is_active, user.check_password("a-long-passphrase")) == (True, True, True)
    assert (
        "already"
        in command(
            "operator",
            "create",
            "op@tessera.test",
            "--password-stdin",
            answer="a-long-passphrase\n",
        ).stderr
    )
    command("operator", "deactivate", "op@tessera.test")
    assert "shut out" in command("operator", "list").stdout
    command("operator", "activate", "op@tessera.test")
    assert User.objects.get(id=user.id).is_active


@pytest.mark.parametrize("password", ["short", "password123", "1234567890123"])
def test_operators_with_weak_passwords_are_refused(password: str) -> None:
    done = command("operator", "create", "op@tessera.test", "--password-stdin", answer=f"{password}\n")
    assert done.returncode == 1
    assert User.objects.count() == 0
