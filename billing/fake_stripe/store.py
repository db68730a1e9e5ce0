"""All state in one SQLite file. Whoever holds the store's lock has it alone, and all or nothing is kept."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Object = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL,
    customer TEXT, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, customer, seq);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL, made REAL NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """Objects by id, answers by idempotency key, webhooks to deliver, settings by name."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(str(path), check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(_TABLES)
        self._depth = 0

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Within the block nobody else reads or writes; an exception that leaves it undoes what it wrote."""
        with self._lock:
            point = f"p{self._depth}"
            self._db.execute("BEGIN IMMEDIATE" if self._depth == 0 else f"SAVEPOINT {point}")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                self._db.execute("ROLLBACK" if self._depth == 0 else f"ROLLBACK TO {point}")
                raise
            self._depth -= 1
            self._db.execute("COMMIT" if self._depth == 0 else f"RELEASE {point}")

    def put(self, item: Object) -> None:
        """Keep an object as it is now."""
        customer = item["id"] if item["object"] == "customer" else item.get("customer")
        with self._lock:
            self._db.execute(
                "INSERT INTO objects (id, kind, customer, body) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET body = excluded.body, customer = excluded.customer",
                (item["id"], item["object"], customer, json.dumps(item)),
            )

    def remove(self, key: str) -> None:
        """Forget an object."""
        with self._lock:
            self._db.execute("DELETE FROM objects WHERE id = ?", (key,))

    def get(self, key: str, kind: str | None = None) -> Object | None:
        """An object by its id; None where there is none of that kind."""
        with self._lock:
            row = self._db.execute("SELECT kind, body FROM objects WHERE id = ?", (key,)).fetchone()
        if row is None or (kind is not None and row[0] != kind):
            return None
        found: Object = json.loads(row[1])
        return found

    def all(self, kind: str, *, customer: str | None = None) -> list[Object]:
        """The objects of a kind, oldest first."""
        sql, values = "SELECT body FROM objects WHERE kind = ?", [kind]
        if customer is not None:
            sql, values = sql + " AND customer = ?", [kind, customer]
        with self._lock:
            rows = self._db.execute(sql + " ORDER BY seq", values).fetchall()
        return [json.loads(row[0]) for row in rows]

    def all_of(self, customer: str) -> list[Object]:
        """A customer and every object of it, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM objects WHERE customer = ? ORDER BY seq", (customer,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def answer(self, key: str) -> tuple[str, int, str, float] | None:
        """The kept answer of an idempotency key: fingerprint, status, body, when."""
        with self._lock:
            found: tuple[str, int, str, float] | None = self._db.execute(
                "SELECT fingerprint, status, body, made FROM answers WHERE key = ?", (key,)
            ).fetchone()
        return found

    def keep_answer(self, key: str, fingerprint: str, status: int, body: str, made: float) -> None:
        """Keep the answer of an idempotency key."""
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)",
                (key, fingerprint, status, body, made),
            )

    def queue(self, event: str, due: float) -> None:
        """Have an event delivered at a time."""
        with self._lock:
            self._db.execute("INSERT INTO deliveries (event, due) VALUES (?, ?)", (event, due))

    def due_deliveries(self, now: float) -> list[tuple[int, str, int]]:
        """What is to be delivered by now: number, event, attempts so far."""
        with self._lock:
            return self._db.execute(
                "SELECT id, event, attempts FROM deliveries WHERE due <= ? ORDER BY due, id", (now,)
            ).fetchall()

    def put_off(self, delivery: int, due: float) -> None:
        """Try a delivery again at a time."""
        with self._lock:
            self._db.execute(
                "UPDATE deliveries SET due = ?, attempts = attempts + 1 WHERE id = ?", (due, delivery)
            )

    def delivered(self, delivery: int) -> None:
        """A delivery is done, or given up."""
        with self._lock:
            self._db.execute("DELETE FROM deliveries WHERE id = ?", (delivery,))

    def setting(self, name: str, default: Any = None) -> Any:
        """A setting's value."""
        with self._lock:
            row = self._db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def set(self, name: str, value: Any) -> None:
        """Change a setting."""
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))
