"""The power company's prepaid meters (预付费电表): REST with JSON, user and password, money as yuan text.

There are no bills: money is put on a meter, and a meter with an IC card has it only when the card was written at a machine. Answers
hold canaries (idCardNo, phone, cardNo, writeCode) that no service needs, and the balance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.applications.book import Refused
from adapters.sandbox.applications.desk import Desk
from adapters.sandbox.applications.locks import ask_password
from adapters.sandbox.applications.speech import StatusSpeech, read_fields
from adapters.sandbox.canaries import make_canary, make_identity_canary, make_phone_canary
from adapters.sandbox.routing import Router, answer_json, read_control
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.utilities.prices import read_yuan, write_yuan
from adapters.sandbox.utilities.seeds import BEIJING
from services.ports import Clock

OPERATIONS = ("meter", "recharge", "find_recharge")
CODES = ("NO_SUCH_METER", "NO_SUCH_RECHARGE", "METER_LOCKED", "AMOUNT_OUT_OF_RANGE", "SERIAL_REUSED", "BAD_REQUEST")
LEAST_FEN, MOST_FEN = 1_000, 500_000
_SEEDS = (
    ("30086001", "王小明", "青云市石榴区槐荫路8号2幢1单元301室", 5_630),
    ("30086002", "李秀英", "青云市石榴区槐荫路8号2幢1单元402室", 210),
    ("30086003", "欧阳建国", "青云市河东区柳巷15号", 1_899),
)
_ORDER: Mapping[str, str | type] = {
    "serialNo": r"[0-9A-Za-z_\-]{1,64}",
    "meterNo": r"[0-9A-Za-z\-]{1,35}",
    "amountYuan": r"[0-9]{1,9}(\.[0-9]{1,2})?",
    "payTime": r"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}",
    "channel": r"[a-z]{1,20}",
}
_NUMBER = re.compile(r"[0-9A-Za-z\-]{1,35}")


class PowerCompany:
    """Meters and what was put on them, on a shelf. A serial number puts money on a meter once, however often it is sent."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock
        with shelf.change():
            for number, name, address, balance_fen in _SEEDS if not shelf.all("meter") else ():
                self.enter_meter(number, name, address, balance_fen)

    def enter_meter(self, number: str, name: str, address: str, balance_fen: int = 0) -> None:
        """Add a meter, or change its holder."""
        known = self._shelf.get("meter", number) or {"balance_fen": balance_fen}
        meter = {"number": number, "name": name, "address": address, "balance_fen": known["balance_fen"]}
        self._shelf.put("meter", number, meter)

    def show_meter(self, _request: Request, number: str) -> dict[str, Any]:
        """``GET /api/v1/meters/<number>``."""
        meter = self._find_meter(number)
        return {
            "meterNo": number,
            "userName": meter["name"],
            "address": meter["address"],
            "meterType": "IC",
            "balanceYuan": write_yuan(meter["balance_fen"]),
            "idCardNo": make_identity_canary(number),
            "phone": make_phone_canary(number),
            "cardNo": make_canary("DK", number),
        }

    def recharge(self, request: Request) -> dict[str, Any]:
        """``POST /api/v1/recharges``."""
        order = read_fields(request, _ORDER)
        amount_fen = _read_amount(order["amountYuan"])
        _read_time(order["payTime"])
        with self._shelf.change():
            known = self._shelf.get("recharge", order["serialNo"])
            if known is not None:
                if known["order"] != order:
                    raise Refused("SERIAL_REUSED")
                return self._show_recharge(known)
            meter = self._find_meter(order["meterNo"])
            if not LEAST_FEN <= amount_fen <= MOST_FEN:
                raise Refused("AMOUNT_OUT_OF_RANGE")
            self._shelf.put("meter", meter["number"], meter | {"balance_fen": meter["balance_fen"] + amount_fen})
            entry = self._enter_recharge(order, amount_fen)
        return self._show_recharge(entry)

    def _enter_recharge(self, order: Mapping[str, Any], amount_fen: int) -> dict[str, Any]:
        now = self._clock.now().astimezone(BEIJING)
        reference = f"DL{now:%Y%m%d}{len(self._shelf.all('recharge')) + 1:08d}"
        entry = {"reference": reference, "order": order, "amount_fen": amount_fen, "booked_at": now.isoformat()}
        self._shelf.put("recharge", order["serialNo"], entry)
        return entry

    def find_recharge(self, _request: Request, serial: str) -> dict[str, Any]:
        """``GET /api/v1/recharges/<serial>``."""
        entry = self._shelf.get("recharge", serial)
        if entry is None:
            raise Refused("NO_SUCH_RECHARGE")
        return self._show_recharge(entry)

    def _find_meter(self, number: str) -> dict[str, Any]:
        meter = self._shelf.get("meter", number)
        if meter is None:
            raise Refused("NO_SUCH_METER")
        return meter

    def _show_recharge(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        order = entry["order"]
        return {
            "status": "ACCEPTED",
            "rechargeNo": entry["reference"],
            "serialNo": order["serialNo"],
            "meterNo": order["meterNo"],
            "amountYuan": write_yuan(entry["amount_fen"]),
            "writeCode": make_canary("", entry["reference"], 20),
        }

    def control_household(self, request: Request) -> Response:
        """``POST /_sandbox/households {household_no, name, address}``: a meter."""
        given = read_control(request, {"household_no", "name", "address"})
        if given is None or _NUMBER.fullmatch(str(given["household_no"])) is None:
            return answer_json({"error": "bad_request"}, 400)
        self.enter_meter(str(given["household_no"]), str(given["name"]), str(given["address"]))
        return answer_json({"household_no": given["household_no"]}, 201)

    def list_canaries(self) -> Iterator[str]:
        """Everything about a meter and a recharge that no service takes."""
        for meter in self._shelf.all("meter"):
            number = meter["number"]
            yield from (make_identity_canary(number), make_phone_canary(number), make_canary("DK", number))
        yield from (make_canary("", entry["reference"], 20) for entry in self._shelf.all("recharge"))

    def list_write_offs(self) -> list[dict[str, Any]]:
        """Recharges in the words that the control of every payee uses; a meter has no bills."""
        return [
            {
                "reference": entry["reference"],
                "amount_fen": entry["amount_fen"],
                "sequence_no": entry["order"]["serialNo"],
                "bill_no": "",
                "household_no": entry["order"]["meterNo"],
                "booked_at": entry["booked_at"],
            }
            for entry in self._shelf.all("recharge")
        ]


def create_power(shelf: Shelf, clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The company as a WSGI application; ``credentials`` holds user and password."""
    company = PowerCompany(shelf, clock)
    desk = Desk(StatusSpeech({"NO_SUCH_METER": 404, "NO_SUCH_RECHARGE": 404}), OPERATIONS, CODES, company.list_canaries)
    lock = ask_password(credentials["user"], credentials["password"])
    desk.open("GET", "/api/v1/meters/<number>", "meter", lock, company.show_meter)
    desk.open("POST", "/api/v1/recharges", "recharge", lock, company.recharge)
    desk.open("GET", "/api/v1/recharges/<serial>", "find_recharge", lock, company.find_recharge)
    desk.router.add("POST", "/_sandbox/households", company.control_household)
    desk.router.add("GET", "/_sandbox/write-offs", lambda _: answer_json(company.list_write_offs()))
    return desk.router


def _read_time(text: str) -> None:
    """A time in Beijing. Raises ``Refused("BAD_REQUEST")`` for one that does not exist."""
    try:
        datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    except ValueError:
        raise Refused("BAD_REQUEST") from None


def _read_amount(text: str) -> int:
    """Fen of a positive yuan text. Raises ``Refused("BAD_REQUEST")``."""
    amount_fen = read_yuan(text)
    if not amount_fen:
        raise Refused("BAD_REQUEST")
    return amount_fen
