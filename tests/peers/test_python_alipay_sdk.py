"""The PyPI package python-alipay-sdk as a client of the emulated Alipay, over real sockets, in both modes."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import pytest
from alipay import AliPay, DCAliPay
from alipay.exceptions import AliPayException

from adapters.clock import SystemClock
from adapters.sandbox.serving import RunningSandbox, start_sandbox
from tests.alipay_merchant import NoticeDesk, control

pytestmark = [
    pytest.mark.peers,
    # The SDK reads certificates with calls that pyOpenSSL deprecates.
    pytest.mark.filterwarnings("ignore:.*is deprecated. You should use cryptography:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = start_sandbox(tmp_path_factory.mktemp("peers"), only={"alipay"}, clock=SystemClock())
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def beijing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The SDK writes local time where the platform expects Beijing's."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def desk() -> Iterator[NoticeDesk]:
    running = NoticeDesk()
    yield running
    running.stop()


def entry_of(sandbox: RunningSandbox, account: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in sandbox.credentials["alipay"]["apps"] if one["account"] == account)
    return found


@pytest.fixture(params=["key", "certificate"])
def client(request: pytest.FixtureRequest, sandbox: RunningSandbox, desk: NoticeDesk) -> Any:
    if request.param == "key":
        entry = entry_of(sandbox, "gas-alipay")
        made = AliPay(
            appid=entry["app_id"],
            app_notify_url=desk.url,
            app_private_key_string=Path(entry["private_key_file"]).read_text(),
            alipay_public_key_string=Path(entry["alipay_public_key_file"]).read_text(),
        )
    else:
        entry = entry_of(sandbox, "water-alipay")
        made = DCAliPay(
            appid=entry["app_id"],
            app_notify_url=desk.url,
            app_private_key_string=Path(entry["private_key_file"]).read_text(),
            app_public_key_cert_string=Path(entry["app_certificate_file"]).read_text(),
            alipay_public_key_cert_string=Path(entry["alipay_certificate_file"]).read_text(),
            alipay_root_cert_string=Path(entry["root_certificate_file"]).read_text(),
        )
    made._gateway = sandbox.addresses["alipay"] + "/gateway.do"
    made.seller_id = entry["seller_id"]
    return made


def introduce(sandbox: RunningSandbox, client: Any, user: str) -> str:
    answer = control(sandbox.addresses["alipay"], "/_sandbox/control/people", {"app_id": client.appid, "user": user})
    return str(answer["open_id"])


def order(
    sandbox: RunningSandbox, client: Any, amount: str = "86.40", subject: str = '燃气费 "10月"/第1期'
) -> tuple[str, str]:
    number = f"P{uuid4().hex}"
    made = client.api_alipay_trade_create(
        out_trade_no=number,
        total_amount=amount,
        subject=subject,
        buyer_open_id=introduce(sandbox, client, "peer"),
        seller_id=client.seller_id,
        product_code="JSAPI_PAY",
        op_app_id=client.appid,
    )
    assert made["code"] == "10000"
    return number, made["trade_no"]


def pay(sandbox: RunningSandbox, trade_no: str, user: str = "peer") -> str:
    answer = control(sandbox.addresses["alipay"], "/_sandbox/phone/pay", {"user": user, "tradeNO": trade_no})
    return str(answer["resultCode"])


def test_pays_queries_and_verifies_the_notice(sandbox: RunningSandbox, client: Any, desk: NoticeDesk) -> None:
    """A peer's SDK places an order, sees it paid, and accepts the signed notice."""
    number, trade_no = order(sandbox, client)
    assert client.api_alipay_trade_query(out_trade_no=number)["trade_status"] == "WAIT_BUYER_PAY"
    assert pay(sandbox, trade_no) == "9000"
    found = client.api_alipay_trade_query(out_trade_no=number)
    assert (found["trade_status"], found["total_amount"], found["trade_no"]) == ("TRADE_SUCCESS", "86.40", trade_no)
    notice = dict(desk.wait_for(1)[0])
    assert client.verify(notice, notice.pop("sign"))
    assert (notice["out_trade_no"], notice["total_amount"], notice["seller_id"]) == (number, "86.40", client.seller_id)
    notice["total_amount"] = "0.01"
    assert not client.verify(notice, desk.received[0]["sign"])


