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

    def path(self, name: str) -> str:
        """The absolute path of a file of the active scope; escapes raise SuspiciousFileOperation."""
        return safe_join(str(Path(settings.MEDIA_ROOT) / current().schema), name)

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        """The path under which the chain's own host serves the file."""
        return f"/media/{name}"
