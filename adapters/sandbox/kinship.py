"""Kinship in the population register: who is registered as whose parent. Answers hold the number of the household book, which is a canary."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing

from werkzeug.wrappers import Request, Response

from adapters.sandbox.applications.persons import KINSHIP
from adapters.sandbox.canaries import make_canary
from adapters.sandbox.routing import answer_json, read_control

_TABLE = "CREATE TABLE IF NOT EXISTS kinship (parent TEXT, child TEXT, PRIMARY KEY (parent, child)) STRICT"
_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]")


class Kinship:
    """The register's part for families, in its own database, seeded once. ``connect`` opens that database."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        with closing(connect()) as connection:
            known = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'kinship'").fetchone()
            connection.execute(_TABLE)
        self.is_new = known is None
        for parent, child in KINSHIP if self.is_new else ():
            self.enter(parent, child)

    def enter(self, parent: str, child: str) -> None:
        """Register a parent of a child; a second time changes nothing."""
        with closing(self._connect()) as connection:
            connection.execute("INSERT INTO kinship VALUES (?, ?) ON CONFLICT DO NOTHING", (parent, child))

    def strike(self, parent: str, child: str) -> None:
        """Take the entry out again (an adoption, an error)."""
        with closing(self._connect()) as connection:
            connection.execute("DELETE FROM kinship WHERE parent = ? AND child = ?", (parent, child))

    def tell(self, parent: str, child: str) -> dict[str, str]:
        """The answer to a question about two who are known."""
        with closing(self._connect()) as connection:
            found = connection.execute("SELECT 1 FROM kinship WHERE parent = ? AND child = ?", (parent, child))
            relation = "NONE" if found.fetchone() is None else "PARENT"
        return {"relation": relation, "householdBookNo": _book_of(child)}

    def list_canaries(self) -> list[str]:
        """The numbers of the books of everybody who has a parent here."""
        return sorted({_book_of(child) for _, child in self._list()})

    def list_all(self, _request: Request) -> Response:
        """``GET /_sandbox/kinship``: every pair ``{parent_number, child_number}``."""
        return answer_json([{"parent_number": parent, "child_number": child} for parent, child in self._list()])

    def control(self, request: Request) -> Response:
        """``POST /_sandbox/kinship {parent_number, child_number, related}``."""
        told = read_control(request, {"parent_number", "child_number", "related"})
        numbers = [str(told[name]) for name in ("parent_number", "child_number")] if told else []
        if told is None or not all(map(_NUMBER.fullmatch, numbers)) or not isinstance(told["related"], bool):
            return answer_json({"error": "bad_request"}, 400)
        (self.enter if told["related"] else self.strike)(*numbers)
        return answer_json(told, 201)

    def _list(self) -> list[tuple[str, str]]:
        with closing(self._connect()) as connection:
            return connection.execute("SELECT parent, child FROM kinship ORDER BY rowid").fetchall()


def _book_of(child: str) -> str:
    return make_canary("HB", child)
