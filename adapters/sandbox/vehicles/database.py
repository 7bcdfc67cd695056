"""The vehicle office's database (机动车综合管理数据库): vehicles by number plate, and the fines that were decided.

Read by SQL with a role that may read and nothing else. Every column beyond plate, owner, address and the number of a payment notice is a
canary. A fine is issued to the treasury as a payment notice and is settled when the treasury says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Request, Response

from adapters.sandbox.canaries import make_canary, make_identity_canary, make_phone_canary
from adapters.sandbox.context import NOTICE_ISSUED, NOTICE_SETTLED, SandboxContext
from adapters.sandbox.office import Binding, Place
from adapters.sandbox.registries import Registry, add_registry_control, name_database
from adapters.sandbox.routing import Handler, Router, answer_json, read_control
from adapters.sandbox.utilities.seeds import BEIJING
from services.ports import Clock

NAME = "vehicles"
DATABASE = "vehicles"
DEPARTMENT = ("104001", "演示市公安局交通管理支队")
VALID = timedelta(days=60)
TABLES: Mapping[str, str] = {
    "vehicles": (
        "CREATE TABLE IF NOT EXISTS vehicles (plate_no VARCHAR(16) PRIMARY KEY, owner_name VARCHAR(100) NOT NULL,"
        " owner_address VARCHAR(200) NOT NULL, owner_identity_no VARCHAR(18) NOT NULL, owner_phone VARCHAR(11) NOT NULL,"
        " vin VARCHAR(17) NOT NULL, engine_no VARCHAR(20) NOT NULL)"
    ),
    "fines": (
        "CREATE TABLE IF NOT EXISTS fines (notice_no VARCHAR(40) PRIMARY KEY, plate_no VARCHAR(16) NOT NULL REFERENCES"
        " vehicles (plate_no), offence VARCHAR(10) NOT NULL, happened_at TIMESTAMP NOT NULL, decided_on DATE,"
        " expires_on DATE NOT NULL, fine_fen INTEGER NOT NULL, settled_at VARCHAR(40), receipt_no VARCHAR(40),"
        " officer VARCHAR(40) NOT NULL, camera_no VARCHAR(40) NOT NULL, decision_no VARCHAR(40) NOT NULL)"
    ),
}
OFFENCES: tuple[tuple[str, str, int], ...] = (
    ("1344", "机动车违反禁令标志指示", 10_000),
    ("1636", "机动车超速百分之二十以上未达百分之五十", 20_000),
    ("1039", "违反规定停放车辆", 15_000),
    ("1625", "机动车不按交通信号灯规定通行", 20_000),
)
"""Codes of GA/T 16.31, what they are, and the fine in fen."""
_VEHICLES = (
    ("京A10086", "王小明", "演示市东城区和平里西街12号院3号楼2单元501室", 2),
    ("京AD10087", "李秀英", "演示市朝阳区团结湖南里8号楼1门302室", 1),
    ("京N10088", "欧阳建国", "演示市西城区百万庄中里6号院4号楼3单元102室", 0),
)


class VehicleDatabase:
    """Vehicles and fines, seeded once; every open fine is told to the treasury at each start."""

    def __init__(self, registry: Registry, clock: Clock, tell: Callable[[str, Mapping[str, Any]], None]) -> None:
        self._registry = registry
        self._clock = clock
        self._tell = tell
        if not registry.read("SELECT 1 AS one FROM vehicles LIMIT 1"):
            for plate_no, name, address, fines in _VEHICLES:
                self.enter_vehicle(plate_no, name, address)
                for _ in range(fines):
                    self._enter_fine(plate_no)
        for fine in registry.read("SELECT * FROM fines WHERE settled_at IS NULL ORDER BY notice_no"):
            self._issue(fine)

    def enter_vehicle(self, plate_no: str, name: str, address: str) -> None:
        """Add a vehicle, or change its owner."""
        values = {
            "plate_no": plate_no,
            "owner_name": name,
            "owner_address": address,
            "owner_identity_no": make_identity_canary(plate_no),
            "owner_phone": make_phone_canary(plate_no),
            "vin": make_canary("LVHTEST", plate_no),
            "engine_no": make_canary("FD", plate_no),
        }
        with self._registry.change() as connection:
            updated = connection.execute(
                text("UPDATE vehicles SET owner_name = :name, owner_address = :address WHERE plate_no = :plate_no"),
                {"name": name, "address": address, "plate_no": plate_no},
            )
            if not updated.rowcount and not _is_known(connection, plate_no):
                connection.execute(
                    text(
                        "INSERT INTO vehicles VALUES (:plate_no, :owner_name, :owner_address, :owner_identity_no,"
                        " :owner_phone, :vin, :engine_no)"
                    ),
                    values,
                )

    def fine(self, plate_no: str) -> dict[str, Any]:
        """The office decides on one more offence: which one follows from how many there were. Raises ``LookupError``."""
        if not self._registry.read("SELECT 1 AS one FROM vehicles WHERE plate_no = :plate", plate=plate_no):
            raise LookupError("no such vehicle")
        fine = self._enter_fine(plate_no)
        self._issue(fine)
        return fine

    def _enter_fine(self, plate_no: str) -> dict[str, Any]:
        now = self._clock.now().astimezone(BEIJING)
        with self._registry.change() as connection:
            count = int(connection.execute(text("SELECT count(*) FROM fines")).scalar_one())
            code, _, fen = OFFENCES[count % len(OFFENCES)]
            notice_no = f"110101{now:%Y%m%d}{count + 1:06d}"
            fine = {
                "notice_no": notice_no,
                "plate_no": plate_no,
                "offence": code,
                "happened_at": (now - timedelta(days=9)).replace(tzinfo=None, microsecond=0),
                "decided_on": now.date(),
                "expires_on": now.date() + VALID,
                "fine_fen": fen,
                "officer": make_canary("民警", notice_no, 6),
                "camera_no": make_canary("DJ", notice_no),
                "decision_no": make_canary("JD", notice_no),
            }
            connection.execute(
                text(
                    "INSERT INTO fines (notice_no, plate_no, offence, happened_at, decided_on, expires_on, fine_fen,"
                    " officer, camera_no, decision_no) VALUES (:notice_no, :plate_no, :offence, :happened_at, :decided_on,"
                    " :expires_on, :fine_fen, :officer, :camera_no, :decision_no)"
                ),
                fine,
            )
        return fine

    def _issue(self, fine: Mapping[str, Any]) -> None:
        words = {code: name for code, name, _ in OFFENCES}
        item = {
            "no": 1,
            "item_id": "104001001",
            "item_name": f"交通违法罚款（{words[fine['offence']]}）",
            "fee_fen": fine["fine_fen"],
            "overdue_fen": 0,
            "penalty_fen": 0,
        }
        notice = {
            "notice_no": fine["notice_no"],
            "department_code": DEPARTMENT[0],
            "department_name": DEPARTMENT[1],
            "payer": fine["plate_no"],
            "identity_number": make_identity_canary(fine["plate_no"]),
            "created_on": fine["decided_on"].isoformat(),
            "expires_on": fine["expires_on"].isoformat(),
            "items": [item],
        }
        self._tell(NOTICE_ISSUED, notice)

    def settle(self, told: Mapping[str, Any]) -> None:
        """The treasury says that a notice is paid."""
        with self._registry.change() as connection:
            connection.execute(
                text(
                    "UPDATE fines SET settled_at = :at, receipt_no = :receipt_no WHERE notice_no = :notice_no"
                    " AND settled_at IS NULL"
                ),
                {"at": told["paid_at"], "receipt_no": told["receipt_no"], "notice_no": told["notice_no"]},
            )

    def list_settled(self) -> list[dict[str, Any]]:
        """Fines that are paid, in the words that the control of every payee uses."""
        return self._registry.read(
            "SELECT receipt_no AS reference, fine_fen AS amount_fen, notice_no AS bill_no, plate_no AS household_no,"
            " settled_at AS booked_at FROM fines WHERE settled_at IS NOT NULL ORDER BY notice_no"
        )

    def list_canaries(self) -> list[str]:
        """Every text in the columns that no service reads."""
        return [
            *self._registry.list_column("vehicles", ("owner_identity_no", "owner_phone", "vin", "engine_no")),
            *self._registry.list_column("fines", ("officer", "camera_no", "decision_no")),
        ]


def _is_known(connection: Any, plate_no: str) -> bool:
    found = connection.execute(text("SELECT 1 FROM vehicles WHERE plate_no = :plate"), {"plate": plate_no})
    return found.first() is not None


def open_registry(server_url: str, credentials: Mapping[str, str]) -> Registry:
    """The office's own database."""
    return Registry(server_url, DATABASE, credentials["reader"], credentials["password"], TABLES)


