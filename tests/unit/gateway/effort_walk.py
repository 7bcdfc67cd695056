"""A citizen who walks through a service click by click, at the public app or the web door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from services.effort import EffortLine, Sort, When, label_at
from services.mapping import ServiceMapping
from services.model import PlatformName
from tests.fakes import FakeBill, load_catalogue
from tests.unit.gateway.fakes_edge import build_city

HOUSEHOLD = {"service": "gas-bill", "household_no": "10086001"}
SHIPPED = load_catalogue().services
GAS = SHIPPED["gas-bill"]
Send = Callable[..., Any]
Acts = Mapping[str, Callable[["Walk"], Any]]


@dataclass
class Walk:
    """Somebody on the way through a service. ``known``: what replies have shown; a request that cannot be sent yet ends the walk."""

    send: Send
    token: str
    known: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: object = None, *, key: bool = False, **more: Any) -> Any:
        """One request; a refusal ends the walk."""
        headers = {"Idempotency-Key": uuid4().hex} if key else {}
        answer = self.send(method, path, body, token=self.token, headers=headers, **more)
        if answer.status >= 400:
            raise StoppedError(f"{method} {path}: {answer.status}")
        return answer.json if answer.body else None

    def go(self, clicks: list[EffortLine], acts: Acts) -> bool:
        """Click after click; whether the result was reached."""
        try:
            for line in clicks:
                acts[line.request or line.code](self)
        except (StoppedError, KeyError):
            return False
        return bool(self.known.get("done"))


class StoppedError(Exception):
    """The counter did not go along."""


def list_clicks(mapping: ServiceMapping, door: str, *, asked: bool = True) -> list[EffortLine]:
    """The clicks of a label that send something, in its order, without who somebody is."""
    lines = label_at(mapping, door).lines
    sent = [one for one in lines if one.sort is Sort.CLICK and one.count and one.when is not When.KNOWN]
    return [one for one in sent if one.request or one.code == "till"] if asked else sent


def walk_and_leave_out(begin: Callable[[], Walk], clicks: list[EffortLine], acts: Acts) -> None:
    """All clicks lead to the result; with any of them left out there is none."""
    assert begin().go(clicks, acts)
    for at in range(len(clicks)):
        assert not begin().go([*clicks[:at], *clicks[at + 1 :]], acts), f"not needed: {clicks[at].code}"


# A bill: seen masked, bound, ordered, paid in the till.


def see_holder(walk: Walk) -> None:
    walk.known["holder"] = walk.ask("POST", "/v1/households/lookup", HOUSEHOLD)["holder_name_masked"]


def bind(walk: Walk) -> None:
    """Nobody confirms a holder whom they did not see."""
    assert walk.known["holder"].startswith("*")
    walk.known["household"] = walk.ask("POST", "/v1/households", HOUSEHOLD)["household_id"]


def order(walk: Walk) -> None:
    """The bills are shown without a click: they belong to the screen that follows."""
    household = walk.known["household"]
    bill = walk.ask("GET", f"/v1/households/{household}/bills")["bills"][0]
    body = {"household_id": household, "bill_ref": bill["bill_ref"], "amount_fen": bill["amount_fen"]}
    walk.known["till"] = walk.ask("POST", "/v1/payments", body, key=True)["client_parameters"]


def confirm(walk: Walk) -> None:
    """The payer confirms in the platform's till what was ordered."""
    assert walk.known["till"]
    shop = walk.known["shop"]
    walk.known["done"] = shop.pay(list(shop.orders)[-1])


BILL_ACTS: Acts = {
    "POST /v1/households/lookup": see_holder, "POST /v1/households": bind, "POST /v1/payments": order, "till": confirm,
}  # fmt: skip


def owe(platform: PlatformName = PlatformName.WECHAT) -> Walk:
    """Somebody with a proven telephone and one bill."""
    city = build_city()
    company = city.back_ends["gas-bill"]
    company.households["10086001"] = ("王小明", "北京市朝阳区1号")
    company.bills["G-1"] = FakeBill("10086001", 8640)
    token = city.log_in(platform)
    assert city.send("POST", "/v1/identity/phone", {"evidence": "13800138001"}, token=token).status == 200
    return Walk(city.send, token, {"city": city, "shop": city.platforms[platform]})
