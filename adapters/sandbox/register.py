"""The population register: the address, the name and the phone of an identity number, and who is whose parent, for who holds its key.

Answers hold canaries (address, birthDate, householdBookNo) that no proof of identity or kinship needs.
"""

from __future__ import annotations

import hmac
import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from werkzeug.wrappers import Request, Response

from adapters.sandbox.applications.persons import RELATIVES
from adapters.sandbox.behaviour import Behaviours, arrange_from_request
from adapters.sandbox.canaries import add_canaries
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.kinship import Kinship
from adapters.sandbox.office_faults import WIRE, respond
from adapters.sandbox.routing import Router, answer_json, read_control

OPERATIONS: Mapping[str, frozenset[str]] = {"query": WIRE, "kinship": WIRE}
_TABLE = (
    "CREATE TABLE IF NOT EXISTS persons (identity_number TEXT PRIMARY KEY, name TEXT NOT NULL, phone TEXT NOT NULL,"
    " address TEXT NOT NULL, birth_date TEXT NOT NULL) STRICT"
)
_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SEEDS = (
    ("wang", "11010119900307001", "王小明", "13800138001"),
    ("li", "11010119850512002", "李秀英", "13800138002"),
    ("ouyang", "11010119621125003", "欧阳建国", "13800138003"),
)
_STORIES_OF_RELATIVES = ("wang_parent", "wang_child", "li_parent", "li_child")


def complete_identity_number(first_seventeen: str) -> str:
    """Append the check character (GB 11643, MOD 11-2) to the first 17 digits."""
    weighted = sum(int(digit) * weight for digit, weight in zip(first_seventeen, _WEIGHTS, strict=True))
    return first_seventeen + "10X98765432"[weighted % 11]


