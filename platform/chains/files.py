"""Uploaded files live in a folder named after the schema they belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.utils._os import safe_join

from chains.scope import current


class ChainStorage(FileSystemStorage):
    """A file system storage whose root is the active scope's own folder."""

    @property
    def base_location(self) -> str:
        """The active scope's own folder."""
        return str(Path(settings.MEDIA_ROOT) / current().schema)

    @property
    def location(self) -> str:
        """The same, absolute: stored names are relative to it, so they never carry the schema."""
        return str(Path(self.base_location).absolute())

    def path(self, name: str) -> str:
        """The absolute path of a file of the active scope; escapes raise SuspiciousFileOperation."""
        return safe_join(self.location, name)

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        """The path under which the chain's own host serves the file."""
        return f"/media/{name}"
