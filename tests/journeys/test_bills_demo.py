"""The bills demo, as its own process: what it prints, what it writes, that it holds on every store it may run on."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.launch.places import ROOT
from tests.loopback_only import find_prefix
from tests.plugin_packages import find_debian_postgres

SECONDS = 120
INTERFACES = "interfaces"
"""Beside the folder of the demo: what network it had."""


def run_demo(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, before: Sequence[str] = ()
) -> str:
    """Run ``python -m gateway demo`` to its end; its standard output. A status other than 0 fails the test."""
    done = subprocess.run(
        [*before, sys.executable, "-m", "gateway", "demo", "--home", str(folder), "--journey", "bills", *arguments],
        cwd=ROOT, env=dict(environment or os.environ), capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def read_lines(file: Path) -> list[dict[str, Any]]:
    """JSON documents, one a line."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """One run of the demo on the embedded store, without any network where the kernel can do that: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    alone = find_prefix()
    return folder, run_demo(folder, before=[*alone, str(folder.with_name(INTERFACES))] if alone else ())


def test_the_whole_journey_needs_loopback_only(demo: tuple[Path, str]) -> None:
    """Both payments go from the phone to the companies' books in a network namespace that has nothing but loopback."""
    if find_prefix() is None:
        pytest.skip("the kernel gives no network namespace")
    assert demo[0].with_name(INTERFACES).read_text("utf-8") == "lo"


def test_both_payments_are_written_off(demo: tuple[Path, str]) -> None:
    """Every step held, both payments are written off, each with the payee's own reference."""
    report = json.loads((demo[0] / "report.json").read_text("utf-8"))
    assert [(j["name"], j["platform"]) for j in report["journeys"]] == [
        ("gas-bill", "wechat"),
        ("water-bill", "alipay"),
    ]
    for journey in report["journeys"]:
        assert set(journey) == {
            "name", "platform", "steps", "payment_state", "write_off_reference", "exposure_records",
        }  # fmt: skip
        assert journey["steps"]
        assert all(set(step) == {"name", "ok", "seconds"} and step["ok"] is True for step in journey["steps"])
        assert journey["payment_state"] == "written_off"
        assert journey["write_off_reference"]
        assert journey["exposure_records"] > 0


def test_the_companies_books_hold_exactly_these(demo: tuple[Path, str]) -> None:
    """One write-off each, under the reference that the receipt named."""
    report = json.loads((demo[0] / "report.json").read_text("utf-8"))
    books = read_lines(demo[0] / "utility.jsonl")
    assert all(set(entry) == {"reference", "amount_fen"} and type(entry["amount_fen"]) is int for entry in books)
    assert sorted(e["reference"] for e in books) == sorted(j["write_off_reference"] for j in report["journeys"])


def test_received_bytes_and_ledger_match_one_to_one(demo: tuple[Path, str]) -> None:
    """Computed here again from the two files alone: every request has one record, every record one request."""
    received = read_lines(demo[0] / "received.jsonl")
    ledger = read_lines(demo[0] / "ledger.jsonl")
    assert all(set(line) == {"platform", "at", "method", "target", "body"} for line in received)
    assert all(set(line) == {"direction", "platform", "service", "fields", "digest", "salt"} for line in ledger)
    waiting = [line for line in ledger if line["direction"] == "sent_to_server"]
    for request in received:
        content = f"{request['method']} {request['target']}\n".encode() + base64.b64decode(request["body"])
        fitting = [
            line for line in waiting
            if line["platform"] == request["platform"]
            and hmac.new(bytes.fromhex(line["salt"]), content, hashlib.sha256).hexdigest() == line["digest"]
        ]  # fmt: skip
        assert len(fitting) == 1, request["target"].split("?")[0]
        waiting.remove(fitting[0])
    assert waiting == []
    assert {line["platform"] for line in received} == {"wechat", "alipay"}


def test_each_salt_is_used_once(demo: tuple[Path, str]) -> None:
    """32 random bytes of its own for every record."""
    salts = [line["salt"] for line in read_lines(demo[0] / "ledger.jsonl")]
    assert len(set(salts)) == len(salts)
    assert {len(salt) for salt in salts} == {64}


def test_everything_in_the_ledger_has_a_name(demo: tuple[Path, str]) -> None:
    """Nothing that was typed, sent, told or shown counts as unlisted, the phone evidence of both platforms included."""
    ledger = read_lines(demo[0] / "ledger.jsonl")
    assert [line for line in ledger if "unlisted" in line["fields"]] == []
    typed = [
        line["platform"]
        for line in ledger
        if line["fields"] == ["phone_code"] and line["direction"] == "entered_in_client"
    ]
    assert sorted(typed) == ["alipay", "wechat"]


