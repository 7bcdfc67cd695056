"""The sandbox's frame: shelf, behaviours, credentials, restart, and the command that starts it alone."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from adapters.sandbox.behaviour import BehaviourRefused, Behaviours
from adapters.sandbox.notices import DressedNotice, post_notice
from adapters.sandbox.portal import open_portal
from adapters.sandbox.serving import SandboxInUse, start_sandbox
from adapters.sandbox.shelf import Shelf
from tests.peers.wechat_merchant import PlainMerchant, StillClock, control, notice_desk, wait_until

ROOT = Path(__file__).resolve().parents[4]


def test_a_change_is_whole_or_nothing(tmp_path: Path) -> None:
    """An exception inside a change takes all its writes back, also those of a change inside it."""
    shelf = Shelf(tmp_path / "s.sqlite3")

    def fail_late() -> None:
        with shelf.change():
            shelf.put("a", "1", {"n": 1})
            with shelf.change():
                shelf.put("a", "2", {"n": 2})
            raise KeyError

    with pytest.raises(KeyError):
        fail_late()
    assert shelf.all("a") == []
    shelf.close()


def test_a_change_excludes_other_threads(tmp_path: Path) -> None:
    """Read and write inside a change are one step: no increment is lost."""
    shelf = Shelf(tmp_path / "s.sqlite3")

    def count() -> None:
        for _ in range(50):
            with shelf.change():
                now = shelf.get("c", "n") or {"n": 0}
                shelf.put("c", "n", {"n": now["n"] + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shelf.get("c", "n") == {"n": 200}
    shelf.close()


def test_order_on_the_shelf_is_by_first_storing(tmp_path: Path) -> None:
    """Replacing a document does not move it."""
    shelf = Shelf(tmp_path / "s.sqlite3")
    for key in ("x", "y", "x"):
        shelf.put("k", key, {"key": key})
    assert [one["key"] for one in shelf.all("k")] == ["x", "y"]
    shelf.close()


def test_each_arranged_time_is_taken_once() -> None:
    """Threads that ask at once share the arranged times; an unknown word is refused."""
    behaviours = Behaviours({"order": frozenset({"own"})})
    behaviours.arrange("order", "own", 100)
    taken: list[object] = []

    def take() -> None:
        taken.extend(one for _ in range(50) if (one := behaviours.take("order")))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 100
    with pytest.raises(BehaviourRefused):
        behaviours.arrange("query", "own")


def test_credentials_are_made_once_and_are_private(tmp_path: Path) -> None:
    """A second start finds the same; every file has mode 0600; the platforms' own keys stand in no document."""
    first = open_portal(tmp_path, {"wechat", "alipay", "gas", "water", "register"})
    assert open_portal(tmp_path, {"wechat"}) == first
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    text = (tmp_path / "credentials.json").read_text()
    assert not [name for name in ("platform_current", "public_key_owner", "alipay_key.pem") if name in text]


def test_credentials_grow_when_an_emulator_is_added(tmp_path: Path) -> None:
    """Starting more emulators later keeps what the first ones got."""
    wechat = open_portal(tmp_path, {"wechat"})["wechat"]
    both = open_portal(tmp_path, {"wechat", "gas"})
    assert both["wechat"] == wechat
    assert set(both) == {"wechat", "gas"}


def test_a_restart_keeps_orders_ports_and_open_notices(tmp_path: Path) -> None:
    """Orders are there again under the same address, and a notice that nobody acknowledged is sent on."""
    clock = StillClock()
    with notice_desk() as desk:
        desk.say = 500
        running = start_sandbox(tmp_path, only={"wechat"}, clock=clock)
        merchant = PlainMerchant(running, "water-wechat", clock.now)
        merchant.order("RESTART1", 100, desk.url)
        merchant.pay_directly("RESTART1")
        desk.wait_for(1)
        wait_until(lambda: control(merchant.url, "/_sandbox/notices")[0]["attempt"] == 1)
        running.stop()
        clock.advance(15)
        again = start_sandbox(tmp_path, only={"wechat"}, clock=clock)
        try:
            assert again.addresses == running.addresses
            assert merchant.query("RESTART1").json["trade_state"] == "SUCCESS"
            assert merchant.decrypt(desk.wait_for(2)[1].body)["out_trade_no"] == "RESTART1"
        finally:
            again.stop()


def test_a_home_serves_one_sandbox_at_a_time(tmp_path: Path) -> None:
    """Two would send each notice twice; the home is free again after a stop, and after a failed start."""
    clock = StillClock()
    running = start_sandbox(tmp_path, only={"wechat"}, clock=clock)
    with pytest.raises(SandboxInUse):
        start_sandbox(tmp_path, only={"wechat"}, clock=clock)
    port = int(running.addresses["wechat"].rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        start_sandbox(tmp_path / "other", only={"wechat"}, ports={"wechat": port}, clock=clock)
    running.stop()
    for home in (tmp_path, tmp_path / "other"):
        start_sandbox(home, only={"wechat"}, clock=clock).stop()


def test_unknown_emulators_are_refused(tmp_path: Path) -> None:
    """A misspelt name starts nothing."""
    with pytest.raises(ValueError, match="no such emulator"):
        start_sandbox(tmp_path, only={"wechat", "weixin"}, clock=StillClock())


def test_a_notice_to_nobody_is_no_answer() -> None:
    """A refused connection is status 0, not an exception."""
    assert post_notice("http://127.0.0.1:9/x", DressedNotice({}, b"")).status == 0


def test_the_command_alone_needs_no_database_and_stops_on_a_signal(tmp_path: Path) -> None:
    """Sandbox run prints addresses and two examples, imports no driver, and ends with status 0 on SIGTERM."""
    command = [sys.executable, "-W", "error", "-m", "gateway", "sandbox", "run", "--home", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_until((tmp_path / "addresses.json").exists, 20)
        addresses = json.loads((tmp_path / "addresses.json").read_text())
        assert set(addresses) == {"wechat", "alipay"}
        assert control(addresses["wechat"], "/_sandbox/orders") == []
        assert process.stderr is not None
        assert "Ctrl-C" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0
    assert addresses["wechat"] in out
    assert "from wechatpayv3 import" in out
    assert "alipay.AliPay(" in out


def test_the_command_imports_no_room_of_the_database() -> None:
    """The group can be imported where no driver is installed."""
    code = (
        "import sys, gateway.cli.sandbox;"
        "print([n for n in sys.modules if n.split('.')[0] in"
        " {'sqlalchemy', 'psycopg', 'alembic', 'procrastinate', 'redis', 'flask'}"
        " or n.startswith(('adapters.stores', 'adapters.platforms'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
