"""PyPI's ``wechatpayv3`` pays, queries, closes, refunds and reads notices against the emulated WeChat, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

from adapters.sandbox.serving import RunningSandbox, start_sandbox
from tests.peers.wechat_merchant import NoticeDesk, RealClock, control, notice_desk, wait_until

pytestmark = pytest.mark.peers


@dataclass
class Peer:
    """One merchant that uses the SDK."""

    sdk: Any
    facts: dict[str, Any]
    url: str

    @property
    def partner(self) -> bool:
        return bool(self.facts["mode"] == "partner")

    @property
    def sub(self) -> dict[str, str]:
        return {"sub_mchid": self.facts["sub_merchant_id"]} if self.partner else {}

    def payer(self) -> dict[str, str]:
        openid = control(self.url, "/_sandbox/phone/openid?user=demo")["openid"]
        return {"sp_openid" if self.partner else "openid": openid}

    def order(self, number: str, total: int = 100, **more: Any) -> tuple[int, Any]:
        return read(
            self.sdk.pay(
                description="生活缴费", out_trade_no=number, amount={"total": total}, payer=self.payer(), **self.sub, **more
            )
        )  # fmt: skip

    def query(self, number: str) -> tuple[int, Any]:
        return read(self.sdk.query(out_trade_no=number, **self.sub))


def read(answer: tuple[int, Any]) -> tuple[int, Any]:
    """Status and parsed body of an SDK's answer."""
    code, message = answer
    return code, json.loads(message) if message else None


def open_sdk(running: RunningSandbox, facts: dict[str, Any], notify_url: str, cert_dir: Path | None) -> Any:
    """The SDK in the merchant's mode. Its certificate mode calls the platform in its constructor, so the address comes first."""
    url = running.addresses["wechat"]
    public_key = facts["platform_public_key_file"]
    arguments: dict[str, Any] = {
        "wechatpay_type": WeChatPayType.MINIPROG, "mchid": facts["merchant_id"],
        "private_key": Path(facts["private_key_file"]).read_text(), "cert_serial_no": facts["serial_no"],
        "appid": facts["app_id"], "apiv3_key": facts["api_v3_key"], "notify_url": notify_url,
        "partner_mode": facts["mode"] == "partner", "timeout": 10,
        "public_key": Path(public_key).read_text() if public_key else None, "public_key_id": facts["public_key_id"],
        "cert_dir": str(cert_dir) if cert_dir else None,
    }  # fmt: skip
    begin = Core._init_certificates
    with pytest.MonkeyPatch.context() as patch:

        def begin_here(core: Core) -> None:
            core._gate_way = url
            begin(core)

        patch.setattr(Core, "_init_certificates", begin_here)
        sdk = WeChatPay(**arguments)
    sdk._core._gate_way = url
    return sdk


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    sandbox = start_sandbox(tmp_path_factory.mktemp("wx"), only={"wechat"}, clock=RealClock())
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def desk() -> Iterator[NoticeDesk]:
    with notice_desk() as open_desk:
        yield open_desk


@pytest.fixture(params=["gas-wechat", "water-wechat"], ids=["partner-public-key", "direct-certificates"])
def peer(running: RunningSandbox, desk: NoticeDesk, request: pytest.FixtureRequest) -> Peer:
    found = running.credentials["wechat"]["merchants"]
    facts = cast("dict[str, Any]", next(one for one in found if one["account"] == request.param))
    return Peer(open_sdk(running, facts, desk.url, None), facts, running.addresses["wechat"])


@pytest.fixture
def number(peer: Peer, request: pytest.FixtureRequest) -> str:
    return f"PEER{abs(hash(request.node.name)) % 10**12}"


def test_pay_with_the_sdks_signature_and_read_its_notice(peer: Peer, number: str, desk: NoticeDesk) -> None:
    """Order, wx.requestPayment signed by the SDK, a notice that the SDK verifies and decrypts, a query that it verifies."""
    code, placed = peer.order(number, attach="附言")
    assert code == 200
    package = f"prepay_id={placed['prepay_id']}"
    parameters = {
        "timeStamp": "1795536000", "nonceStr": "ABC", "package": package, "signType": "RSA",
        "paySign": peer.sdk.sign([peer.facts["app_id"], "1795536000", "ABC", package]),
    }  # fmt: skip
    told = {"app_id": peer.facts["app_id"], "user": "demo", "parameters": parameters}
    assert control(peer.url, "/_sandbox/phone/pay", told) == {"result": "requestPayment:ok"}
    notice = read_notice(peer, desk, number)
    assert notice["event_type"] == "TRANSACTION.SUCCESS"
    assert peer.query(number) == (200, notice["resource"])
    by_id = read(peer.sdk.query(transaction_id=notice["resource"]["transaction_id"], **peer.sub))
    assert by_id == (200, notice["resource"])


