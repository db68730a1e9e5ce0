"""The database wrapper: a session never carries a chain.

Every statement runs inside a transaction whose search path and role were set by one
`set_config(…, true)` for exactly the scope that is active (chains.scope). Whatever ends or rolls
back a transaction also ends the path and the role, in PostgreSQL itself, so a pooled connection or
a transaction-mode pooler cannot hand one chain's path to another. A raw connection sees nothing:
the login has no rights of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.utils import DatabaseError
from django_tenants.postgresql_backend import base as stock
from psycopg.pq import TransactionStatus

from chains.scope import PUBLIC, Scope, current

# Sent as they are: a rollback to a savepoint must reach an aborted transaction, where nothing else may.
_SAVEPOINTS = ("SAVEPOINT ", "ROLLBACK TO SAVEPOINT ", "RELEASE SAVEPOINT ")
_ENTER = "SELECT set_config('search_path', %s, true), set_config('role', %s, true)"


class ScopeNotEntered(DatabaseError):
    """Path and role could not be set, so the statement was not sent."""


class DatabaseWrapper(stock.DatabaseWrapper):
    """django-tenants' backend with transaction-local scope instead of session-level SET."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._entered: Scope | None = None
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
                self._enter(current())
                return execute(sql, params, many, context)
        if not (isinstance(sql, str) and sql.startswith(_SAVEPOINTS)):
            self._enter(current())
        try:
            return execute(sql, params, many, context)
        finally:
            if isinstance(sql, str) and sql.lstrip()[:8].upper() == "ROLLBACK":
                self._entered = None  # written by hand: what was set since the savepoint is undone

    def _enter(self, scope: Scope) -> None:
        if self.connection is None:
            return
        if self._entered == scope and self.connection.info.transaction_status != TransactionStatus.IDLE:
            return  # IDLE: a COMMIT or ROLLBACK written by hand ended the transaction behind Django's back
        if self.needs_rollback:
            return  # PostgreSQL refuses every statement of an aborted transaction by itself
        try:
            with self.connection.cursor() as cursor, self.wrap_database_errors:
                cursor.execute(_ENTER, (scope.search_path, scope.role))
        except DatabaseError as error:
            self._entered = None
            raise ScopeNotEntered(f"could not enter the scope of {scope.schema}: {error}") from error
        self._entered = scope

    def notify_unscoped(self, channel: str, payload: str) -> None:
        """Send a NOTIFY as one statement of its own, outside any transaction, not waiting for the disk.

        Payloads carry ids only: roles do not protect channels. Must not be called inside a transaction.
        """
        self.ensure_connection()
        if not self.get_autocommit():
            raise transaction.TransactionManagementError("notify_unscoped belongs after the commit")
        with self.wrap_database_errors, self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, %s)", (channel, payload)
            )

    # Whatever may end the transaction or undo part of it makes us forget what was entered.

    def _set_autocommit(self, autocommit: bool) -> None:
        self._entered = None
        super()._set_autocommit(autocommit)

    def commit(self) -> None:
        self._entered = None
        super().commit()

    def rollback(self) -> None:
        self._entered = None
        super().rollback()

    def savepoint_rollback(self, sid: str) -> None:
        self._entered = None
        super().savepoint_rollback(sid)

    def close(self) -> None:
        self._entered = None
        super().close()