def test_closes_an_unpaid_order(sandbox: RunningSandbox, client: Any) -> None:
    """A peer's SDK closes an order; then nobody can pay it."""
    number, trade_no = order(sandbox, client)
    assert client.api_alipay_trade_close(out_trade_no=number)["trade_no"] == trade_no
    assert client.api_alipay_trade_query(out_trade_no=number)["trade_status"] == "TRADE_CLOSED"
    assert pay(sandbox, trade_no) == "4000"


def test_refunds_and_queries_the_refund(sandbox: RunningSandbox, client: Any, desk: NoticeDesk) -> None:
    """A peer's SDK refunds once however often it asks, and the refund notice verifies too."""
    number, trade_no = order(sandbox, client, "150.00")
    pay(sandbox, trade_no)
    first = client.api_alipay_trade_refund("150.00", out_trade_no=number, out_request_no="R1")
    again = client.api_alipay_trade_refund("150.00", out_trade_no=number, out_request_no="R1")
    assert (first["fund_change"], again["fund_change"], again["refund_fee"]) == ("Y", "N", "150.00")
    known = client.api_alipay_trade_fastpay_refund_query("R1", out_trade_no=number)
    assert (known["refund_status"], known["refund_amount"]) == ("REFUND_SUCCESS", "150.00")
    assert "refund_status" not in client.api_alipay_trade_fastpay_refund_query("R2", out_trade_no=number)
    notice = next(dict(one) for one in desk.wait_for(2) if "refund_fee" in one)
    assert client.verify(notice, notice.pop("sign"))
    assert (notice["refund_fee"], notice["trade_status"]) == ("150.00", "TRADE_CLOSED")


def test_an_order_that_does_not_exist_is_a_signed_no(sandbox: RunningSandbox, client: Any) -> None:
    """A business refusal is signed like an answer."""
    found = client.api_alipay_trade_query(out_trade_no="NOSUCHORDER")
    assert (found["code"], found["sub_code"]) == ("40004", "ACQ.TRADE_NOT_EXIST")


def test_exchanges_a_login_code_once(sandbox: RunningSandbox, client: Any) -> None:
    """A code gives the person's open_id once; the second time the error stands unsigned in error_response."""
    address = sandbox.addresses["alipay"]
    code = control(address, "/_sandbox/phone/login", {"app_id": client.appid, "user": "peer"})["code"]
    answer = client.server_api("alipay.system.oauth.token", grant_type="authorization_code", code=code)
    assert answer["open_id"] == introduce(sandbox, client, "peer")
    assert "code" not in answer
    with pytest.raises(AliPayException) as refused:
        client.server_api("alipay.system.oauth.token", grant_type="authorization_code", code=code)
    assert "40002" in str(refused.value)
    assert "isv.code-invalid" in str(refused.value)


def test_a_key_of_somebody_else_is_refused(sandbox: RunningSandbox, client: Any) -> None:
    """A request signed by another key is isv.invalid-signature."""
    other = AliPay(
        appid=client.appid,
        app_private_key_string=(sandbox.home / "credentials" / "alipay" / "alipay_key.pem").read_text(),
        alipay_public_key_string=Path(entry_of(sandbox, "gas-alipay")["alipay_public_key_file"]).read_text(),
    )
    other._gateway = client._gateway
    assert other.api_alipay_trade_query(out_trade_no="ANY")["sub_code"] == "isv.invalid-signature"


def test_downloads_the_certificate_that_signed(sandbox: RunningSandbox) -> None:
    """The certificate named by an answer's SN can be fetched and is the one that signed."""
    entry = entry_of(sandbox, "water-alipay")
    client = DCAliPay(
        appid=entry["app_id"],
        app_private_key_string=Path(entry["private_key_file"]).read_text(),
        app_public_key_cert_string=Path(entry["app_certificate_file"]).read_text(),
        alipay_public_key_cert_string=Path(entry["alipay_certificate_file"]).read_text(),
        alipay_root_cert_string=Path(entry["root_certificate_file"]).read_text(),
    )
    gateway = sandbox.addresses["alipay"] + "/gateway.do?"
    serial = client.get_cert_sn(Path(entry["alipay_certificate_file"]).read_text())
    with urlopen(gateway + client.api_alipay_open_app_alipaycert_download(serial)) as answer:  # noqa: S310 - loopback
        given = json.loads(answer.read())
    assert given["alipay_cert_sn"] == serial
    content = base64.b64decode(given["alipay_open_app_alipaycert_download_response"]["alipay_cert_content"]).decode()
    assert client.get_cert_sn(content) == serial
