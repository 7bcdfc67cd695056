"""The social insurance centre's database (社会保险个人权益记录): insured persons and what was paid for them month by month.

Read by SQL with a role that may read and nothing else. Columns beyond what a person may look up about themselves are canaries. Amounts
are NUMERIC yuan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Request, Response

from adapters.sandbox.canaries import make_canary, make_phone_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Place
from adapters.sandbox.registries import Registry, add_registry_control, name_database
from adapters.sandbox.routing import Router, answer_json, read_control
from adapters.sandbox.utilities.seeds import BEIJING
from services.ports import Clock

NAME = "social-insurance"
DATABASE = "social_insurance"
TABLES: Mapping[str, str] = {
    "insured": (
        "CREATE TABLE IF NOT EXISTS insured (identity_number VARCHAR(18) PRIMARY KEY, name VARCHAR(100) NOT NULL,"
        " state VARCHAR(20) NOT NULL, joined_on DATE NOT NULL, months_paid INTEGER NOT NULL,"
        " account_balance NUMERIC(12, 2) NOT NULL, employer_canary VARCHAR(40) NOT NULL,"
        " bank_account_canary VARCHAR(40) NOT NULL, phone_canary VARCHAR(11) NOT NULL)"
    ),
    "contributions": (
        "CREATE TABLE IF NOT EXISTS contributions (voucher_canary VARCHAR(40) PRIMARY KEY, identity_number VARCHAR(18)"
        " NOT NULL REFERENCES insured (identity_number), kind VARCHAR(3) NOT NULL, paid_month VARCHAR(7) NOT NULL,"
        " base NUMERIC(12, 2) NOT NULL, personal NUMERIC(12, 2) NOT NULL, employer NUMERIC(12, 2) NOT NULL)"
    ),
}
KINDS: Mapping[str, tuple[Decimal, Decimal]] = {
    "110": (Decimal("0.08"), Decimal("0.16")),
    "210": (Decimal("0.005"), Decimal("0.005")),
    "310": (Decimal("0.02"), Decimal("0.098")),
}
"""Kinds of insurance by LD/T 92 (110 pension, 210 unemployment, 310 medical), with what the person and the employer pay of the base."""
_PERSONS = (
    ("110101199003070011", "王小明", date(2012, 7, 1), Decimal("9800.00")),
    ("110101198505120029", "李秀英", date(2008, 3, 1), Decimal("7420.00")),
    ("11010119621125003X", "欧阳建国", date(1990, 9, 1), Decimal("11200.00")),
)
_MONTHS = 12


class InsuranceDatabase:
    """Insured persons, seeded once with a year of contributions."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock
        if not registry.read("SELECT 1 AS one FROM insured LIMIT 1"):
            for number, name, joined_on, base in _PERSONS:
                self.enter_person(number, name, joined_on, base)

    def enter_person(self, identity_number: str, name: str, joined_on: date, base: Decimal) -> None:
        """Insure somebody. Raises ``SQLAlchemyError`` for somebody who is insured already."""
        today = self._clock.now().astimezone(BEIJING)
        months = (today.year - joined_on.year) * 12 + today.month - joined_on.month
        person = {
            "identity_number": identity_number,
            "name": name,
            "state": "insured",
            "joined_on": joined_on,
            "months_paid": months,
            "account_balance": _share(base * 12, KINDS["110"][0]),
            "employer": make_canary("示例单位", identity_number, 8),
            "bank_account": make_canary("6222", identity_number, 15),
            "phone": make_phone_canary(identity_number),
        }
        with self._registry.change() as connection:
            connection.execute(
                text(
                    "INSERT INTO insured VALUES (:identity_number, :name, :state, :joined_on, :months_paid,"
                    " :account_balance, :employer, :bank_account, :phone)"
                ),
                person,
            )
            connection.execute(
                text(
                    "INSERT INTO contributions VALUES (:voucher, :identity_number, :kind, :paid_month, :base, :personal,"
                    " :employer)"
                ),
                list(_list_contributions(identity_number, base, today)),
            )

    def list_canaries(self) -> list[str]:
        """Every text in the columns that no service reads."""
        columns = ("employer_canary", "bank_account_canary", "phone_canary")
        return [
            *self._registry.list_column("insured", columns),
            *self._registry.list_column("contributions", ("voucher_canary",)),
        ]


def _list_contributions(identity_number: str, base: Decimal, today: datetime) -> Iterator[dict[str, Any]]:
    """The twelve months before this one, each kind."""
    month = today.replace(day=1)
    for _ in range(_MONTHS):
        month = (month - timedelta(days=1)).replace(day=1)
        for kind, (personal, employer) in KINDS.items():
            yield {
                "voucher": make_canary("SB", f"{identity_number}{kind}{month:%Y-%m}", 14),
                "identity_number": identity_number,
                "kind": kind,
                "paid_month": f"{month:%Y-%m}",
                "base": base,
                "personal": _share(base, personal),
                "employer": _share(base, employer),
            }


def _share(base: Decimal, rate: Decimal) -> Decimal:
    return (base * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)


def open_registry(server_url: str, credentials: Mapping[str, str]) -> Registry:
    """The centre's own database."""
    return Registry(server_url, DATABASE, credentials["reader"], credentials["password"], TABLES)


def create_insurance(registry: Registry, clock: Clock) -> Router:
    """What a tester does to the database, as a WSGI application."""
    database = InsuranceDatabase(registry, clock)
    router = Router()
    router.add("POST", "/_sandbox/persons", lambda request: _enter_person(database, request))
    add_registry_control(router, registry, database.list_canaries)
    return router


def _enter_person(database: InsuranceDatabase, request: Request) -> Response:
    """``POST /_sandbox/persons {identity_number, name, joined_on, base_fen}``."""
    given = read_control(request, {"identity_number", "name", "joined_on", "base_fen"})
    if given is None or type(given["base_fen"]) is not int or given["base_fen"] <= 0:
        return answer_json({"error": "bad_request"}, 400)
    try:
        joined_on, base = date.fromisoformat(str(given["joined_on"])), Decimal(given["base_fen"]).scaleb(-2)
        database.enter_person(str(given["identity_number"]), str(given["name"]), joined_on, base)
    except (ValueError, SQLAlchemyError):
        return answer_json({"error": "bad_request"}, 400)
    return answer_json({"identity_number": given["identity_number"]}, 201)


def build(context: SandboxContext) -> Router:
    """From a sandbox context."""
    registry = open_registry(context.registries_url, context.credentials[NAME])
    context.closers.append(registry.close)
    return create_insurance(registry, context.clock)


def bind(place: Place) -> Binding:
    """The database's own address; whoever reads says as whom."""
    credentials = place.credentials
    return Binding(
        secrets={"password": credentials["password"]},
        options={"reader": credentials["reader"]},
        url=name_database(place.registries_url, DATABASE),
    )