class Register:
    """The register as a WSGI application with its own database ``home/register.sqlite``, seeded at first start."""

    def __init__(self, home: Path, api_key: str) -> None:
        self._path = home / "register.sqlite"
        self._expected = f"Bearer {api_key}".encode()
        self._behaviours = Behaviours(OPERATIONS)
        home.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as connection:
            is_new = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'persons'").fetchone() is None
            connection.execute(_TABLE)
        for _, digits, name, phone in _SEEDS if is_new else ():
            self.enter_person(complete_identity_number(digits), name, phone)
        self.kinship = Kinship(self._connect)
        if self.kinship.is_new:
            for one in RELATIVES.values():
                self.enter_person(one.identity_number, one.name, one.phone)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=20, isolation_level=None)

    def enter_person(self, identity_number: str, name: str, phone: str) -> None:
        """Add a person, or change name and phone. The canaries follow from the number."""
        address = f"户籍地址{identity_number[-4:]}号"
        with closing(self._connect()) as connection:
            connection.execute(
                "INSERT INTO persons VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (identity_number) DO UPDATE SET name = excluded.name, phone = excluded.phone",
                (identity_number, name, phone, address, identity_number[6:14]),
            )

    def query(self, request: Request) -> Response:
        """``POST /register/query {identityNumber}``."""
        return self._answer(request, "query", ("identityNumber",), self._find)

    def ask_kinship(self, request: Request) -> Response:
        """``POST /register/kinship {parentNumber, childNumber}``: ``{relation: PARENT | NONE}`` for two who are both known."""
        return self._answer(request, "kinship", ("parentNumber", "childNumber"), self._relate)

    def _answer(
        self, request: Request, operation: str, fields: tuple[str, ...], act: Callable[..., Response]
    ) -> Response:
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), self._expected):
            return answer_json({"code": "UNAUTHORIZED"}, 401)
        numbers = _read_query(request.get_data(), fields)
        if numbers is None:
            return answer_json({"code": "BAD_REQUEST"}, 400)
        behaviour = self._behaviours.take(operation)
        return respond(behaviour, request, lambda: act(*numbers), lambda _: answer_json({"code": "SYSTEM"}, 500))

    def _relate(self, parent: str, child: str) -> Response:
        if self.name_of(parent) is None or self.name_of(child) is None:
            return answer_json({"code": "NO_SUCH_PERSON"}, 404)
        return answer_json(self.kinship.tell(parent, child))

    def _find(self, number: str) -> Response:
        with closing(self._connect()) as connection:
            row = connection.execute(
                "SELECT name, phone, address, birth_date FROM persons WHERE identity_number = ?", (number,)
            ).fetchone()
        if row is None:
            return answer_json({"code": "NO_SUCH_PERSON"}, 404)
        name, phone, address, birth_date = row
        return answer_json({"name": name, "phone": phone or None, "address": address, "birthDate": birth_date})

    def name_of(self, identity_number: str) -> str | None:
        """The name behind a number, for the emulators that ask the register by a line of their own."""
        with closing(self._connect()) as connection:
            row = connection.execute(
                "SELECT name FROM persons WHERE identity_number = ?", (identity_number,)
            ).fetchone()
        return row[0] if row else None

    def list_canaries(self) -> list[str]:
        """Addresses and household books; a birth date stands in the identity number too, which a citizen enters."""
        with closing(self._connect()) as connection:
            addresses = [row[0] for row in connection.execute("SELECT address FROM persons")]
        return addresses + self.kinship.list_canaries()

    def list_persons(self, _request: Request) -> Response:
        """``GET /_sandbox/persons``: everybody, with the name of the one who plays in the demo's stories, else empty."""
        stories = {complete_identity_number(digits): story for story, digits, _, _ in _SEEDS}
        stories |= dict(zip(RELATIVES, _STORIES_OF_RELATIVES, strict=True))
        with closing(self._connect()) as connection:
            rows = connection.execute("SELECT identity_number, name, phone FROM persons ORDER BY rowid").fetchall()
        return answer_json(
            [
                {"story": stories.get(number, ""), "real_name": name, "identity_number": number, "phone": phone}
                for number, name, phone in rows
            ]
        )

    def control_person(self, request: Request) -> Response:
        """``POST /_sandbox/persons {identity_number, name, phone}``."""
        given = read_control(request, {"identity_number", "name", "phone"})
        if given is None or _NUMBER.fullmatch(str(given["identity_number"])) is None:
            return answer_json({"error": "bad_request"}, 400)
        self.enter_person(str(given["identity_number"]), str(given["name"]), str(given["phone"]))
        return answer_json({"identity_number": given["identity_number"]}, 201)

    def control_behaviour(self, request: Request) -> Response:
        """``POST /_sandbox/control/behaviour``."""
        status, content = arrange_from_request(self._behaviours, request)
        return answer_json(content, status)


def build(context: SandboxContext) -> Router:
    """From a sandbox context."""
    return create_register(context.home, context.credentials["register"]["api_key"])


def create_register(home: Path, api_key: str) -> Router:
    """The population register as a WSGI application."""
    register = Register(home, api_key)
    router = Router()
    router.add("POST", "/register/query", register.query)
    router.add("POST", "/register/kinship", register.ask_kinship)
    router.add("GET", "/_sandbox/persons", register.list_persons)
    router.add("POST", "/_sandbox/persons", register.control_person)
    router.add("GET", "/_sandbox/kinship", register.kinship.list_all)
    router.add("POST", "/_sandbox/kinship", register.kinship.control)
    add_canaries(router, register.list_canaries)
    router.add("POST", "/_sandbox/control/behaviour", register.control_behaviour)
    return router


def _read_query(body: bytes, fields: tuple[str, ...]) -> list[str] | None:
    """The identity numbers asked for, in the order of the fields; None if the body is not exactly these, each in its form."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict) or set(given) != set(fields):
        return None
    numbers = [given[name] for name in fields]
    return numbers if all(isinstance(one, str) and _NUMBER.fullmatch(one) for one in numbers) else None