def test_it_says_what_the_platform_saw(demo: tuple[Path, str]) -> None:
    """Each step is followed by the fields in the citizen's words, all four directions among them."""
    for words in (
        "our servers sent",
        "told us",
        "was shown in the app",
        "was typed into the app",
        "一次性登录凭证",
        "金额",
    ):
        assert words in demo[1]


def test_nothing_personal_reached_a_platform(demo: tuple[Path, str]) -> None:
    """No name, address, identity or household number in any byte that a platform's server received."""
    for line in read_lines(demo[0] / "received.jsonl"):
        seen = line["target"].encode() + base64.b64decode(line["body"])
        for value in ("王小明", "李秀英", "10086001", "20086001", "110101199003070011", "13800138001"):
            assert value.encode() not in seen
            assert value.encode("unicode_escape") not in seen


def test_it_says_that_no_canary_got_out(demo: tuple[Path, str]) -> None:
    """Canaries of every office were looked for in a number of bytes, after both sides were compared."""
    found = re.search(r"(\d+) canaries of (\d+) back ends searched for in (\d+) bytes: none found", demo[1])
    assert found is not None
    canaries, back_ends, octets = map(int, found.groups())
    assert canaries > 100
    assert back_ends > 15
    assert octets > 10_000
    assert "they match one to one, byte for byte" in demo[1]


def test_nothing_that_it_wrote_is_for_other_people(demo: tuple[Path, str]) -> None:
    """Data, keys, logs and evidence have no mode for group or others; a link has no mode of its own."""
    found = ["find", str(demo[0]), "-mindepth", "1", "!", "-type", "l", "-perm", "/077"]
    assert subprocess.run(found, check=True, capture_output=True, text=True).stdout == ""


def test_nothing_is_left_running(demo: tuple[Path, str]) -> None:
    """After the demo no process of it lives and its home is free."""
    assert not (demo[0] / "home" / "run" / "state.json").exists()
    marks = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(demo[0]).encode() in _read(path)]
    assert marks == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_it_runs_without_redis_on_the_path(tmp_path: Path) -> None:
    """Where no redis-server is installed, the stand-in serves, and says so."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        for tool in Path(folder).glob("*") if Path(folder).is_dir() else ():
            if tool.name != "redis-server" and not os.path.lexists(tools / tool.name):
                (tools / tool.name).symlink_to(tool)
    run_demo(tmp_path / "demo", environment=os.environ | {"PATH": str(tools)})


@pytest.mark.postgres15
def test_it_runs_on_debian_s_postgresql(tmp_path: Path) -> None:
    """The store needs nothing that PostgreSQL 15 does not have."""
    binaries = find_debian_postgres()
    assert binaries is not None
    run_demo(tmp_path / "demo", "--postgres", str(binaries))


def test_a_run_serves_until_ctrl_c_and_keeps_the_data(tmp_path: Path) -> None:
    """`run` writes its state, ends on SIGINT with nothing left, and a second one pays again on the same store."""
    for _ in range(2):
        log = tmp_path / "run.log"
        with log.open("w") as out, subprocess.Popen(
            [sys.executable, "-m", "gateway", "run", "--home", str(tmp_path / "home")], cwd=ROOT, stdout=out, stderr=out
        ) as running:  # fmt: skip
            try:
                await_text(log, "Ctrl-C stops all of it", running)
                state = json.loads((tmp_path / "home" / "run" / "state.json").read_text("utf-8"))
            finally:
                running.send_signal(signal.SIGINT)
            assert running.wait(30) == 0, log.read_text("utf-8")[-3000:]
        assert "Both bills are paid." in log.read_text("utf-8"), log.read_text("utf-8")[-3000:]
        assert set(state) == {
            "public_url", "web_url", "console_url", "operations_url", "wechat_sandbox_url", "alipay_sandbox_url", "backends",
            "database_url", "registries_url", "redis_url", "pids",
        }  # fmt: skip
        assert [name for name, pid in state["pids"].items() if runs(pid)] == []


def runs(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for yet does not."""
    stat = _read(Path(f"/proc/{pid}/stat"))
    return bool(stat) and stat.rpartition(b")")[2].split()[0] != b"Z"


def await_text(file: Path, text: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a file holds a text; fails if the process ends before."""
    deadline = time.monotonic() + SECONDS
    while text not in file.read_text("utf-8"):
        assert process.poll() is None, file.read_text("utf-8")[-4000:]
        assert time.monotonic() < deadline, file.read_text("utf-8")[-4000:]
        time.sleep(0.1)
