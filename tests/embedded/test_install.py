"""`make` and requirements/install.py, as far as they go without installing anything."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from embedded.surroundings import PROJECT


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", PROJECT / "requirements" / "install.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "VENV_PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "installed.json")
    monkeypatch.setattr(sys, "argv", ["install.py", "base"])
    return module


def make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *words], cwd=PROJECT, capture_output=True, text=True, check=False
    )


def test_make_alone_lists_every_target_with_a_line_about_it() -> None:
    targets = re.findall(r"^([a-z][a-z-]*):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    listed = [line.split(maxsplit=1) for line in make().stdout.splitlines()[1:]]
    assert [words[0] for words in listed] == targets
    assert [words[0] for words in listed if len(words) < 2] == []


def test_missing_interpreter_is_answered_with_the_line_that_installs_it() -> None:
    done = make("demo", "PYTHON=no-such-python")
    assert done.returncode != 0
    assert done.stdout.splitlines() == [
        "There is no no-such-python here. Install it, then repeat:",
        "    apt-get install -y python3 python3-venv",
    ]


def test_python_without_venv_is_answered_with_the_line_that_installs_it(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ensurepip" else found(name)
    )
    assert install.main() == 1
    assert capsys.readouterr().err.splitlines()[-1] == "    apt-get install -y python3-venv"
    assert not install.VENV.exists()


def test_packages_are_installed_once_per_lock_file(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []

    def venv() -> None:
        install.VENV_PYTHON.parent.mkdir(parents=True)
        install.VENV_PYTHON.touch()

    monkeypatch.setattr(install, "make_venv", venv)
    monkeypatch.setattr(install, "pip", calls.append)
    assert [install.main(), install.main()] == [0, 0]
    assert [words[0] for words in calls] == ["--require-hashes", "--no-deps"]

    monkeypatch.setattr(sys, "argv", ["install.py", "dev"])
    assert [install.main(), install.main()] == [0, 0]
    assert [words[-1] for words in calls[2:]] == [str(PROJECT / "requirements" / "dev.txt"), str(PROJECT)]

    monkeypatch.setattr(sys, "argv", ["install.py", "base"])
    assert install.main() == 0
    assert len(calls) == 4


def test_lock_files_name_no_index_and_hold_what_the_editable_install_needs() -> None:
    for name in ("base.txt", "dev.txt"):
        text = (PROJECT / "requirements" / name).read_text()
        assert re.findall(r"^--(?:extra-)?index|^--find-links|https?://", text, re.MULTILINE) == []
        assert re.findall(r"^(hatchling|editables)==", text, re.MULTILINE) == ["editables", "hatchling"]
