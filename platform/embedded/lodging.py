"""As whom the servers run, and where their files stand so that this user can reach them.

PostgreSQL refuses to run as root. Started by root, the servers therefore run as a system user; where
that user cannot pass a parent folder (a home of mode 700, say), data and a copy of the binaries go to a
lodging under /var/lib/tessera. The mode of a folder that we did not make is never changed.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import ForeignData, NoServerAccount
from embedded.files import make_folder

Tell = Callable[[str], None]

SYSTEM_USER = "tessera"
LODGING = Path("/var/lib/tessera")


@dataclass(frozen=True, slots=True)
class Account:
    """A system user for the servers' processes."""

    name: str
    uid: int
    gid: int

    @classmethod
    def named(cls, name: str) -> Account | None:
        """The system user `name`, or None where there is none."""
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return None
        return cls(name, entry.pw_uid, entry.pw_gid)

    def can(self, flag: str, path: Path) -> bool:
        """Whether this user passes `test FLAG path` (-r, -x, …): asked of the kernel, so access lists count."""
        asked = subprocess.run(
            ["test", flag, str(path)],
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd="/",
            check=False,
            env={"PATH": os.defpath},
        )
        return asked.returncode == 0


def server_account(*, tell: Tell) -> Account | None:
    """The user to run servers as: None (the caller itself) unless started by root.

    Raises NoServerAccount where root finds neither a usable system user nor a way to make one.
    """
    if os.geteuid() != 0:
        return None
    found = Account.named(SYSTEM_USER)
    if found is not None:
        return found
    made = _add_system_user()
    account = Account.named(SYSTEM_USER)
    if account is not None:
        if made:
            tell(f"PostgreSQL refuses to run as root: made the system user '{SYSTEM_USER}' for it.")
        return account
    stand_in = Account.named("postgres")
    if stand_in is not None:
        tell("PostgreSQL refuses to run as root: it runs as the system user 'postgres' that exists here.")
        return stand_in
    raise NoServerAccount(
        f"PostgreSQL refuses to run as root, and the system user '{SYSTEM_USER}' could not be made. "
        f"Make it (useradd --system {SYSTEM_USER}), or start as an ordinary user."
    )


def _add_system_user() -> bool:
    argv = [
        "useradd",
        "--system",
        "--no-create-home",
        "--home-dir",
        str(LODGING),
        "--shell",
        "/usr/sbin/nologin",
    ]
    try:
        done = subprocess.run([*argv, SYSTEM_USER], check=False, capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def settle_data(home: Path, *, account: Account | None, tell: Tell, lodging: Path = LODGING) -> Path:
    """The folder that a server's data stands in: made, private, and reachable for `account`.

    It is `home/data`, or a lodging of its own under `lodging` where a parent of `home` is closed to the
    account. The latter is noted in `home/data-stands-in` and kept, so that data is found again after
    modes have changed; a `home` that was deleted begins afresh. Raises ForeignData where the data is
    another user's.
    """
    make_folder(home)
    note = home / "data-stands-in"
    data = Path(note.read_text().strip()) if note.exists() else home / "data"
    if data.exists():
        _check_owner(data, account)
        return data
    if account is not None and not note.exists() and not account.can("-x", home):
        data = lodging / f"{home.parent.name}-{home.name}-{secrets.token_hex(4)}"
        tell(
            f"A parent folder of {home} is closed to the user '{account.name}': the data goes to {data} instead."
        )
        note.write_text(f"{data}\n")
    make_folder(data.parent)
    data.mkdir(mode=0o700)
    own(data, account)
    return data


def _check_owner(data: Path, account: Account | None) -> None:
    uid = os.geteuid() if account is None else account.uid
    owner = data.stat().st_uid
    if owner != uid:
        name = next((entry.pw_name for entry in pwd.getpwall() if entry.pw_uid == owner), str(owner))
        raise ForeignData(
            f"The data in {data} belongs to the user '{name}'. Start as that user, or choose another folder: "
            "make demo DATA=var/mine"
        )


def own(path: Path, account: Account | None) -> None:
    """Give a file or folder that we made to the servers' user."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def settle_binaries(
    folders: Sequence[Path],
    *,
    probe: str,
    label: str,
    account: Account | None,
    tell: Tell,
    lodging: Path = LODGING,
) -> Path:
    """The parent of `folders`, or of a copy of them that `account` can reach.

    `folders` lie side by side and are copied together; `probe` is a program's path below their parent;
    `label` names the copy, so it carries the version.
    """
    parent = folders[0].parent
    if account is None or account.can("-x", parent / probe):
        return parent
    copy = lodging / "binaries" / label
    if not copy.exists():
        tell(f"{parent} is closed to the user '{account.name}': it runs a copy of the programs in {copy}.")
        make_folder(copy.parent)
        draft = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}.new")
        make_folder(draft)
        for folder in folders:
            if folder.exists():
                shutil.copytree(folder, draft / folder.name, symlinks=True)
        _open_up(draft)
        try:
            draft.rename(copy)
        except OSError:  # another start was faster
            shutil.rmtree(draft)
    return copy


def _open_up(copy: Path) -> None:
    """Make our own copy readable for all: programs are no secret, and the umask may have closed it."""
    for path in [copy, *copy.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))