def create_vehicles(
    registry: Registry, clock: Clock, tell: Callable[[str, Mapping[str, Any]], None]
) -> tuple[Router, VehicleDatabase]:
    """What a tester does to the database, as a WSGI application."""
    database = VehicleDatabase(registry, clock, tell)
    router = Router()
    router.add("POST", "/_sandbox/households", _guard(lambda request: _enter_vehicle(database, request)))
    router.add("POST", "/_sandbox/bills", _guard(lambda request: _fine(database, request)))
    router.add("GET", "/_sandbox/write-offs", lambda _: answer_json(database.list_settled()))
    add_registry_control(router, registry, database.list_canaries)
    return router, database


def _guard(handler: Callable[[Request], Response]) -> Handler:
    def handle(request: Request) -> Response:
        try:
            return handler(request)
        except LookupError:
            return answer_json({"error": "no_such_household"}, 404)
        except (ValueError, SQLAlchemyError):
            return answer_json({"error": "bad_request"}, 400)

    return handle


def _enter_vehicle(database: VehicleDatabase, request: Request) -> Response:
    given = _read(request, {"household_no", "name", "address"})
    database.enter_vehicle(given["household_no"], given["name"], given["address"])
    return answer_json({"household_no": given["household_no"]}, 201)


def _fine(database: VehicleDatabase, request: Request) -> Response:
    fine = database.fine(_read(request, {"household_no"}, frozenset({"period"}))["household_no"])
    return answer_json({"bill_no": fine["notice_no"], "amount_fen": fine["fine_fen"]}, 201)


def _read(request: Request, required: set[str], optional: frozenset[str] = frozenset()) -> dict[str, str]:
    given = read_control(request, required, optional)
    if given is None or not all(isinstance(value, str) and value for value in given.values()):
        raise ValueError("not the expected texts")
    return given


def build(context: SandboxContext) -> Router:
    """From a sandbox context."""
    registry = open_registry(context.registries_url, context.credentials[NAME])
    context.closers.append(registry.close)
    router, database = create_vehicles(registry, context.clock, context.tell)
    context.listen(NOTICE_SETTLED, database.settle)
    return router


def bind(place: Place) -> Binding:
    """The database's own address; whoever reads says as whom."""
    credentials = place.credentials
    return Binding(
        secrets={"password": credentials["password"]},
        options={"reader": credentials["reader"]},
        url=name_database(place.registries_url, DATABASE),
    )
