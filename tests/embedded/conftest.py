"""Servers for these tests. Never in tmp_path: pytest closes it to others, and as root the servers are others."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.postgres import Cluster


def open_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tessera-"))
    folder.chmod(0o755)
    return folder


@pytest.fixture
def ground() -> Iterator[Path]:
    """A folder that every user can pass, removed afterwards."""
    folder = open_folder()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A running cluster for the tests of one module."""
    folder = open_folder()
    made = Cluster(folder / "postgres", durable=False)
    made.start()
    yield made
    made.remove()
    shutil.rmtree(folder)


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as another user")
