"""Uploaded files stay in their chain's folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile

from chains.files import ChainStorage
from chains.scope import chain_scope
from tests.ground.chains import TwoChains


@pytest.fixture()
def storage(tmp_path: Path, settings: object) -> ChainStorage:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    return ChainStorage()


def test_saved_name_is_found_again_and_names_no_schema(
    storage: ChainStorage, two_chains: TwoChains, tmp_path: Path
) -> None:
    with chain_scope(two_chains.a):
        name = storage.save("logos/mark.svg", ContentFile(b"<svg/>"))
        assert name == "logos/mark.svg"
        assert storage.open(name).read() == b"<svg/>"
        assert storage.url(name) == "/media/logos/mark.svg"
    assert (tmp_path / two_chains.a.schema_name / "logos" / "mark.svg").is_file()


def test_another_chain_does_not_see_the_file(storage: ChainStorage, two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        storage.save("mark.svg", ContentFile(b"a"))
    with chain_scope(two_chains.b):
        assert not storage.exists("mark.svg")


def test_no_name_leads_out_of_the_chains_folder(storage: ChainStorage, two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        for name in (f"../{two_chains.b.schema_name}/mark.svg", "/etc/passwd"):
            with pytest.raises(SuspiciousFileOperation):
                storage.path(name)
