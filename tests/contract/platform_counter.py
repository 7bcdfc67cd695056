"""Both platforms' adapters beside the sandbox, with a ledger and a letter box: what the contract tests of platforms share."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import requests

from adapters.clock import SystemClock
from adapters.http import HttpClient
from adapters.platforms.alipay import AlipayPlatform
from adapters.platforms.context import PlatformContext
from adapters.platforms.door import Door
from adapters.platforms.keys import KeyRing
from adapters.platforms.wechat import WeChatPlatform
from adapters.sandbox.serving import RunningSandbox, start_sandbox
from adapters.secrets import FileSecrets
from gateway.launch.accounts import make_accounts
from services.errors import NoticeRefused
from services.exposure import Disclosure
from services.login_messages import PHRASES
from services.mapping import disclose
from services.model import MerchantAccount, MerchantMode, Notice, Order, PlacedOrder, PlatformApp, PlatformName
from services.ports import Platform
from tests.fakes import FakeExposureLog, FakeTokens, load_catalogue

DESCRIPTION = "公共服务缴费"
ACCOUNTS = ["gas-wechat", "water-wechat", "gas-alipay", "water-alipay"]
AGENCY = UUID(int=7)


@dataclass
class Counter:
    """The adapters beside the sandbox, with a ledger that can be read."""

    sandbox: RunningSandbox
    platforms: dict[PlatformName, Platform]
    apps: dict[PlatformName, PlatformApp]
    merchants: dict[str, MerchantAccount]
    log: FakeExposureLog
    tokens: FakeTokens
    box: LetterBox
    context: PlatformContext
    allowed: set[str]

    def parts(self, account: str) -> tuple[Platform, PlatformApp, MerchantAccount]:
        merchant = self.merchants[account]
        return self.platforms[merchant.platform], self.apps[merchant.platform], merchant

    def control(self, platform: PlatformName, path: str, **content: Any) -> Any:
        url = f"{self.sandbox.addresses[platform]}/_sandbox/{path}"
        answer = requests.post(url, json=content, timeout=10)
        assert answer.ok, answer.text
        return answer.json()


def explain(platform: PlatformName, purpose: str, room: str = "gas-bill", account: str = "") -> Disclosure:
    catalogue = load_catalogue()
    what = catalogue.service(room) if room.endswith("bill") else catalogue.room(room)
    return disclose(
        what, platform=platform, agency_id=AGENCY, account=account or room, purpose=purpose, request_id=str(uuid4())
    )


class LetterBox:
    """Where notices arrive: each is read by the adapter of the account that its address names, and answered accordingly."""

    def __init__(self) -> None:
        self.counter: Counter | None = None
        self.letters: list[tuple[str, Mapping[str, str], bytes]] = []
        self.notices: list[Notice] = []
        self.reasons: list[str] = []
        box = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = box.take(self.path, dict(self.headers.items()), body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self.server.server_port}/v1/notices"
        threading.Thread(target=self.server.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}).start()

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Read one letter as the account in its address would."""
        account = path.partition("?")[0].rpartition("/")[2]
        assert self.counter is not None
        platform, _, merchant = self.counter.parts(account)
        self.letters.append((account, headers, body))
        try:
            notice, names = platform.read_notice(merchant, headers, body, SystemClock().now())
        except NoticeRefused as refused:
            self.reasons.append(refused.reason)
            return 400, b"fail"
        assert "unlisted" not in names
        self.notices.append(notice)
        return 200, b"success"

    def wait_for(self, order_no: str, kind: str = "trade") -> Notice:
        """The notice about an order, when it has come."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            for notice in self.notices:
                evidence = notice.trade if kind == "trade" else notice.refund
                if evidence is not None and evidence.order_no == order_no:
                    return notice
            time.sleep(0.05)
        raise AssertionError(f"no {kind} notice came; refused: {self.reasons}")

    def stop(self) -> None:
        """Close the letter box."""
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def open_counter(home: Path) -> Iterator[Counter]:
    """A sandbox, the adapters beside it, and a letter box for its notices."""
    clock, box = SystemClock(), LetterBox()
    sandbox = start_sandbox(home / "sandbox", clock=clock)
    try:
        box.counter = build_counter(sandbox, home / "secrets", clock, box)
        yield box.counter
    finally:
        sandbox.stop()
        box.stop()


def build_counter(sandbox: RunningSandbox, folder: Path, clock: SystemClock, box: LetterBox) -> Counter:
    document = make_accounts(sandbox.credentials, sandbox.bindings, sandbox.addresses, folder)
    apps = {PlatformName(row["platform"]): make_app(row) for row in document["apps"]}
    merchants = {row["account"]: make_merchant(row) for row in document["merchants"]}
    log, tokens = FakeExposureLog(), FakeTokens()
    allowed = {sandbox.addresses[name] for name in ("wechat", "alipay")}
    http = HttpClient(lambda _: allowed, 1.5)
    make = partial(
        PlatformContext,
        door=Door(http, log),
        keys=KeyRing(FileSecrets(folder)),
        clock=clock,
        notice_root=box.root,
        phrases=lambda: {DESCRIPTION, *PHRASES},
        random_bytes=secrets.token_bytes,
    )
    wechat = make(disclose_keys=partial(explain_keys, PlatformName.WECHAT))
    alipay = make(disclose_keys=partial(explain_keys, PlatformName.ALIPAY))
    platforms: dict[PlatformName, Platform] = {
        PlatformName.WECHAT: WeChatPlatform(wechat, tokens),
        PlatformName.ALIPAY: AlipayPlatform(alipay),
    }
    return Counter(sandbox, platforms, apps, merchants, log, tokens, box, wechat, allowed)


def explain_keys(platform: PlatformName, agency_id: UUID, account: str) -> Disclosure:
    return explain(platform, "exchange_keys", "platform-keys", account)


def make_app(row: dict[str, Any]) -> PlatformApp:
    return PlatformApp(
        AGENCY, row["app"], PlatformName(row["platform"]), row["app_id"], row["api_url"], row["secrets"], row["options"]
    )


def make_merchant(row: dict[str, Any]) -> MerchantAccount:
    return MerchantAccount(
        AGENCY,
        row["account"],
        PlatformName(row["platform"]),
        row["app_id"],
        row["merchant_id"],
        MerchantMode(row["mode"]),
        row["pay_url"],
        row["sub_merchant_id"],
        row["payee"],
        row["secrets"],
        row["options"],
    )


def log_in(counter: Counter, platform: PlatformName, user: str = "citizen") -> str:
    app = counter.apps[platform]
    code = counter.control(platform, "phone/login", app_id=app.app_id, user=user)["code"]
    told = explain(platform, "sign_in", "sign-in")
    return counter.platforms[platform].identify(app, code, told).user_id


def make_order(counter: Counter, account: str, **changes: Any) -> Order:
    merchant = counter.merchants[account]
    now = SystemClock().now()
    values: dict[str, Any] = {
        "order_no": secrets.token_hex(16),
        "description": DESCRIPTION,
        "amount_fen": 8640,
        "user_id": log_in(counter, merchant.platform),
        "expires_at": now + timedelta(minutes=15),
        "notify_url": f"{counter.box.root}/{account}",
        "created_at": now,
    }
    return Order(**(values | changes))


def pay(counter: Counter, account: str, order: Order, parameters: Any) -> None:
    platform, app, _ = counter.parts(account)
    if platform.name is PlatformName.WECHAT:
        answer = counter.control(
            PlatformName.WECHAT, "phone/pay", app_id=app.app_id, user="citizen", parameters=dict(parameters)
        )
        assert answer["result"] == "requestPayment:ok"
    else:
        answer = counter.control(PlatformName.ALIPAY, "phone/pay", user="citizen", tradeNO=parameters["tradeNO"])
        assert answer["resultCode"] == "9000"


def place(counter: Counter, account: str, order: Order) -> PlacedOrder:
    """Place an order for the bill of a service."""
    platform, app, merchant = counter.parts(account)
    return platform.place_order(app, merchant, order, explain(platform.name, "pay_bill"))


def misbehave(counter: Counter, account: str, operation: str, behaviour: str, **more: Any) -> None:
    """Arrange how the platform answers next."""
    name = counter.merchants[account].platform
    counter.control(name, "control/behaviour", operation=operation, behaviour=behaviour, **more)
