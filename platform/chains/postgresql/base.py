"""The database wrapper: a session never carries a chain.

Every statement runs inside a transaction whose search path and role were set by one
`set_config(…, true)` for exactly the scope that is active (chains.scope); it travels in the same message
as the first statement (chains.postgresql.ahead), in front of it. Whatever ends or rolls
back a transaction also ends the path and the role, in PostgreSQL itself, so a pooled connection or
a transaction-mode pooler cannot hand one chain's path to another. A raw connection sees nothing:
the login has no rights of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from functools import lru_cache, partial
from time import monotonic
from typing import Any, NoReturn

from django.db import transaction
from django.db.backends.utils import debug_transaction
from django.db.utils import DatabaseError
from django_tenants.postgresql_backend import base as stock
from psycopg.pq import TransactionStatus

from chains.lost import Lost, is_lost
from chains.scope import PUBLIC, Scope, current

from .ahead import Ahead, Cursor, ahead_of, exchange, send, went_ahead
from .commits import Unheard, commit_with, hint, marked_hint
from .kept import BEGIN, Kept, text_of
from .moments import with_moments
from .prepared import prepared_on

# Sent as it is: a rollback to a savepoint must reach an aborted transaction, where nothing else may.
_BACK = "ROLLBACK TO SAVEPOINT "
# What a savepoint is one with before which nothing was done: to PostgreSQL each that writes is a transaction of its own.
_TRANSACTION = "the transaction"
# Kept plans are made once, for any values (see prepared.py): to plan a question anew costs more than most answers.
# What such a plan promises to cost is a guess, and no reason to compile it.
_ENTER = (
    "SELECT set_config('search_path', %s, true), set_config('role', %s, true),"
    " set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true)"
)


@lru_cache(maxsize=10_000)
def _entering(scope: Scope) -> Unheard:
    """The statement that puts path and role of the scope into the running transaction."""
    return Unheard(_ENTER, (scope.search_path, scope.role))


def _as_text(message: Sequence[bytes | Kept]) -> str:
    return b";\n".join(map(text_of, message)).decode()


class ScopeNotEntered(DatabaseError):
    """Path and role could not be set, so the statement was not sent."""


class DatabaseWrapper(stock.DatabaseWrapper):
    """django-tenants' backend with transaction-local scope instead of session-level SET."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._entered: Scope | None = None
        self._hints: list[Unheard] = []
        self._marks = 0
        self._lasts: list[Unheard] = []
        # savepoints that are one with another: nothing happened between the two
        self._same: dict[str, str] = {}
        # how many hints and last writes there were at a savepoint: those that came behind it go with it
        self._were: dict[str, tuple[int, int]] = {}
        # what was said to writes of the running transaction after whoever made them had gone on
        self.refused: DatabaseError | None = None
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(self._execute_in_scope)

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """Only the library's own reset to public is let through; chains are entered by chains.scope."""
        if tenant.schema_name != PUBLIC:
            raise RuntimeError("enter a chain with chains.scope.chain_scope, never with set_tenant")
        self.tenant = tenant
        self.set_settings_schema(PUBLIC)

    @property
    def schema_name(self) -> str:
        """The active scope's schema (read by django-tenants' router and key functions)."""
        return current().schema

    @schema_name.setter
    def schema_name(self, value: str | None) -> None:
        """The library assigns None while it initialises; the scope alone decides."""

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Nothing at session level, ever."""

    def _execute_in_scope(
        self,
        execute: Callable[..., Any],
        sql: Any,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        if self.get_autocommit():
            with transaction.atomic(using=self.alias):
                return self._execute_entered(execute, sql, params, many, context)
        return self._execute_entered(execute, sql, params, many, context)

    def _execute_entered(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        scope = current()
        if self._writes_wait:
            self._send_writes()
        if not (isinstance(sql, str) and sql.startswith(_BACK)):
            self._enter(scope)
        try:
            return execute(sql, params, many, context)
        except DatabaseError as error:
            if not went_ahead(error.__cause__):
                raise
            self._entered = None
            # whoever asked hears of the scope alone: what was kept to enter it may be gone
            prepared_on(self.connection).failed(error.__cause__, behind=None)
            raise ScopeNotEntered(f"could not enter the scope of {scope.schema}: {error}") from error
        finally:
            if isinstance(sql, str) and sql.lstrip()[:8].upper() == "ROLLBACK":
                self._entered = None  # written by hand: what was set since the savepoint is undone

    def exchange(self, message: Sequence[bytes | Kept]) -> list[Any]:
        """The results of a message of statements, sent in the active scope; a transaction must be open.

        As through a cursor, for whoever reads the results themselves; raises what a cursor would.
        """
        self.close_if_health_check_failed()
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        execute: Callable[..., Any] = partial(self._exchange, message)
        others = self.execute_wrappers[1:]
        for wrapper in reversed(others):
            execute = partial(wrapper, execute)
        told = _as_text(message) if others else ""  # nobody else looks at it, and to write it takes time
        context = {"connection": self, "cursor": None}
        found: list[Any] = self._execute_entered(execute, told, None, False, context)
        return found

    def _exchange(
        self, message: Sequence[bytes | Kept], told: str, params: None, many: bool, context: dict[str, Any]
    ) -> list[Any]:
        begun = monotonic()
        with self.wrap_database_errors:
            results = exchange(self.connection, message)
        if self.queries_logged:
            self.queries_log.append({"sql": _as_text(message), "time": f"{monotonic() - begun:.3f}"})
        return results

    def _enter(self, scope: Scope) -> None:
        if self.connection is None:
            return
        ahead = ahead_of(self.connection)
        begun = self.connection.info.transaction_status != TransactionStatus.IDLE
        if not begun and BEGIN not in ahead.statements:
            # a COMMIT or ROLLBACK written by hand ended the transaction behind Django's back
            ahead.add(BEGIN)
            self._entered = None
        if self._entered == scope:
            return
        if self.needs_rollback:
            return  # PostgreSQL refuses every statement of an aborted transaction by itself
        ahead.add(prepared_on(self.connection).scopeless(_entering(scope)))
        self._entered = scope

    def notify_unscoped(self, channel: str, payload: str) -> None:
        """Send a NOTIFY as one statement of its own, outside any transaction, not waiting for the disk.

        Payloads carry ids only: roles do not protect channels. Must not be called inside a transaction.
        """
        self.ensure_connection()
        if not self.get_autocommit():
            raise transaction.TransactionManagementError("notify_unscoped belongs after the commit")
        with self.wrap_database_errors, self.connection.cursor() as cursor:
            cursor.execute(*hint(channel, payload))

    def notify_at_commit(self, channel: str, payload: str) -> None:
        """As notify_unscoped, in the message that commits the running transaction, behind the commit.

        One that cannot be sent is logged, nothing else: the transaction stands. A rollback forgets it, as one to a
        savepoint does; whoever hears of something looks whether it is there all the same.
        """
        self._hints.append(hint(channel, payload))

    def new_mark(self) -> str:
        """A setting for one statement of the running transaction to put something into, which its hint then says.

        They are few, for a session keeps them: of more than that in one transaction the last are told.
        """
        self._marks = (self._marks + 1) % 16
        return f"tessera.mark_{self._marks}"

    def notify_mark_at_commit(self, channel: str, payload: str, mark: str) -> None:
        """As notify_at_commit; behind the payload comes what is in the setting `mark` then."""
        self._hints.append(marked_hint(channel, payload, mark))

    def write_at_commit(self, sql: str, params: Sequence[Any]) -> bool:
        """Run it in the message that commits the running transaction; whether it will be.

        Not where a savepoint is open, which may be undone without the transaction: the caller then runs it itself.
        Where it fails, the commit raises what it raised, and nothing of the transaction stands.
        """
        if len(self.atomic_blocks) != 1:
            return False
        self._lasts.append(Unheard(sql, params))
        return True

    def write_ahead(self, statements: Sequence[bytes | Kept]) -> None:
        """Send these writes in front of the next statement, at the latest COMMIT; a transaction must be open.

        Where they are refused, Lost is raised there, and the transaction cannot be committed any more.
        """
        self._enter(current())
        self._ahead.add_writes(statements)

    @property
    def _writes_wait(self) -> bool:
        return self.connection is not None and self._ahead.holds_writes

    def _send_writes(self) -> None:
        """By themselves: what is asked next must see them, and its error not be taken for theirs."""
        waiting = self._ahead.take()
        try:
            with self.wrap_database_errors:
                exchange(self.connection, waiting)
        except DatabaseError as error:
            prepared_on(self.connection).failed(error.__cause__, behind=None)
            self.needs_rollback = True
            self.raise_lost(error)

    def raise_lost(self, error: DatabaseError) -> NoReturn:
        """Raise Lost, or what a second time would not mend; whoever hears it, the transaction is not committed."""
        self.refused = Lost(str(error)) if is_lost(error) else error
        raise self.refused from error.__cause__

    # Whatever may end the transaction or undo part of it makes us forget what was entered.

    def get_connection_params(self) -> dict[str, Any]:
        """Django's, with the cursor whose statements take along what waits, and the quick reader of moments."""
        found = super().get_connection_params()
        if self.timezone is UTC:
            found["context"] = with_moments(found["context"])
        return {**found, "cursor_factory": Cursor}

    def _set_autocommit(self, autocommit: bool) -> None:
        """The driver's connection never begins a transaction itself: BEGIN goes ahead of the first statement."""
        self._entered = None
        if self.connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            # what was to end the last transaction was never sent: nothing of it may stand with the next
            with self.wrap_database_errors:
                self.connection.rollback()
        if not self.connection.autocommit:
            with self.wrap_database_errors:
                self.connection.autocommit = True
        self._ahead.clear()
        if not autocommit:
            self.refused = None
            self._ahead.add(BEGIN)

    @property
    def _ahead(self) -> Ahead:
        return ahead_of(self.connection)

    def _savepoint(self, sid: str) -> None:
        self._were[sid] = len(self._hints), len(self._lasts)
        if self._ahead.statements == [BEGIN]:
            self._same[sid] = _TRANSACTION
            return
        waiting = self._ahead.last_savepoint()
        if waiting is None:
            self._ahead.add_savepoint(sid, self.ops.savepoint_create_sql(sid).encode())
        else:
            self._same[sid] = waiting

    def _savepoint_commit(self, sid: str) -> None:
        if self._same.pop(sid, None) is not None:
            return
        if not self._ahead.take_back(self.ops.savepoint_create_sql(sid).encode()):
            self._ahead.add(self.ops.savepoint_commit_sql(sid).encode())

    def _savepoint_rollback(self, sid: str) -> None:
        hints, lasts = self._were.get(sid, (len(self._hints), len(self._lasts)))
        del self._hints[hints:], self._lasts[lasts:]
        sid = self._same.get(sid, sid)
        if sid == _TRANSACTION:
            self._begin_anew()
        elif not self._ahead.cut_after(self.ops.savepoint_create_sql(sid).encode()):
            super()._savepoint_rollback(sid)

    def _begin_anew(self) -> None:
        """Undo all of the transaction and begin it again."""
        if self.connection.info.transaction_status != TransactionStatus.IDLE:
            with debug_transaction(self, "ROLLBACK"), self.wrap_database_errors:
                send(self.connection, [b"ROLLBACK"])
        self._ahead.clear()
        self._ahead.add(BEGIN)

    def commit(self) -> None:
        if self.refused is not None:
            raise self.refused  # whoever heard it has kept it to themselves
        if self._lasts:
            self._enter(current())  # what waits goes ahead of them
        elif not self._writes_wait:
            self._leave()
        super().commit()
        self._leave()

    def rollback(self) -> None:
        self._hints.clear()
        self._lasts.clear()
        self._leave()
        super().rollback()

    def _commit(self) -> None:
        hints, self._hints = self._hints, []
        lasts, self._lasts = self._lasts, []
        status = None if self.connection is None else self.connection.info.transaction_status
        if status == TransactionStatus.INERROR:
            # PostgreSQL answers such a COMMIT by rolling back, and calls it no error
            raise transaction.TransactionManagementError(
                "a statement of this transaction failed: nothing of it stands"
            )
        waiting = self._writes_wait
        if status == TransactionStatus.IDLE and not (lasts or waiting):
            return
        if self.connection is None or not (hints or lasts or waiting):
            super()._commit()
            return
        try:
            with debug_transaction(self, "COMMIT"), self.wrap_database_errors:
                commit_with(self.connection, ahead=self._ahead.take(), lasts=lasts, hints=hints)
        except DatabaseError as error:
            prepared_on(self.connection).failed(error.__cause__, behind=None)
            if not waiting:
                raise
            self.raise_lost(error)

    def savepoint_rollback(self, sid: str) -> None:
        self._entered = None
        super().savepoint_rollback(sid)

    def close(self) -> None:
        self._hints.clear()
        self._lasts.clear()
        self._leave()
        super().close()

    def _leave(self) -> None:
        """Nothing that waits matters to a transaction that ends, or was never begun."""
        self._entered = None
        self._same.clear()
        self._were.clear()
        if self.connection is not None:
            self._ahead.clear()