def read_notice(peer: Peer, desk: NoticeDesk, number: str, event: str = "") -> dict[str, Any]:
    """The notice about an order as the SDK reads it: other merchants' notices it cannot read."""
    found: list[dict[str, Any]] = []

    def look() -> bool:
        for one in list(desk.received):
            try:
                read_one = peer.sdk.callback(one.headers, one.body)
            except ValueError:
                continue
            if read_one and read_one["resource"]["out_trade_no"] == number and event in read_one["event_type"]:
                found.append(read_one)
        return bool(found)

    wait_until(look)
    return found[0]


def test_close(peer: Peer, number: str) -> None:
    """204, then CLOSED; the SDK verifies an answer without a body, too."""
    peer.order(number)
    assert read(peer.sdk.close(out_trade_no=number, **peer.sub)) == (204, None)
    assert peer.query(number)[1]["trade_state"] == "CLOSED"


def test_refund(peer: Peer, number: str, desk: NoticeDesk) -> None:
    """Refund, its notice, its query; the same number is the same refund."""
    peer.order(number)
    control(peer.url, "/_sandbox/control/pay", {"order_no": number})
    wish = {"out_refund_no": f"R{number}", "amount": {"refund": 40, "total": 100, "currency": "CNY"}}
    code, first = read(peer.sdk.refund(out_trade_no=number, reason="试", **wish, **peer.sub))
    assert (code, first["status"]) == (200, "PROCESSING")
    assert (
        read(peer.sdk.refund(out_trade_no=number, reason="试", **wish, **peer.sub))[1]["refund_id"]
        == first["refund_id"]
    )
    notice = read_notice(peer, desk, number, "REFUND")
    assert (notice["event_type"], notice["resource"]["refund_status"]) == ("REFUND.SUCCESS", "SUCCESS")
    code, queried = read(peer.sdk.query_refund(f"R{number}", **peer.sub))
    assert (code, queried["status"], queried["amount"]["refund"]) == (200, "SUCCESS", 40)
    assert peer.query(number)[1]["trade_state"] == "REFUND"


def test_errors_reach_the_sdk(peer: Peer, number: str) -> None:
    """What the platform refuses, the SDK's user reads: status, code, message, detail."""
    code, error = peer.order(number, total=0)
    assert (code, error["code"], error["detail"]["field"]) == (400, "PARAM_ERROR", "/amount/total")
    assert peer.query("NOSUCHORDER") == (404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"})
    peer.order(number)
    code, error = peer.order(number, total=101)
    assert (code, error["message"]) == (400, "请求重入时，参数与首次请求时不一致")


@pytest.mark.parametrize("fault", ["forged_signature", "probe"])
def test_the_sdk_notices_spoiled_signatures(peer: Peer, number: str, fault: str) -> None:
    """An answer with a bad signature makes the SDK refuse it: the probe does what the platform's probes do."""
    peer.order(number)
    control(peer.url, "/_sandbox/control/behaviour", {"operation": "query", "behaviour": fault})
    with pytest.raises(Exception, match="failed to verify the signature"):
        peer.query(number)
    assert peer.query(number)[0] == 200


def test_a_rotation_of_certificates(running: RunningSandbox, desk: NoticeDesk, number: str, tmp_path: Path) -> None:
    """A client that knows one certificate only fetches the list when the other one signs."""
    facts = next(one for one in running.credentials["wechat"]["merchants"] if one["account"] == "water-wechat")
    current = running.home / "credentials" / "wechat" / "platform_current.pem"
    (tmp_path / "known.pem").write_text(current.read_text())
    peer = Peer(open_sdk(running, facts, desk.url, tmp_path), facts, running.addresses["wechat"])
    assert len(peer.sdk._core._certificates) == 1
    control(peer.url, "/_sandbox/control/behaviour", {"operation": "order", "behaviour": "next_serial"})
    assert peer.order(f"{number}R")[0] == 200
    assert len(peer.sdk._core._certificates) == 2
