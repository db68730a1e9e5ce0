"""Folders and secret files under the data folder, without a moment in which others could read them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import BinaryIO

LOG_BYTES = 10 * 2**20


def make_folder(folder: Path, *, mode: int = 0o755) -> Path:
    """Create `folder` and its missing parents with `mode`, whatever the umask; leave what exists as it is."""
    missing = []
    step = folder
    while not step.exists():
        missing.append(step)
        step = step.parent
    for each in reversed(missing):
        try:
            each.mkdir()
        except FileExistsError:
            continue
        each.chmod(mode)
    return folder


def write_secret(path: Path, text: str) -> None:
    """Write `text` to `path` with mode 600; the file appears whole or not at all."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    draft.replace(path)


def keep_secret(path: Path) -> str:
    """The secret kept in `path`; where there is none yet, a new one of 32 random bytes, URL-safe, mode 600."""
    try:
        kept = path.read_text().strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept
    make_folder(path.parent, mode=0o700)
    fresh = secrets.token_urlsafe(32)
    write_secret(path, fresh)
    return fresh


def tail(path: Path, *, lines: int = 15) -> str:
    """The last `lines` lines of a log, or nothing where it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def open_log(path: Path) -> BinaryIO:
    """A log to append to, mode 600; one over 10 MB is put aside first as `.1`."""
    make_folder(path.parent, mode=0o700)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
