"""What an emulator remembers: JSON documents by kind and key, in memory and in one SQLite file under the sandbox's home.

A restarted sandbox keeps its orders. Nothing here is shared with the gateway's store: the platforms are other people's
computers.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Shelf:
    """Documents under one lock. ``with shelf.change():`` makes several reads and writes one step for other threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS documents (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key))"
        )

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the lock; writes inside are committed together at the end, or not at all if an exception leaves the block."""
        with self._lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self._connection.execute("BEGIN IMMEDIATE")
                yield
            except BaseException:
                if self._depth == 1:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """A copy of one document, or None."""
        with self._lock:
            row = self._connection.execute(
                "SELECT body FROM documents WHERE kind = ? AND key = ?", (kind, key)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, key: str, document: dict[str, Any]) -> None:
        """Store or replace one document."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO documents (kind, key, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                (kind, key, json.dumps(document, ensure_ascii=False)),
            )

    def remove(self, kind: str, key: str) -> None:
        """Forget one document."""
        with self._lock:
            self._connection.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Copies of all documents of a kind, in the order in which their keys were first stored."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT body FROM documents WHERE kind = ? ORDER BY rowid", (kind,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
