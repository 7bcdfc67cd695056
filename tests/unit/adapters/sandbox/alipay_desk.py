"""An emulated Alipay in the test's own process, and a merchant in front of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.test import Client

from adapters.sandbox.alipay.app import build
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.notices import NoticeScheduler
from adapters.sandbox.portal import open_portal
from adapters.sandbox.shelf import Shelf
from tests.alipay_merchant import PlainMerchant, StillClock


@dataclass(frozen=True)
class AlipayDesk:
    """The emulator, its clock, and merchants by account."""

    client: Client
    clock: StillClock
    merchants: Mapping[str, PlainMerchant]
    notices: NoticeScheduler
    context: SandboxContext

    def close(self) -> None:
        """Stop sending and close what is open."""
        self.notices.stop()
        for shelf in self.context.shelves:
            shelf.close()

    @property
    def app_id(self) -> str:
        return str(self.merchants["gas-alipay"].entry["app_id"])

    def tell(self, target: str, content: dict[str, Any], status: int = 200) -> Any:
        """POST JSON to a phone or control endpoint."""
        response = self.client.post(target, json=content)
        assert response.status_code == status, response.text
        return response.get_json()

    def arrange(self, operation: str, behaviour: str, **more: object) -> None:
        self.tell("/_sandbox/control/behaviour", {"operation": operation, "behaviour": behaviour, **more})

    def introduce(self, user: str = "wang") -> str:
        """The id of a person who is known from now on, in the application's model."""
        (person,) = self.tell("/_sandbox/control/people", {"app_id": self.app_id, "user": user}).values()
        return str(person)

    def order_content(self, number: str = "P000001", /, **changes: object) -> dict[str, object]:
        merchant = self.merchants["gas-alipay"]
        content: dict[str, object] = {
            "out_trade_no": number, "total_amount": "86.40", "subject": "公共服务缴费", "product_code": "JSAPI_PAY",
            "op_app_id": self.app_id, "buyer_open_id": self.introduce(), "seller_id": merchant.entry["seller_id"],
            "timeout_express": "15m",
        }  # fmt: skip
        return {name: value for name, value in (content | changes).items() if value is not None}

    def create(self, number: str = "P000001", /, **changes: object) -> dict[str, Any]:
        """Ask for an order; ``notify_url`` is a common parameter."""
        notify_url = str(changes.pop("notify_url", "http://127.0.0.1:9/notices/gas-alipay"))
        content = self.order_content(number, **changes)
        return self.merchants["gas-alipay"].ask("alipay.trade.create", content, notify_url=notify_url)

    def ask(self, method: str, **content: object) -> dict[str, Any]:
        return self.merchants["gas-alipay"].ask(method, content)

    def pay(self, trade_no: str, user: str = "wang") -> str:
        return str(self.tell("/_sandbox/phone/pay", {"user": user, "tradeNO": trade_no})["resultCode"])

    def paid(self, number: str = "P000001", /, **changes: object) -> dict[str, Any]:
        made = self.create(number, **changes)
        assert made["code"] == "10000", made
        assert self.pay(made["trade_no"]) == "9000"
        return made


def open_desk(home: Path, portal: Path) -> AlipayDesk:
    """An emulator that remembers under ``home`` with the credentials of ``portal`` (made once: keys are slow)."""
    credentials = open_portal(portal, {"alipay"})
    (home / "credentials").mkdir(parents=True, exist_ok=True)
    if not (home / "credentials" / "alipay").exists():
        (home / "credentials" / "alipay").symlink_to(portal / "credentials" / "alipay")
    clock = StillClock()
    notices = NoticeScheduler(clock, Shelf(home / "notices.sqlite3"))
    context = SandboxContext(home, clock, credentials, notices, {})
    client = Client(build(context))

    def transport(body: bytes) -> bytes:
        form = "application/x-www-form-urlencoded;charset=utf-8"
        return client.post("/gateway.do", data=body, content_type=form).get_data()

    merchants = {entry["account"]: PlainMerchant(transport, entry, clock) for entry in credentials["alipay"]["apps"]}
    return AlipayDesk(client, clock, merchants, notices, context)


def change(name: str, value: str | None) -> Any:
    """A change of one parameter after signing."""

    def apply(parameters: dict[str, str]) -> dict[str, str]:
        changed = {key: given for key, given in parameters.items() if key != name}
        return changed if value is None else changed | {name: value}

    return apply


def parse(raw: bytes) -> dict[str, Any]:
    """The whole answer."""
    answer = json.loads(raw)
    assert isinstance(answer, dict)
    return answer
