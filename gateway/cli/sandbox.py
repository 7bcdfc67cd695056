"""``python -m gateway sandbox``: the emulated platforms by themselves, without PostgreSQL, Redis or any setting.

Nothing here imports the rooms of the database: whoever only wants a WeChat Pay v3 or an Alipay to test against needs this
command and nothing else. Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import click

from adapters.clock import SharedClock, SystemClock
from adapters.sandbox.office import Office, OfficeFault, load_offices
from adapters.sandbox.serving import PLATFORMS, RunningSandbox, SandboxInUse, start_sandbox


@click.group()
def sandbox() -> None:
    """Emulated platforms and the offices behind them."""


@sandbox.command()
@click.option(
    "--all", "everything", is_flag=True, help="Also the offices: companies, authorities, the register, the face check."
)
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/sandbox"),
    show_default=True,
    help="Folder of credentials, orders and evidence; kept between runs.",
)
@click.option(
    "--wechat-port", type=click.IntRange(0, 65535), default=0, help="Fixed port (default: the last one, or free)."
)
@click.option(
    "--alipay-port", type=click.IntRange(0, 65535), default=0, help="Fixed port (default: the last one, or free)."
)
@click.option(
    "--clock-file", type=click.Path(path_type=Path, dir_okay=False), help="Take the time from a shared clock file."
)
@click.option("--evidence", type=click.Path(path_type=Path, dir_okay=False), help="Keep what is received in this file.")
@click.option(
    "--offices",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder of your own with more offices: each *.py in it has an OFFICE (docs/sandbox.md).",
)
@click.option(
    "--registries-url-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="File with the owner's address of the SQL server on which some offices keep their data.",
)
def run(
    everything: bool,
    home: Path,
    wechat_port: int,
    alipay_port: int,
    clock_file: Path | None,
    evidence: Path | None,
    offices: Path | None,
    registries_url_file: Path | None,
) -> None:
    """Start WeChat Pay v3 and Alipay on the loopback address; Ctrl-C stops them, a second run keeps the data."""
    os.umask(0o077)
    more = _load_offices(offices)
    clock = SharedClock(clock_file) if clock_file else SystemClock()
    stop = _catch_signals()
    try:
        running = start_sandbox(
            home.resolve(),
            only=None if everything else {*PLATFORMS, *more},
            ports={"wechat": wechat_port, "alipay": alipay_port},
            clock=clock,
            evidence_file=evidence.resolve() if evidence else None,
            offices=more,
            registries_url=registries_url_file.read_text("utf-8").strip() if registries_url_file else "",
        )
    except OSError as error:
        raise click.ClickException(f"cannot start: {error.strerror}") from error
    except SandboxInUse as error:
        raise click.ClickException(str(error)) from error
    click.echo(describe(running))
    click.echo("Ctrl-C stops the sandbox.", err=True)
    stop.wait()
    running.stop()


def _load_offices(folder: Path | None) -> Mapping[str, Office]:
    try:
        return load_offices(folder.resolve()) if folder else {}
    except OfficeFault as fault:
        raise click.ClickException(str(fault)) from fault


def _catch_signals() -> threading.Event:
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    return stop


def describe(running: RunningSandbox) -> str:
    """Addresses, where the credentials are, and an example for each platform's SDK."""
    addresses = [f"  {name:<9} {url}" for name, url in running.addresses.items()]
    file = running.home / "credentials.json"
    parts = [
        "The sandbox is listening:",
        *addresses,
        f"Credentials: {file}",
        "Magic values and control: docs/sandbox.md",
    ]
    return "\n".join([*parts, "", show_wechat_example(running), "", show_alipay_example(running)])


def show_wechat_example(running: RunningSandbox) -> str:
    """A program for PyPI's ``wechatpayv3`` that orders, pays as a citizen would, and queries."""
    return f"""# pip install wechatpayv3
import json, requests, time; from wechatpayv3 import WeChatPay, WeChatPayType
url, known = "{running.addresses["wechat"]}", json.load(open("{running.home}/credentials.json"))
m = next(one for one in known["wechat"]["merchants"] if one["mode"] == "partner" and one["public_key_id"])
pay = WeChatPay(WeChatPayType.MINIPROG, m["merchant_id"], open(m["private_key_file"]).read(), m["serial_no"], m["app_id"], m["api_v3_key"],
                "http://127.0.0.1:9000/", partner_mode=True, public_key_id=m["public_key_id"], public_key=open(m["platform_public_key_file"]).read())
pay._core._gate_way = url
number, payer = f"T{{time.time_ns()}}", requests.get(f"{{url}}/_sandbox/phone/openid?user=demo").json()["openid"]
print(pay.pay("a bill", number, {{"total": 100}}, {{"sp_openid": payer}}, sub_mchid=m["sub_merchant_id"]))
requests.post(f"{{url}}/_sandbox/control/pay", json={{"order_no": number}})
print(pay.query(out_trade_no=number, sub_mchid=m["sub_merchant_id"]))"""


def show_alipay_example(running: RunningSandbox) -> str:
    """A program for PyPI's ``python-alipay-sdk`` that orders, pays as a citizen would, and queries."""
    return f"""# pip install python-alipay-sdk requests; the SDK writes local time and Alipay reads Beijing time, so it sets the time zone
import alipay, json, os, requests, time
os.environ["TZ"] = "CST-8"; time.tzset()
url, a = "{running.addresses["alipay"]}", json.load(open("{running.home}/credentials.json"))["alipay"]["apps"][0]
client = alipay.AliPay(a["app_id"], None, open(a["private_key_file"]).read(), open(a["alipay_public_key_file"]).read())
client._gateway = url + "/gateway.do"
number, buyer = f"T{{time.time_ns()}}", requests.post(f"{{url}}/_sandbox/control/people", json={{"app_id": a["app_id"], "user": "demo"}}).json()
order = {{"out_trade_no": number, "total_amount": "1.00", "subject": "a bill", "product_code": "JSAPI_PAY", "op_app_id": a["app_id"]}}
print(client.server_api("alipay.trade.create", order | {{f"buyer_{{name}}": value for name, value in buyer.items()}}))
requests.post(f"{{url}}/_sandbox/control/pay", json={{"order_no": number}})
print(client.api_alipay_trade_query(out_trade_no=number))"""
