"""What can keep the servers or the demo from starting, each with a sentence that says what to do.

These are read on a terminal by whoever runs the platform, before Django is up. They are therefore
plain English and not translated refusals.
"""

from __future__ import annotations

from typing import ClassVar


class StartError(Exception):
    """The start cannot go on. `str()` is a sentence for the person at the terminal; `code` is stable."""

    code: ClassVar[str] = "start_failed"


class PortInUse(StartError):
    """Another program listens on the port that was asked for."""

    code = "port_in_use"


class DiskFull(StartError):
    """The disk that holds the data has no room left."""

    code = "disk_full"


class WrongMajor(StartError):
    """The data folder was written by another major version of PostgreSQL."""

    code = "wrong_major"


class ServerTooOld(StartError):
    """The server reached is older than what Tessera needs."""

    code = "server_too_old"


class ServerUnreachable(StartError):
    """A server named by the environment does not answer, or refuses the login."""

    code = "server_unreachable"


class ServerFailed(StartError):
    """A server's own process ended or did not become ready; the sentence names its log."""

    code = "server_failed"


class NoServerAccount(StartError):
    """Started as root, and no system user could be found or made for the servers."""

    code = "no_server_account"


class ForeignData(StartError):
    """The data folder belongs to another user of this machine."""

    code = "foreign_data"


class AlreadyRunning(StartError):
    """Another supervisor holds the data folder."""

    code = "already_running"


class StageFailed(StartError):
    """A one-off step of the start (migrations, seed, …) ended with an error."""

    code = "stage_failed"


class NotReady(StartError):
    """A process was started and did not answer its health check in time."""

    code = "not_ready"


class MissingSetting(StartError):
    """The environment names some of the external servers' addresses, but not all that belong together."""

    code = "missing_setting"


class UnsafeLogin(StartError):
    """The application's login could become the owner or a superuser."""

    code = "unsafe_login"


class DatabaseTaken(StartError):
    """The database exists and belongs to a login other than the owner's."""

    code = "database_taken"


class NotPrepared(StartError):
    """The external database lacks what `python -m embedded.bootstrap` lays down."""

    code = "not_prepared"


class Stopped(BaseException):
    """A request to stop arrived while something was starting.

    Not an error, and not an Exception: no handler between the wait and the supervisor may swallow it.
    """
